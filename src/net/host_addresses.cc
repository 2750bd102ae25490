#include "net/host_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

namespace exota::net {

namespace {

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

base::Result<Found> ask_system(const std::string& host, int family) {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (error != 0) return base::fail(error == EAI_AGAIN ? base::Errc::unavailable : base::Errc::not_found, gai_strerror(error));
    return Found(found, freeaddrinfo);
}

void add(std::vector<base::IpAddress>& addresses, const base::IpAddress& one) {
    if (std::ranges::find(addresses, one) == addresses.end()) addresses.push_back(one);
}

}  // namespace

base::Result<Address> look_up_host(const Endpoint& endpoint) {
    if (!endpoint.is_tcp() || endpoint.host.empty()) return base::fail(base::Errc::invalid_data, endpoint.text() + ": names no host");
    const auto found = ask_system(endpoint.host, endpoint.kind == Endpoint::Kind::inet ? AF_INET : AF_INET6);
    if (!found) return base::fail(found.error().code, endpoint.text() + ": " + found.error().detail);
    Address address = Address::of_system((*found)->ai_addr, (*found)->ai_addrlen);
    address.port = endpoint.port;
    return address;
}

base::Result<std::vector<base::IpAddress>> look_up_addresses(const std::string& host) {
    const auto found = ask_system(host, AF_UNSPEC);
    if (!found) return std::unexpected(found.error());
    std::vector<base::IpAddress> addresses;
    for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next)
        if (const Address address = Address::of_system(one->ai_addr, one->ai_addrlen); address.ip) add(addresses, *address.ip);
    return addresses;
}

std::vector<base::IpAddress> host_addresses() {
    std::vector<base::IpAddress> addresses;
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return addresses;
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, freeifaddrs);
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
        const std::size_t octets = one->ifa_addr->sa_family == AF_INET    ? sizeof(sockaddr_in)
                                   : one->ifa_addr->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                                          : 0;
        if (octets == 0) continue;
        const Address address = Address::of_system(one->ifa_addr, octets);
        add(addresses, *address.ip);
    }
    return addresses;
}

}  // namespace exota::net
