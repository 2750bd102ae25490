#include "net/host_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

namespace exota::net {

base::Result<Address> look_up_host(const Endpoint& endpoint) {
    if (!endpoint.is_tcp() || endpoint.host.empty()) return base::fail(base::Errc::invalid_data, endpoint.text() + ": names no host");
    addrinfo hints{};
    hints.ai_family = endpoint.kind == Endpoint::Kind::inet ? AF_INET : AF_INET6;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(endpoint.host.c_str(), nullptr, &hints, &found);
    if (error != 0)
        return base::fail(error == EAI_AGAIN ? base::Errc::unavailable : base::Errc::not_found,
                          endpoint.text() + ": " + gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    Address address = Address::of_system(found->ai_addr, found->ai_addrlen);
    address.port = endpoint.port;
    return address;
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
        if (std::ranges::find(addresses, *address.ip) == addresses.end()) addresses.push_back(*address.ip);
    }
    return addresses;
}

}  // namespace exota::net
