#include "app/sockets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "net/address.h"
#include "net/host_addresses.h"
#include "net/testing.h"

namespace exota::app {
namespace {

using base::IpAddress;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

net::Listener listener(const std::string& endpoint) { return std::move(*net::Listener::open(*net::Endpoint::parse(endpoint), {}, 1)); }
std::uint16_t port_of(const net::Listener& of) { return net::Endpoint::parse(of.bound())->port; }

/// As systemd opens ListenStream=25: one socket for both families, unless BindIPv6Only= says otherwise.
net::Listener activated_on_every_address(bool only_v6) {
    net::Descriptor socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int only = only_v6 ? 1 : 0;
    EXPECT_EQ(setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only), 0);
    sockaddr_in6 every{};
    every.sin6_family = AF_INET6;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&every), sizeof every), 0);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    return std::move(*net::Listener::from_activated({std::move(socket), "exchange"}, 1));
}

std::vector<gate::OwnSocket> told(const Sockets& sockets) {
    std::vector<config::GatewayConfig> gateways(2);
    gateways[0].direction = config::Direction::from_exchange;
    gateways[1].direction = config::Direction::to_exchange;
    sockets.tell(gateways);
    EXPECT_TRUE(gateways[0].relay.own_sockets.empty());
    return gateways[1].relay.own_sockets;
}
bool has(const std::vector<gate::OwnSocket>& own, const IpAddress& ip, std::uint16_t port) {
    return std::ranges::find(own, gate::OwnSocket{ip, port}) != own.end();
}

/// The port is the system's choice, the host a name: nothing of that stands in the configuration.
TEST(SocketsOfOurs, are_known_as_they_are_bound) {
    const net::testing::TemporaryDirectory directory;
    Sockets sockets;
    sockets.milter.push_back(listener("unix:" + directory.path("s")));
    sockets.http.push_back(listener("inet:localhost:0"));
    sockets.gateways.resize(1);
    sockets.gateways[0].push_back(listener("inet:127.0.0.2:0"));
    const auto own = told(sockets);
    ASSERT_EQ(own.size(), 2U);
    EXPECT_TRUE(has(own, address("127.0.0.1"), port_of(sockets.http[0])));
    EXPECT_TRUE(has(own, address("127.0.0.2"), port_of(sockets.gateways[0][0])));
}

TEST(SocketsOfOurs, on_every_address_are_each_address_of_the_host) {
    Sockets sockets;
    sockets.inbound.push_back(listener("inet:0.0.0.0:0"));
    const auto own = told(sockets);
    const std::uint16_t port = port_of(sockets.inbound[0]);
    EXPECT_TRUE(has(own, address("127.0.0.1"), port));
    EXPECT_FALSE(has(own, address("::1"), port));
    for (const IpAddress& one : net::host_addresses()) EXPECT_EQ(has(own, one, port), one.is_v4()) << one.text();
}

TEST(SocketsOfOurs, that_systemd_opened_take_the_families_that_they_take) {
    for (const bool only_v6 : {false, true}) {
        Sockets sockets;
        sockets.gateways.resize(1);
        sockets.gateways[0].push_back(activated_on_every_address(only_v6));
        const auto own = told(sockets);
        const std::uint16_t port = port_of(sockets.gateways[0][0]);
        EXPECT_EQ(has(own, address("127.0.0.1"), port), !only_v6);
        for (const IpAddress& one : net::host_addresses()) EXPECT_EQ(has(own, one, port), !one.is_v4() || !only_v6) << one.text();
    }
}

}  // namespace
}  // namespace exota::app
