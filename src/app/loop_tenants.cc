#include "app/loop_tenants.h"

#include <utility>

#include "app/lookup_counts.h"
#include "directory/fed_source.h"

namespace exota::app {

base::Result<std::optional<LookupOptions>> lookup_options(const config::Config& config) {
    if (!directory::looks_up(config.tenants)) return std::nullopt;
    auto servers = directory::read_servers(*config.tenants.ldap);
    if (!servers) return std::unexpected(servers.error());
    return LookupOptions{.settings = *config.tenants.ldap,
                         .servers = *std::move(servers),
                         .max_stale = config.tenants.max_stale,
                         .defaults = std::make_shared<const tenant::Defaults>(config.tenant_defaults),
                         .limits = std::make_shared<SharedLimits>()};
}

LoopTenants::LoopTenants(net::Loop& loop, const LookupOptions& options, std::function<void(const std::string&)> on_problem)
    : limits_(options.limits),
      status_(std::make_shared<directory::SourceStatus>(options.max_stale)),
      client_(loop, options.settings, options.servers, status_),
      lookup_(client_, options.settings, options.max_stale, options.defaults, std::move(on_problem)) {}

void LoopTenants::find(const tenant::Keys& keys, directory::LdapLookup::OnFound on_found) {
    lookup_.find(keys, [this, on_found = std::move(on_found)](directory::LdapLookup::Found found) mutable {
        count();
        on_found(std::move(found));
    });
}

void LoopTenants::use(const std::shared_ptr<const tenant::Defaults>& defaults) {
    if (defaults) lookup_.use(defaults);
}

/// The cache counts for itself; others read while it does.
void LoopTenants::count() { add_counts(counters_, counted_, lookup_.counts(), lookup_.kept()); }

}  // namespace exota::app
