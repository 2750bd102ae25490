#include "app/gateway_section.h"

#include "app/gateway_front_end.h"
#include "app/mta_sts_store.h"
#include "app/relay_front_end.h"
#include "config/gateway.h"

namespace exota::app {

std::optional<std::vector<std::unique_ptr<GatewaySection>>> open_gateways(const std::vector<config::GatewayConfig>& sections,
                                                                          const std::function<void(std::string_view)>& complain) {
    std::vector<std::unique_ptr<GatewaySection>> gateways;
    MtaStsStores policies;
    for (const config::GatewayConfig& section : sections) {
        auto opened =
            section.direction == config::Direction::to_exchange ? open_relay_front(section, policies) : open_gateway_front(section);
        if (opened)
            gateways.push_back(*std::move(opened));
        else
            complain("exota: gateway." + section.session.name + '.' + opened.error().detail);
    }
    if (gateways.size() < sections.size()) return std::nullopt;
    return gateways;
}

}  // namespace exota::app
