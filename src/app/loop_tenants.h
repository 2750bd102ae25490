// Tenants that are looked up for each message, on one loop: a client of the directory server, and the cache in front of it.
//
// Belongs to its loop but for status() and counters(). To be destroyed after the loop has stopped for good. Tested by loop_tenants_test.cc
// and tests/system/test_ldap.py.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/shared_limits.h"
#include "config/config.h"
#include "directory/ldap_client.h"
#include "directory/ldap_lookup.h"
#include "directory/source_status.h"
#include "gate/limits.h"
#include "gate/world.h"
#include "net/loop.h"
#include "telemetry/metrics.h"

namespace exota::app {

/// What all loops share.
struct LookupOptions {
    directory::LdapSettings settings;
    directory::LdapServers servers;
    std::chrono::seconds max_stale{0};
    std::shared_ptr<const tenant::Defaults> defaults;
    std::shared_ptr<SharedLimits> limits;  // of the tenants that are looked up
};
/// nullopt: the tenants are not looked up. The configuration was checked: what cannot be read any more (a certificate) leaves no server.
/// @return  io, not_found, invalid_data: see directory::read_servers.
base::Result<std::optional<LookupOptions>> lookup_options(const config::Config& config);

class LoopTenants {
public:
    /// @param on_problem  an entry of the directory cannot be used.
    LoopTenants(net::Loop& loop, const LookupOptions& options, std::function<void(const std::string&)> on_problem);
    LoopTenants(const LoopTenants&) = delete;
    LoopTenants& operator=(const LoopTenants&) = delete;

    /// Connects.
    void start() { client_.start(); }
    void find(const tenant::Keys& keys, directory::LdapLookup::OnFound on_found);
    /// Where that is null, those of before stay.
    void use(const std::shared_ptr<const tenant::Defaults>& defaults);

    SharedLimits& limits() noexcept { return *limits_; }
    std::shared_ptr<const directory::SourceStatus> status() const noexcept { return status_; }
    const telemetry::Lookups& counters() const noexcept { return counters_; }

private:
    void count();

    const std::shared_ptr<SharedLimits> limits_;
    const std::shared_ptr<directory::SourceStatus> status_;
    directory::LdapClient client_;
    directory::LdapLookup lookup_;
    directory::CacheCounts counted_;
    telemetry::Lookups counters_;
};

}  // namespace exota::app
