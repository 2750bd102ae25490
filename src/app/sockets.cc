#include "app/sockets.h"

#include <utility>

#include "net/address.h"
#include "net/endpoint.h"
#include "net/host_addresses.h"

namespace exota::app {

std::vector<std::string> Sockets::bound() const {
    std::vector<std::string> all;
    for_each([&all](const net::Listener& listener) { all.push_back(listener.bound()); });
    return all;
}

void Sockets::tell(std::vector<config::GatewayConfig>& gateways_of) const {
    const std::vector<base::IpAddress> of_host = net::host_addresses();
    std::vector<gate::OwnSocket> own;
    for_each([&](const net::Listener& listener) {
        const auto endpoint = net::Endpoint::parse(listener.bound());
        if (!endpoint || !endpoint->is_tcp()) return;
        if (endpoint->is_every_address()) {
            const bool v4 = endpoint->kind == net::Endpoint::Kind::inet;
            for (const base::IpAddress& one : of_host)
                if (one.is_v4() == v4 || listener.takes_both_families()) own.push_back({one, endpoint->port});
        } else if (const auto address = net::Address::of(*endpoint); address && address->ip) {
            own.push_back({*address->ip, endpoint->port});
        }
    });
    for (config::GatewayConfig& gateway : gateways_of)
        if (gateway.direction == config::Direction::to_exchange) gateway.relay.own_sockets = own;
}

std::optional<Sockets> open_sockets(const config::Config& config, std::size_t loops,
                                    const std::function<void(std::string_view)>& complain) {
    std::vector<base::Error> problems;
    const auto parsed = [&](const std::vector<std::string>& texts, auto parse) {
        std::vector<net::Endpoint> endpoints;
        for (const std::string& text : texts) {
            if (auto endpoint = parse(text))
                endpoints.push_back(std::move(*endpoint));
            else
                problems.push_back({endpoint.error().code, text + ": " + endpoint.error().detail});
        }
        return endpoints;
    };
    const auto milter = parsed(config.milter.listen, net::Endpoint::parse);
    const auto inbound = parsed(config.inbound_listen, net::Endpoint::parse);
    const auto http =
        parsed(config.http.listen.empty() ? std::vector<std::string>{} : std::vector{config.http.listen}, net::Endpoint::parse_http);
    if (config.milter.listen.empty() && config.inbound_listen.empty() && config.gateways.empty())
        problems.push_back({base::Errc::not_found, "milter.listen names no socket"});

    Sockets sockets;
    std::vector<net::ActivatedSocket> activated;
    if (auto taken = net::take_activated_sockets())
        activated = std::move(*taken);
    else
        problems.push_back(taken.error());
    const net::ListenOptions access{config.milter.socket_mode, config.milter.socket_group};
    sockets.http = net::open_listeners(http, access, 1, activated, problems);  // the milter's last: "systemd" is what is left
    for (const config::GatewayConfig& gateway : config.gateways)
        sockets.gateways.push_back(
            net::open_listeners(parsed(gateway.session.listen, net::Endpoint::parse), access, loops, activated, problems));
    sockets.inbound = net::open_listeners(inbound, access, loops, activated, problems);
    sockets.milter = net::open_listeners(milter, access, loops, activated, problems);
    for (const net::ActivatedSocket& socket : activated)
        if (socket.descriptor)
            problems.push_back({base::Errc::invalid_data, "systemd passed a socket named '" + socket.name + "' that no setting names"});
    if (problems.empty()) return sockets;
    for (const base::Error& problem : problems) complain("exota: " + problem.detail);
    return std::nullopt;
}

}  // namespace exota::app
