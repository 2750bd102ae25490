// Tenants kept in PostgreSQL, held in memory and kept current:
//
//   thread of its own   connect ─▶ the version of the schema ─▶ LISTEN ─▶ read all ─▶ wait ─┬─ notified: read those that changed
//                          ▲                                                   ▲            ├─ resync_interval: read all
//                          └── back-off ◀── lost, refused, too slow            └────────────┴─ idle: ask whether it is still there
//
// LISTEN comes first, so what changes while all is read is told. Everything that is read comes from one statement, and so from one moment.
// What came in within gather_time is one batch; one that loses more than a fifth of the domains is not taken until an operator says so
// (held_tenants.h), nor is the first after a start without a snapshot, against the number that was noted. The last good state lies in the
// snapshot file, so a node starts and judges while the server is away.
//
// A thread, because libpq looks names up within a call and an index takes a second to build, which no loop shall wait for (decision 0011).
// Tested by postgres_source_test.cc and tests/system/test_postgresql.py.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "directory/fed_source.h"
#include "directory/held_tenants.h"
#include "directory/interrupt.h"
#include "directory/postgres_settings.h"
#include "directory/tenant_tables.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

HeldTenants::Of held_of(const PostgresSettings& settings);

/// All tenants, once, for a command. Warns of a server that `exota serve` cannot use.
/// @return  invalid_data: no tables of this version; io, unavailable: it cannot be asked.
base::Result<ServerRows> read_postgres(const PostgresSettings& settings);

class PostgresSource final : public FedSource {
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
        HeldTenants::Options held;  // called on the source's thread
        /// For tests: tables of their own. @param interrupt  outlives what it opens.
        std::function<OpenTables(Interrupt& interrupt)> tables = {};
    };

    /// Nothing is read or connected before start().
    explicit PostgresSource(Options options);
    /// Waits for the thread, which ends as soon as it may: only a name that libpq looks up by itself is waited for (postgres_hosts.h).
    ~PostgresSource() override;
    PostgresSource(const PostgresSource&) = delete;
    PostgresSource& operator=(const PostgresSource&) = delete;

    void start() override;
    First first(std::chrono::milliseconds at_most) override { return first_.wait(at_most); }
    void use(tenant::Defaults defaults, std::string state_directory) override;
    std::string trouble() const override;

private:
    void run();
    template <class Work>
    void shielded(Work work);
    void restore();
    void live();
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
    void served();
    void use_other_settings();

    const Options options_;
    Interrupt interrupt_;
    const OpenTables open_tables_;
    HeldTenants held_;
    FirstAttempt first_;
    std::optional<Clock::time_point> connected_;      // when everything was read since; none: it was not
    std::optional<Clock::time_point> everything_at_;  // then everything is to be read
    Clock::time_point everything_may_{};              // not before it is read for a notification
    bool schema_is_other_ = false;

    mutable std::mutex mutex_;  // of these two
    struct Other {
        tenant::Defaults defaults;
        std::string state_directory;
    };
    std::optional<Other> other_;
    std::string trouble_;
    std::thread thread_;
};

}  // namespace exota::directory
