#include "directory/postgres_source.h"

#include <algorithm>
#include <random>
#include <utility>

#include "directory/postgres_tables.h"
#include "net/back_off.h"

namespace exota::directory {
namespace {

constexpr std::size_t most_gathered = 100'000;          // payloads of one batch; more: everything is read
constexpr std::chrono::seconds look_for_acceptance{2};  // while a batch is refused
constexpr int most_readings = 4;                        // of named rows, as long as others are changed meanwhile

std::chrono::milliseconds idle_of(const PostgresSettings& settings) {
    return std::clamp<std::chrono::milliseconds>(settings.timeout * 2, std::chrono::seconds(1), PostgresSource::longest_idle);
}

}  // namespace

HeldTenants::Of held_of(const PostgresSettings& settings) {
    const std::string name = name_of(settings);
    return {.name = name, .origin = {"postgresql", identity_of(settings.conninfo), std::string(postgres_schema)}, .shrink_key = "/" + name};
}

base::Result<ServerRows> read_postgres(const PostgresSettings& settings) {
    auto connection = PostgresConnection::connect(settings, nullptr);
    if (!connection) return std::unexpected(connection.error());
    if (const auto good = check_schema(*connection); !good) return std::unexpected(good.error());
    const auto standby = is_standby(*connection);
    if (!standby) return std::unexpected(standby.error());
    auto read = read_all(*connection);
    if (!read) return std::unexpected(read.error());
    ServerRows server{*std::move(read), {}};
    if (*standby)
        server.warnings.emplace_back(
            "is a standby, which tells nobody of changes: exota serve needs the primary (target_session_attrs=read-write)");
    return server;
}

PostgresSource::PostgresSource(Options options)
    : options_(std::move(options)),
      open_tables_(options_.tables ? options_.tables(interrupt_) : postgres_tables(options_.settings, &interrupt_)),
      held_(held_of(options_.settings), options_.held, [this] { return interrupt_.is_set(); }) {}

PostgresSource::~PostgresSource() {
    interrupt_.set();
    if (thread_.joinable()) thread_.join();
}

void PostgresSource::start() {
    thread_ = std::thread([this] { run(); });
}

std::string PostgresSource::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

// --- The life of the thread ---------------------------------------------------------------------------------------------------------

void PostgresSource::run() {
    shielded([this] { restore(); });
    while (!interrupt_.is_set()) shielded([this] { live(); });
    first_.note(First::unreachable);
}

/// Whatever lacks memory, even for the words of what is wrong: the thread goes on.
template <class Work>
void PostgresSource::shielded(Work work) {
    try {
        work();
    } catch (const std::exception&) {
        held_.broke_off();
        static_cast<void>(interrupt_.wait_for(first_back_off));
    }
}

void PostgresSource::restore() {
    try {
        if (held_.restore()) first_.note_snapshot();
    } catch (const std::exception& error) {  // what is lacking may be there later
        held_.warn(options_.held.snapshot_file + " cannot be read: " + error.what());
    }
}

void PostgresSource::live() {
    std::random_device random;
    net::BackOff back_off(first_back_off, longest_back_off, [&random] { return static_cast<std::uint32_t>(random()); });
    while (!interrupt_.is_set()) {
        connected_.reset();
        schema_is_other_ = false;
        const base::Result<void> ended = serve_or_fail();
        if (interrupt_.is_set()) break;
        // One that takes us and leaves us again would be read whole ten times a second.
        if (connected_ && Clock::now() - *connected_ >= idle_of(options_.settings)) back_off.succeeded();
        {
            const std::lock_guard lock(mutex_);
            trouble_ = held_.name() + ' ' + ended.error().detail;
        }
        held_.trouble(ended.error().detail);
        first_.note(schema_is_other_ ? First::other_schema : First::unreachable);
        if (wait_out(back_off.failed(Clock::now()))) break;
    }
}

bool PostgresSource::wait_out(std::chrono::milliseconds time) {
    const auto until = Clock::now() + time;
    for (;;) {
        switch (interrupt_.wait_for(std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()))) {
            case Interrupt::Woken::for_good:
                return true;
            case Interrupt::Woken::by_time:
                return false;
            case Interrupt::Woken::by_poke:
                try {
                    use_other_settings();
                } catch (const std::exception& error) {
                    held_.cannot_use(error.what());
                }
        }
    }
}

/// No memory, no descriptor: a trouble as others, and the next try reads everything.
base::Result<void> PostgresSource::serve_or_fail() {
    try {
        use_other_settings();
        base::Result<void> ended = serve();
        held_.keep(HeldTenants::When::at_once);  // what is gone must not come back with the next start
        return ended;
    } catch (const std::exception& error) {
        held_.broke_off();
        return base::fail(base::Errc::unavailable, error.what());
    }
}

base::Result<void> PostgresSource::serve() {
    auto opened = open_tables_();
    if (!opened) {
        schema_is_other_ = opened.error().code == base::Errc::invalid_data;
        return std::unexpected(opened.error());
    }
    TenantTables& tables = **opened;
    if (const auto listening = tables.listen(); !listening) return listening;
    if (const auto read = read_everything(tables); !read) return read;
    connected_ = Clock::now();
    first_.note(First::loaded);
    return follow(tables);
}

base::Result<void> PostgresSource::follow(TenantTables& tables) {
    auto resync_at = Clock::now() + options_.settings.resync_interval;
    for (;;) {
        auto until = std::min(resync_at, Clock::now() + idle_of(options_.settings));
        if (held_.is_refused()) until = std::min(until, Clock::now() + look_for_acceptance);
        if (everything_at_) until = std::min(until, *everything_at_);
        if (const auto keep_at = held_.keep_at()) until = std::min(until, *keep_at);
        auto payloads = tables.notified(until);
        if (!payloads) return std::unexpected(payloads.error());
        use_other_settings();
        const auto now = Clock::now();
        base::Result<void> read;
        // First what is due by time: whoever never stops to tell of changes must not keep us from those that nobody told of.
        if (now >= resync_at || (everything_at_ && now >= *everything_at_) || held_.is_accepted()) {
            read = read_everything(tables);
            resync_at = Clock::now() + options_.settings.resync_interval;
        } else if (!payloads->empty()) {
            read = read_changes(tables, *std::move(payloads));
        } else {
            read = look_whether_it_is_there(tables);
        }
        if (!read) return read;
    }
}

base::Result<void> PostgresSource::look_whether_it_is_there(TenantTables& tables) {
    // Its answer comes behind every notification, so without one there is nothing new.
    if (const auto there = tables.is_there(); !there) return there;
    if (held_.is_current() && !everything_at_) held_.confirmed();
    held_.keep(HeldTenants::When::in_time);
    return {};
}

base::Result<void> PostgresSource::read_everything(TenantTables& tables) {
    everything_at_.reset();
    auto rows = tables.read_all();
    if (!rows) return std::unexpected(rows.error());
    if (held_.take_all(*std::move(rows))) served();
    return {};
}

/// Because a notification wants it.
base::Result<void> PostgresSource::ask_for_everything(TenantTables& tables) {
    const auto now = Clock::now();
    if (now < everything_may_) {
        everything_at_ = everything_may_;
        return {};
    }
    everything_may_ = now + everything_again;
    return read_everything(tables);
}

base::Result<void> PostgresSource::read_changes(TenantTables& tables, std::vector<std::string> payloads) {
    const auto gathered_at = Clock::now() + gather_time;
    while (Clock::now() < gathered_at) {
        auto more = tables.notified(gathered_at);
        if (!more) return std::unexpected(more.error());
        std::ranges::move(*more, std::back_inserter(payloads));
        if (payloads.size() > most_gathered) break;
    }
    ToRead wanted = to_read(std::move(payloads));
    // What was refused or could not be used is gone from the rows that are held: only all of them are the truth.
    wanted.everything |= !held_.is_current();
    for (int readings = 0; !wanted.everything && readings < most_readings; ++readings) {
        auto rows = tables.read_named(wanted.names);
        if (!rows) return std::unexpected(rows.error());
        // Whoever gave a name away was read; of whoever has it now we may have been told only meanwhile. All of them count at one moment.
        if (const auto answered = tables.is_there(); !answered) return answered;
        auto more = tables.notified(Clock::now());
        if (!more) return std::unexpected(more.error());
        if (more->empty()) {
            for (const TenantRow& row : *rows) std::erase(wanted.names, row.name);
            if (held_.take(*std::move(rows), wanted.names)) served();
            return {};
        }
        std::ranges::move(wanted.names, std::back_inserter(*more));
        wanted = to_read(*std::move(more));
    }
    return ask_for_everything(tables);
}

void PostgresSource::use(tenant::Defaults defaults, std::string state_directory) {
    {
        const std::lock_guard lock(mutex_);
        other_ = Other{std::move(defaults), std::move(state_directory)};
    }
    interrupt_.poke();
}

void PostgresSource::use_other_settings() {
    std::optional<Other> other;
    {
        const std::lock_guard lock(mutex_);
        other = std::exchange(other_, std::nullopt);
    }
    if (!other) return;
    try {
        held_.use(other->defaults, other->state_directory);
    } catch (const std::exception&) {  // they are wanted yet
        const std::lock_guard lock(mutex_);
        if (!other_) other_ = std::move(other);
        throw;
    }
}

/// What was read is: no start waits for the disk.
void PostgresSource::served() {
    first_.note(First::loaded);
    held_.keep(HeldTenants::When::in_time);
}

}  // namespace exota::directory
