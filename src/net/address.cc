#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/socket_address.h"

namespace exota::net {

namespace {

base::IpAddress ip_of(const in_addr& v4) {
    std::array<std::uint8_t, 16> octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::memcpy(octets.data() + 12, &v4, 4);
    return base::IpAddress::from_octets(octets);
}

base::IpAddress ip_of(const in6_addr& v6) {
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &v6, 16);
    return base::IpAddress::from_octets(octets);
}

}  // namespace

Address Address::of_system(const void* octets, std::size_t size) {
    sockaddr_storage storage{};
    std::memcpy(&storage, octets, std::min(size, sizeof storage));
    if (storage.ss_family == AF_INET && size >= sizeof(sockaddr_in)) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
        return of(ip_of(v4->sin_addr), ntohs(v4->sin_port));
    }
    if (storage.ss_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
        return of(ip_of(v6->sin6_addr), ntohs(v6->sin6_port));
    }
    constexpr std::size_t before_path = offsetof(sockaddr_un, sun_path);
    if (storage.ss_family != AF_UNIX || size <= before_path) return {};
    const auto* local = reinterpret_cast<const sockaddr_un*>(&storage);
    return of_socket(std::string(local->sun_path, strnlen(local->sun_path, std::min(size - before_path, sizeof local->sun_path))));
}

std::optional<Address> Address::of(const Endpoint& endpoint) {
    if (endpoint.kind == Endpoint::Kind::unix_socket) return of_socket(endpoint.path);
    if (!endpoint.is_tcp()) return std::nullopt;
    const base::Result<base::IpAddress> ip = base::IpAddress::parse(endpoint.host);
    if (!ip) return std::nullopt;
    return of(*ip, endpoint.port);
}

std::string Address::text() const {
    if (!ip) return path.empty() ? "unix" : "unix:" + path;
    return (ip->is_v4() ? ip->text() : '[' + ip->text() + ']') + ':' + std::to_string(port);
}

base::Result<SocketAddress> SocketAddress::of(const Address& address) {
    SocketAddress result;
    if (!address.ip) {
        if (address.path.empty()) return base::fail(base::Errc::invalid_data, "a Unix socket without a path");
        if (address.path.size() > max_socket_path_octets)
            return base::fail(base::Errc::too_long, "the path of a Unix socket has at most 107 octets");
        auto* local = reinterpret_cast<sockaddr_un*>(&result.storage);
        local->sun_family = AF_UNIX;
        address.path.copy(local->sun_path, sizeof local->sun_path - 1);
        result.octets = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.path.size() + 1);
    } else if (address.ip->is_v4()) {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        std::memcpy(&v4->sin_addr, address.ip->octets().data() + 12, 4);
        result.octets = sizeof *v4;
    } else {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address.port);
        std::memcpy(&v6->sin6_addr, address.ip->octets().data(), 16);
        result.octets = sizeof *v6;
    }
    return result;
}

}  // namespace exota::net
