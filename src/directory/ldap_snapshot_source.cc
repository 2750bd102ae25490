#include "directory/ldap_snapshot_source.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <exception>
#include <functional>
#include <optional>
#include <random>
#include <utility>

#include "base/joined.h"
#include "directory/ldap_rows.h"
#include "directory/tree_back_off.h"

namespace exota::directory {
namespace {

using base::Errc;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds look_for_acceptance = 2s;  // while a batch is refused
constexpr std::chrono::milliseconds look_for_server = 200ms;   // while it is away: the client tries it by itself
/// The client's status, of which nothing is served.
constexpr std::chrono::seconds any_age = std::chrono::hours(24 * 365);

constexpr const char* nobody_there = "has no entry of the class exotaTenant that we may read";

std::chrono::milliseconds idle_of(const LdapSettings& settings) {
    return std::clamp<std::chrono::milliseconds>(settings.timeout * 2, 1s, LdapSnapshotSource::longest_idle);
}

}  // namespace

/// The origin names no servers: they are several of one directory, and may be named anew.
HeldTenants::Of held_of(const LdapSettings& settings) {
    return {.name = "ldap " + base::joined(settings.servers, " ") + ' ' + settings.base,
            .origin = {"ldap", settings.base, "2"},
            .shrink_key = "/ldap " + settings.base};
}

base::Result<LdapTree> read_tree(const LdapSettings& settings, const LdapServers& servers) {
    std::signal(SIGPIPE, SIG_IGN);  // a server that hangs up is an error of the write, not the end of the command
    net::Loop loop;
    const auto status = std::make_shared<SourceStatus>(any_age);
    LdapClient client(loop, settings, servers, status);
    LdapTreeReader reader(client, settings);
    std::optional<base::Result<LdapTree>> tree;
    std::size_t tries = 0;
    const std::function<void()> read = [&] {
        reader.read([&](base::Result<LdapTree> got) {
            // One that is silent takes all the time of the question; the next in the list was not asked yet.
            const bool is_next = !got && got.error().code == Errc::timeout && status->why().empty() && ++tries < servers.urls.size();
            if (is_next) return read();
            tree = std::move(got);
        });
    };
    loop.post([&] {
        client.start();
        read();
    });
    loop.run_until([&tree] { return tree.has_value(); });
    if (!*tree) return base::fail(tree->error().code == Errc::too_long ? Errc::invalid_data : Errc::unavailable, tree->error().detail);
    return *std::move(tree);
}

base::Result<ServerRows> read_ldap(const LdapSettings& settings, const LdapServers& servers) {
    const auto tree = read_tree(settings, servers);
    if (!tree) return std::unexpected(tree.error());
    ServerRows server{rows_of(tree->entries), {}};
    if (tree->entries.empty()) server.warnings.emplace_back(nobody_there);
    return server;
}

// --- The life of the thread ---------------------------------------------------------------------------------------------------------

/// Everything happens on the source's thread.
class LdapSnapshotSource::Life {
public:
    Life(LdapSnapshotSource& source, LdapSettings settings, LdapServers servers, HeldTenants::Options held, const LdapTreeLimits& limits)
        : source_(source),
          settings_(std::move(settings)),
          snapshot_file_(held.snapshot_file),
          held_(held_of(settings_), std::move(held), [&source] { return source.ending_.load(); }),
          client_(source.loop_, settings_, std::move(servers), connection_),
          reader_(client_, settings_, limits),
          back_off_([this] { return static_cast<std::uint32_t>(random_()); }),
          timer_(source.loop_) {}

    void begin() {
        try {
            if (held_.restore()) source_.first_.note_snapshot();
        } catch (const std::exception& error) {  // what is lacking may be there later
            held_.warn(snapshot_file_ + " cannot be read: " + error.what());
        }
        read();
    }
    void use(tenant::Defaults defaults, std::string state_directory) {
        wanted_ = Wanted{std::move(defaults), std::move(state_directory)};
        use_wanted();
    }
    /// No memory, no descriptor: what was taken may be half-way.
    void note_break() noexcept { held_.broke_off(); }
    /// A trouble as others, and the next try reads everything.
    void go_on_after(const std::exception_ptr& trouble) {
        try {
            std::rethrow_exception(trouble);
        } catch (const std::exception& error) {
            failed({Errc::unavailable, error.what()});
        }
    }
    /// What is gone must not come back with the next start. When the thread has ended.
    void end() noexcept {
        try {
            keep_now();
        } catch (const std::exception&) {
            return;  // no memory for the words: nobody can be told
        }
    }

private:
    using Clock = std::chrono::steady_clock;

    struct Wanted {
        tenant::Defaults defaults;
        std::string state_directory;
    };

    void keep_now() {
        try {
            held_.keep(HeldTenants::When::at_once);
        } catch (const std::exception& error) {
            held_.warn(snapshot_file_ + " cannot be written: " + error.what());
        }
    }

    /// What ends in an exception is wanted yet, and used with the next try.
    void use_wanted() {
        if (!wanted_) return;
        held_.use(wanted_->defaults, wanted_->state_directory);
        wanted_.reset();
    }

    /// What the client calls: it would be left half-way by an exception.
    template <class Work>
    void shielded(Work work) {
        try {
            work();
        } catch (const std::exception&) {
            source_.break_off();
        }
    }

    void wait(std::chrono::milliseconds time) {
        timer_.start(time, [this] { step(); });
    }

    void step() {
        const auto now = source_.loop_.now();
        if (!is_heard_) {
            if (now >= again_at_) {
                use_wanted();
                if (!is_started_ || client_.may_be_asked()) return read();
            }
            tell(connection_->why());
            return wait(look_for_server);
        }
        if (now >= refresh_at_ || held_.is_accepted()) return read();
        look();
    }

    /// Until the next step, where the server answers.
    void rest() {
        const auto idle = held_.is_refused() ? std::min(idle_of(settings_), look_for_acceptance) : idle_of(settings_);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(refresh_at_ - source_.loop_.now());
        wait(std::clamp<std::chrono::milliseconds>(left, 0ms, idle));
    }

    void read() {
        if (!is_started_) client_.start();
        is_started_ = true;
        timer_.cancel();
        began_ = source_.loop_.now();
        reader_.read([this](base::Result<LdapTree> tree) {
            shielded([&] {
                if (!tree) return failed(tree.error());
                take(*std::move(tree));
            });
        });
    }

    void take(LdapTree tree) {
        use_wanted();
        std::vector<TenantRow> rows = rows_of(tree.entries);
        tree.entries = {};
        const bool is_empty = rows.empty();
        const bool is_served = held_.take_all(std::move(rows));
        if (is_served && is_empty && !was_empty_) held_.warn(held_.name() + ' ' + nobody_there);
        was_empty_ = is_served && is_empty;
        const auto now = source_.loop_.now();
        read_over_ = tree.connection;
        refresh_at_ = now + settings_.refresh_interval;
        anew_at_ = now + std::max<Clock::duration>(readings_apart, 4 * (now - began_));
        if (!std::exchange(is_heard_, true)) heard_since_ = now;
        back_off_.was_read_whole();
        told_.clear();
        source_.first_.note(is_served ? First::loaded : First::unreachable);  // no start waits for the disk
        held_.keep(HeldTenants::When::in_time);
        rest();
    }

    /// A server that is away, or hangs, is known as such before all is read again; and then all is read again.
    void look() {
        LdapSearch nobody{.base = settings_.base, .filter = "(objectClass=exotaNobody)", .attributes = {"1.1"}};
        client_.search(std::move(nobody), [this, turn = turn_](const base::Result<LdapFound>& found) {
            if (turn != turn_) return;
            shielded([&] {
                if (!found) return failed(found.error());
                // What it was told while we were not connected, and whether it is the same server, nobody knows.
                if (found->connection != read_over_) refresh_at_ = std::min(refresh_at_, anew_at_);
                held_.keep(HeldTenants::When::in_time);
                rest();
            });
        });
    }

    void failed(const base::Error& error) {
        ++turn_;
        const auto now = source_.loop_.now();
        // One that takes us and leaves us again would be read whole ten times a second.
        if (is_heard_ && now - heard_since_ >= idle_of(settings_)) back_off_.was_there_for_a_while();
        is_heard_ = false;
        again_at_ = back_off_.failed(error.code, now);
        wait(look_for_server);
        // Of several servers the next may be under way yet.
        if (error.code != Errc::timeout) tell(error.detail);
        tell(connection_->why());
        if (told_.empty()) held_.trouble(error.detail);  // told as often as it happens
        keep_now();
    }

    /// Each trouble once, until the server is heard.
    void tell(const std::string& why) {
        if (why.empty() || why == told_) return;
        source_.note_trouble(held_.name() + ' ' + why);
        held_.trouble(why);
        source_.first_.note(First::unreachable);
        told_ = why;
    }

    LdapSnapshotSource& source_;
    const LdapSettings settings_;
    const std::string snapshot_file_;
    HeldTenants held_;
    /// Of the connection alone: that it stands says nothing of what was read.
    const std::shared_ptr<SourceStatus> connection_ = std::make_shared<SourceStatus>(any_age);
    LdapClient client_;
    LdapTreeReader reader_;
    std::random_device random_;
    TreeBackOff back_off_;
    net::Timer timer_;
    std::uint64_t turn_ = 0;        // since the last trouble: answers to questions before it count no more
    std::optional<Wanted> wanted_;  // and not used yet
    bool is_started_ = false;       // the client
    bool is_heard_ = false;         // the last reading came to its end, and no trouble since
    bool was_empty_ = false;
    std::string told_;  // the last trouble; empty while it is heard
    Clock::time_point began_{}, heard_since_{}, refresh_at_{}, anew_at_{}, again_at_{};
    std::uint64_t read_over_ = 0;  // which connection
};

LdapSnapshotSource::LdapSnapshotSource(LdapSettings settings, LdapServers servers, HeldTenants::Options held, const LdapTreeLimits& limits)
    : life_(std::make_unique<Life>(*this, std::move(settings), std::move(servers), std::move(held), limits)) {}

LdapSnapshotSource::~LdapSnapshotSource() {
    ending_ = true;
    loop_.stop();
    if (!thread_.joinable()) return;
    thread_.join();
    life_->end();
}

void LdapSnapshotSource::start() {
    loop_.post([this] { life_->begin(); });
    thread_ = std::thread([this] { run(); });
}

/// On the thread, while an exception is handled: it is looked at where nothing is half-way, outside of everything that the loop called.
void LdapSnapshotSource::break_off() noexcept {
    broken_ = std::current_exception();
    life_->note_break();
    loop_.stop();
}

/// Whatever lacks memory, even for the words of what is wrong: the thread goes on.
void LdapSnapshotSource::run() {
    while (!ending_) {
        try {
            if (const std::exception_ptr trouble = std::exchange(broken_, nullptr)) life_->go_on_after(trouble);
        } catch (const std::exception&) {
            break_off();
            std::this_thread::sleep_for(TreeBackOff::first);
            continue;
        }
        try {
            loop_.context().restart();
            // Who ends us says so before he stops the loop: he did both before, or stops it yet.
            if (!ending_) loop_.run();
        } catch (const std::exception&) {
            break_off();
        }
    }
    first_.note(First::unreachable);
}

void LdapSnapshotSource::note_trouble(std::string why) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(why);
}

std::string LdapSnapshotSource::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void LdapSnapshotSource::skip(net::Loop::Clock::duration time) {
    loop_.post([this, time] { loop_.skip(time); });
}

void LdapSnapshotSource::use(tenant::Defaults defaults, std::string state_directory) {
    loop_.post([this, defaults = std::move(defaults), state_directory = std::move(state_directory)]() mutable {
        life_->use(std::move(defaults), std::move(state_directory));
    });
}

}  // namespace exota::directory
