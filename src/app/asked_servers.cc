#include "app/asked_servers.h"

namespace exota::app {

std::optional<AskedServers> read_asked_servers(const config::Config& config, const std::function<void(std::string_view)>& complain) {
    auto lookups = lookup_options(config);
    auto counting = counting_options(config);
    if (!lookups) complain("exota: tenants.ldap: " + lookups.error().detail);
    if (!counting) complain("exota: limits_store: " + counting.error().detail);
    if (!lookups || !counting) return std::nullopt;
    return AskedServers{.lookups = *std::move(lookups), .counting = *std::move(counting)};
}

}  // namespace exota::app
