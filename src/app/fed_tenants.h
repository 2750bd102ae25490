// Tenants that a source of its own thread brings and changes as it likes (PostgreSQL, LDAP read whole): between that thread and the control
// loop.
//
// What came last waits here until it is taken; what came before it and was not taken is gone, for it is no longer true. A problem of a row
// is told once, not with each change of another row. Tested by fed_tenants_test.cc, tests/system/test_postgresql.py and
// tests/system/test_ldap_snapshot.py.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "directory/fed_source.h"
#include "directory/source_status.h"
#include "tenant/index.h"

namespace exota::app {

class FedTenants {
public:
    struct News {
        std::shared_ptr<const tenant::Index> tenants;  // nullptr: they are as they were
        std::vector<config::Problem> problems;         // of rows, and what else an operator should know
    };

    /// @param config  of which the tenants are directory::is_fed().
    explicit FedTenants(const config::Config& config);

    /// Starts the source, and waits for what comes of its first attempt; with a snapshot in hand, not longer than `at_most`. Once. Throws
    /// std::system_error where there is no thread.
    /// @return  invalid_data, with the database and what is wrong with it: it has no tables that this program reads. What is wrong with
    ///          the settings of a directory server.
    base::Result<void> start(std::chrono::milliseconds at_most);
    /// Once, from then on: called on the source's thread whenever there is something to take, or the status has trouble.
    void on_news(std::function<void()> wake);
    /// What came since the last call. From any thread.
    std::optional<News> take();
    /// It has tenants. From any thread.
    bool has_tenants() const;
    /// What a reload brings for them, before long.
    void use(const config::Config& config) { source_->use(config.tenant_defaults, config.tenants.state_directory); }

    std::shared_ptr<const directory::SourceStatus> status() const noexcept { return status_; }

private:
    void take_index(std::shared_ptr<const tenant::Index> tenants, std::vector<config::Problem> problems);
    void wake();
    void add(std::shared_ptr<const tenant::Index> tenants, std::vector<config::Problem> problems);

    const std::string name_;
    const std::shared_ptr<directory::SourceStatus> status_;
    const directory::TenantsSettings settings_;
    const tenant::Defaults defaults_;  // at first
    mutable std::mutex mutex_;         // of all below but the source
    std::optional<News> news_;
    std::function<void()> wake_;
    std::set<std::string> told_;                    // of the problems that the tenants have which came last
    std::unique_ptr<directory::FedSource> source_;  // its thread ends before all above goes
};

}  // namespace exota::app
