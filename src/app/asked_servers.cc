#include "app/asked_servers.h"

#include <utility>

namespace exota::app {

std::optional<AskedServers> asked_servers(const config::Config& config, const std::function<void(const std::string&)>& complain) {
    auto tenants = lookup_options(config);
    if (!tenants) complain("exota: tenants.ldap: " + tenants.error().detail);
    // Without an inbound door nobody asks for recipients.
    auto recipients = recipient_options(config.rules.inbound ? config.recipient_source : directory::RecipientSourceSettings());
    if (!recipients) complain("exota: recipients.ldap: " + recipients.error().detail);
    auto counting = counting_options(config);
    if (!counting) complain("exota: limits_store: " + counting.error().detail);
    if (!tenants || !recipients || !counting) return std::nullopt;
    return AskedServers{*std::move(tenants), *std::move(recipients), *std::move(counting)};
}

}  // namespace exota::app
