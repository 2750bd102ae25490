// Tenants kept in PostgreSQL, held in memory and kept current:
//
//   thread of its own   connect ─▶ the version of the schema ─▶ LISTEN ─▶ read all ─▶ wait ─┬─ notified: read those that changed
//                          ▲                                                   ▲            ├─ resync_interval: read all
//                          └── back-off ◀── lost, refused, too slow            └────────────┴─ idle: ask whether it is still there
//
// LISTEN comes first, so what changes while all is read is told. Everything that is read comes from one statement, and so from one moment.
// What came in within gather_time is one batch; one that loses more than a fifth of the domains is not taken until an operator says so
// (shrink_guard.h), nor is the first after a start without a snapshot, against the number that was noted. The last good state lies in the
// snapshot file, so a node starts and judges while the server is away.
//
// A thread, because libpq looks names up within a call and an index takes a second to build, which no loop shall wait for (decision 0011).
// Tested by postgres_source_test.cc and tests/system/test_postgresql.py.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "directory/interrupt.h"
#include "directory/postgres_settings.h"
#include "directory/snapshot_file.h"
#include "directory/source_status.h"
#include "directory/tenant_rows.h"
#include "directory/tenant_tables.h"
#include "tenant/index.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

SnapshotOrigin snapshot_origin(const PostgresSettings& settings);
/// What the number of domains is noted under (ShrinkGuard).
std::string shrink_key(const PostgresSettings& settings);

/// All tenants, once, for a command.
struct ReadPostgres {
    TenantRows::Taken taken;
    Fingerprint fingerprint;
    bool standby = false;  // `exota serve` cannot use this server
};
/// @return  invalid_data: no tables of this version, or no index can be made of them; io, unavailable: it cannot be asked.
base::Result<ReadPostgres> read_postgres(const PostgresSettings& settings, tenant::Defaults defaults);

class PostgresSource {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds gather_time{100};
    static constexpr std::chrono::milliseconds first_back_off{100}, longest_back_off{30'000};
    /// After so long without news the server is asked whether it is still there.
    static constexpr std::chrono::seconds longest_idle{5};
    /// Anybody whom the database lets in may ask for everything by a notification: it is read at most so often for that.
    static constexpr std::chrono::seconds everything_again{2};

    struct Options {
        PostgresSettings settings;
        std::string snapshot_file;    // empty: none
        std::string state_directory;  // of the shrink guard; empty: no guard
        std::chrono::seconds max_stale{7 * 86400};
        tenant::Defaults defaults;
        std::shared_ptr<SourceStatus> status;
        // Called on the source's thread:
        /// All tenants that are served from now on, and what is to be said of the rows.
        std::function<void(std::shared_ptr<const tenant::Index>, std::vector<tenant::Problem>)> on_index;
        /// What an operator should know besides, each change once.
        std::function<void(std::string)> on_warning;
        /// The status has trouble.
        std::function<void()> on_trouble;
        /// The snapshot file is written at most so often; and when the connection ends, or all of this.
        std::chrono::milliseconds snapshot_apart{5000};
        /// For tests: tables of their own. @param interrupt  outlives what it opens.
        std::function<OpenTables(Interrupt& interrupt)> tables = {};
    };

    /// Nothing is read or connected before start().
    explicit PostgresSource(Options options);
    /// Waits for the thread, which ends as soon as it may: a name that is being looked up is waited for.
    ~PostgresSource();
    PostgresSource(const PostgresSource&) = delete;
    PostgresSource& operator=(const PostgresSource&) = delete;

    /// Once. Throws std::system_error where there is no thread.
    void start();

    enum class First : std::uint8_t { waiting, loaded, unreachable, other_schema };
    /// Without a snapshot in hand a start waits so long for a first attempt that is under way; a large database takes its time.
    static constexpr std::chrono::seconds longest_first_wait{20};
    /// Waits for what comes of the first attempt; once a snapshot is in hand, not longer than `at_most`.
    /// @return  waiting: it is not over.
    First first(std::chrono::milliseconds at_most);
    /// The rows under other defaults and guarded in another directory, as soon as no answer of the server is waited for. From any thread.
    void use(tenant::Defaults defaults, std::string state_directory);
    /// What the last attempt failed for.
    std::string trouble() const;

private:
    void run();
    void restore();
    /// From connecting until something fails.
    base::Result<void> serve_or_fail();
    base::Result<void> serve();
    base::Result<void> follow(TenantTables& tables);
    /// @return  what failed of the connection.
    base::Result<void> read_everything(TenantTables& tables);
    base::Result<void> read_changes(TenantTables& tables, std::vector<std::string> payloads);
    base::Result<void> ask_for_everything(TenantTables& tables);
    base::Result<void> look_whether_it_is_there(TenantTables& tables);
    /// @return  it is to end.
    bool wait_out(std::chrono::milliseconds time);
    void take(base::Result<TenantRows::Taken> taken);
    void give(TenantRows::Taken taken);
    bool guarded(const TenantRows::Taken& taken);
    void use_other_settings();
    enum class When : std::uint8_t { in_time, at_once };
    void keep_snapshot(When when);
    void confirmed();
    void note_first(First first);
    void trouble(std::string why);
    void cannot_use(const std::string& why);
    void warn(const std::string& text);

    const Options options_;
    const std::string name_;
    const SnapshotOrigin origin_;
    std::string state_directory_;
    ShrinkGuard guard_;
    Interrupt interrupt_;
    const OpenTables open_tables_;
    TenantRows rows_;
    std::optional<std::size_t> served_domains_;          // of the index that was given last
    std::size_t served_tenants_ = 0;                     // the same
    std::optional<Fingerprint> refused_;                 // by the shrink guard
    std::optional<std::string> unusable_;                // why no index can be made of what was read
    std::chrono::sys_seconds kept_confirmed_{};          // as the snapshot file says
    std::optional<std::chrono::sys_seconds> confirmed_;  // what is held; none: not by a server
    bool snapshot_due_ = false;                          // the file has not what is held
    Clock::time_point snapshot_may_{};                   // not before it is written again
    std::set<std::string> warned_;
    std::optional<Clock::time_point> connected_;      // when everything was read since; none: it was not
    std::optional<Clock::time_point> everything_at_;  // then everything is to be read
    Clock::time_point everything_may_{};              // not before it is read for a notification
    bool schema_is_other_ = false;

    mutable std::mutex mutex_;  // of the four below
    struct Other {
        tenant::Defaults defaults;
        std::string state_directory;
    };
    std::optional<Other> other_;
    std::string trouble_;
    First first_ = First::waiting;
    bool has_snapshot_ = false;
    std::condition_variable first_known_;
    std::thread thread_;
};

}  // namespace exota::directory
