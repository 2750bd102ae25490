#include "app/loop_tenants.h"

#include <utility>

namespace exota::app {

base::Result<std::optional<LookupOptions>> lookup_options(const config::Config& config) {
    if (!config.tenants.ldap) return std::nullopt;
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
void LoopTenants::count() {
    const directory::CacheCounts& now = lookup_.counts();
    const auto add = [&](net::Counter& counter, std::uint64_t directory::CacheCounts::* count) {
        counter.add(now.*count - counted_.*count);
    };
    add(counters_.cached, &directory::CacheCounts::hits);
    add(counters_.cached_none, &directory::CacheCounts::negative_hits);
    add(counters_.asked, &directory::CacheCounts::asked);
    add(counters_.joined, &directory::CacheCounts::joined);
    add(counters_.stale, &directory::CacheCounts::stale);
    add(counters_.unknown, &directory::CacheCounts::unknown);
    add(counters_.evicted, &directory::CacheCounts::evicted);
    counted_ = now;
    const std::uint64_t kept = lookup_.kept(), before = counters_.kept.value();
    if (kept > before)
        counters_.kept.add(kept - before);
    else
        counters_.kept.subtract(before - kept);
}

}  // namespace exota::app
