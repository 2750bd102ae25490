#include "directory/postgres_source.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/counted.h"
#include "directory/postgres_tables.h"
#include "directory/random_key.h"
#include "net/back_off.h"

namespace exota::directory {
namespace {

constexpr std::size_t most_gathered = 100'000;          // payloads of one batch; more: everything is read
constexpr std::chrono::seconds look_for_acceptance{2};  // while a batch is refused
constexpr std::chrono::seconds most_clock_difference{300};
constexpr std::size_t most_warned = 100;  // texts that are not said again
constexpr int most_readings = 4;          // of named rows, as long as others are changed meanwhile

std::chrono::milliseconds idle_of(const PostgresSettings& settings) {
    return std::clamp<std::chrono::milliseconds>(settings.timeout * 2, std::chrono::seconds(1), PostgresSource::longest_idle);
}

std::chrono::sys_seconds now_on_the_wall() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

base::HashKey key_or_fixed() {
    const auto key = random_key();
    return key ? *key : base::HashKey{};
}

}  // namespace

SnapshotOrigin snapshot_origin(const PostgresSettings& settings) {
    return {"postgresql", identity_of(settings.conninfo), std::string(postgres_schema)};
}

std::string shrink_key(const PostgresSettings& settings) { return "/" + name_of(settings); }

base::Result<ReadPostgres> read_postgres(const PostgresSettings& settings, tenant::Defaults defaults) {
    auto connection = PostgresConnection::connect(settings, nullptr);
    if (!connection) return std::unexpected(connection.error());
    if (const auto good = check_schema(*connection); !good) return std::unexpected(good.error());
    const auto standby = is_standby(*connection);
    if (!standby) return std::unexpected(standby.error());
    auto read = read_all(*connection);
    if (!read) return std::unexpected(read.error());
    TenantRows rows(std::move(defaults), key_or_fixed());
    auto taken = rows.take_all(*std::move(read));
    if (!taken) return std::unexpected(taken.error());
    return ReadPostgres{*std::move(taken), rows.fingerprint(), *standby};
}

PostgresSource::PostgresSource(Options options)
    : options_(std::move(options)),
      name_(name_of(options_.settings)),
      origin_(snapshot_origin(options_.settings)),
      state_directory_(options_.state_directory),
      guard_(state_directory_),
      open_tables_(options_.tables ? options_.tables(interrupt_) : postgres_tables(options_.settings, &interrupt_)),
      rows_(options_.defaults, key_or_fixed(), [this] { return interrupt_.is_set(); }) {}

PostgresSource::~PostgresSource() {
    interrupt_.set();
    if (thread_.joinable()) thread_.join();
}

void PostgresSource::start() {
    thread_ = std::thread([this] { run(); });
}

PostgresSource::First PostgresSource::first(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    const auto is_known = [this] { return first_ != First::waiting; };
    const auto longest = Clock::now() + longest_first_wait;
    first_known_.wait_until(lock, longest, [&] { return is_known() || has_snapshot_; });
    first_known_.wait_until(lock, std::min<Clock::time_point>(longest, Clock::now() + at_most), is_known);
    return first_;
}

std::string PostgresSource::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void PostgresSource::note_first(First first) {
    {
        const std::lock_guard lock(mutex_);
        if (first_ == First::waiting) first_ = first;
    }
    first_known_.notify_all();
}

void PostgresSource::trouble(std::string why) {
    options_.status->trouble(std::move(why));
    options_.on_trouble();
}

void PostgresSource::cannot_use(const std::string& why) {
    unusable_ = why;
    trouble(name_ + ' ' + why);
}

void PostgresSource::warn(const std::string& text) {
    if (warned_.size() == most_warned) warned_.clear();
    if (warned_.insert(text).second) options_.on_warning(text);
}

// --- The life of the thread ---------------------------------------------------------------------------------------------------------

void PostgresSource::run() {
    try {
        restore();
    } catch (const std::exception& error) {  // what is lacking may be there later
        warn(options_.snapshot_file + " cannot be read: " + error.what());
    }
    std::random_device random;
    net::BackOff back_off(first_back_off, longest_back_off, [&random] { return static_cast<std::uint32_t>(random()); });
    while (!interrupt_.is_set()) {
        connected_.reset();
        schema_is_other_ = false;
        const base::Result<void> ended = serve_or_fail();
        if (interrupt_.is_set()) break;
        // One that takes us and leaves us again would be read whole ten times a second.
        if (connected_ && Clock::now() - *connected_ >= idle_of(options_.settings)) back_off.succeeded();
        const std::string why = name_ + ' ' + ended.error().detail;
        {
            const std::lock_guard lock(mutex_);
            trouble_ = why;
        }
        trouble(why);
        note_first(schema_is_other_ ? First::other_schema : First::unreachable);
        if (wait_out(back_off.failed(Clock::now()))) break;
    }
    note_first(First::unreachable);
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
                    cannot_use(error.what());
                }
        }
    }
}

void PostgresSource::restore() {
    if (options_.snapshot_file.empty()) return;
    const auto kept = load_snapshot(options_.snapshot_file, origin_);
    if (!kept) {
        if (kept.error().code != base::Errc::not_found) warn(kept.error().detail + "; it will be made anew");
        return;
    }
    auto taken = rows_.restore(kept->lines);
    if (!taken) return warn(options_.snapshot_file + ": " + taken.error().detail + "; it will be made anew");
    kept_confirmed_ = kept->confirmed;
    const std::chrono::seconds age = now_on_the_wall() - kept->confirmed;
    // A clock that was far ahead when it was written says nothing of its age.
    options_.status->had(age < -most_clock_difference ? options_.max_stale + std::chrono::seconds(1)
                                                      : std::max(age, std::chrono::seconds(0)));
    give(*std::move(taken));
    {
        const std::lock_guard lock(mutex_);
        has_snapshot_ = true;
    }
    first_known_.notify_all();
}

/// No memory, no descriptor: a trouble as others, and the next try reads everything.
base::Result<void> PostgresSource::serve_or_fail() {
    try {
        use_other_settings();
        base::Result<void> ended = serve();
        keep_snapshot(When::at_once);  // what is gone must not come back with the next start
        return ended;
    } catch (const std::exception& error) {
        unusable_ = error.what();
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
    note_first(First::loaded);
    return follow(tables);
}

base::Result<void> PostgresSource::follow(TenantTables& tables) {
    auto resync_at = Clock::now() + options_.settings.resync_interval;
    for (;;) {
        auto until = std::min(resync_at, Clock::now() + idle_of(options_.settings));
        if (refused_) until = std::min(until, Clock::now() + look_for_acceptance);
        if (everything_at_) until = std::min(until, *everything_at_);
        if (snapshot_due_ && confirmed_) until = std::min(until, snapshot_may_);
        auto payloads = tables.notified(until);
        if (!payloads) return std::unexpected(payloads.error());
        use_other_settings();
        const auto now = Clock::now();
        base::Result<void> read;
        // First what is due by time: whoever never stops to tell of changes must not keep us from those that nobody told of.
        if (now >= resync_at || (everything_at_ && now >= *everything_at_) || (refused_ && guard_.is_accepted(*refused_))) {
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
    if (!refused_ && !unusable_ && !everything_at_) confirmed();
    keep_snapshot(When::in_time);
    return {};
}

base::Result<void> PostgresSource::read_everything(TenantTables& tables) {
    everything_at_.reset();
    auto rows = tables.read_all();
    if (!rows) return std::unexpected(rows.error());
    take(rows_.take_all(*std::move(rows)));
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
    wanted.everything |= refused_ || unusable_;
    for (int readings = 0; !wanted.everything && readings < most_readings; ++readings) {
        auto rows = tables.read_named(wanted.names);
        if (!rows) return std::unexpected(rows.error());
        // Whoever gave a name away was read; of whoever has it now we may have been told only meanwhile. All of them count at one moment.
        if (const auto answered = tables.is_there(); !answered) return answered;
        auto more = tables.notified(Clock::now());
        if (!more) return std::unexpected(more.error());
        if (more->empty()) {
            for (const TenantRow& row : *rows) std::erase(wanted.names, row.name);
            take(rows_.take(*std::move(rows), wanted.names));
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
    base::Result<TenantRows::Taken> taken = base::fail(base::Errc::closed, "not taken yet");
    try {
        state_directory_ = other->state_directory;
        guard_ = ShrinkGuard(state_directory_);
        taken = rows_.use(other->defaults);
    } catch (const std::exception&) {  // they are wanted yet
        const std::lock_guard lock(mutex_);
        if (!other_) other_ = std::move(other);
        throw;
    }
    if (!served_domains_) return;  // nothing was read yet
    if (!taken) return cannot_use(taken.error().detail);
    if (taken->index->tenant_count() < served_tenants_) {  // a tenants file would not be loaded with them
        const auto why = std::ranges::find(taken->problems, tenant::Problem::Severity::error, &tenant::Problem::severity);
        warn(name_ + " is judged by the defaults of before, until they are mended and reloaded: the new ones would take tenants away" +
             (why == taken->problems.end() ? "" : " (" + why->path + ": " + why->text + ")"));
        return rows_.take_back();
    }
    give(*std::move(taken));
}

// --- What was read ------------------------------------------------------------------------------------------------------------------

void PostgresSource::take(base::Result<TenantRows::Taken> taken) {
    if (interrupt_.is_set()) return;  // it may have been given up half-way
    refused_.reset();
    if (!taken) return cannot_use(taken.error().detail);
    if (!guarded(*taken)) return;
    const bool was_unusable = std::exchange(unusable_, std::nullopt).has_value();  // then what is held may be more than what was given
    warned_.clear();
    const std::size_t domains = taken->index->domain_count();
    const bool changed = taken->changed || was_unusable || !served_domains_;
    if (changed) give(*std::move(taken));
    snapshot_due_ = (snapshot_due_ || changed) && !options_.snapshot_file.empty();
    confirmed();                // after them: who judges may be told that they are all there are only if he has them
    note_first(First::loaded);  // no start waits for the disk
    if (!state_directory_.empty())
        if (const auto noted = guard_.note_domain_count(shrink_key(options_.settings), domains); !noted)
            warn("the number of domains could not be noted for `exota check`: " + noted.error().detail);
    keep_snapshot(When::in_time);
}

void PostgresSource::give(TenantRows::Taken taken) {
    served_domains_ = taken.index->domain_count();
    served_tenants_ = taken.index->tenant_count();
    options_.on_index(std::move(taken.index), std::move(taken.problems));
}

/// @return  false: too many domains would be gone, and nobody said that this is meant.
bool PostgresSource::guarded(const TenantRows::Taken& taken) {
    if (state_directory_.empty()) return true;
    // At a start without a snapshot what the daemon noted when it last took all of them is all that is known.
    const std::optional<std::size_t> before = served_domains_ ? served_domains_ : guard_.last_domain_count(shrink_key(options_.settings));
    const std::size_t now = taken.index->domain_count();
    if (!before || !shrinks_too_much(*before, now)) return true;
    const Fingerprint content = rows_.fingerprint();
    if (guard_.is_accepted(content)) return true;
    rows_.take_back();
    refused_ = content;
    const std::string why = "would leave " + std::to_string(now) + " of " + base::counted(*before, "domain") +
                            ": if that is meant, say so with exota check --accept-shrink";
    warn(name_ + ' ' + why);
    trouble(name_ + ' ' + why);
    return false;
}

void PostgresSource::confirmed() {
    options_.status->confirmed();
    confirmed_ = now_on_the_wall();
}

/// Written when something changed, and now and then for its time.
void PostgresSource::keep_snapshot(When when) {
    if (options_.snapshot_file.empty() || !confirmed_) return;
    const bool old = *confirmed_ - kept_confirmed_ > options_.max_stale / 20 || kept_confirmed_ > *confirmed_;
    if (!snapshot_due_ && !old) return;
    if (when == When::in_time && Clock::now() < snapshot_may_) return;
    const auto saved = save_snapshot(options_.snapshot_file, origin_, {*confirmed_, rows_.served_lines()});
    snapshot_may_ = Clock::now() + options_.snapshot_apart;
    snapshot_due_ = !saved;  // what it names no more must not come back: tried again
    kept_confirmed_ = *confirmed_;
    if (!saved) warn("the snapshot of the tenants cannot be written: " + saved.error().detail);
}

}  // namespace exota::directory
