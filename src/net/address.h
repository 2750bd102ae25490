// One end of a connection: an IP address and a port, or a Unix socket.
//
// Tested by address_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ip.h"
#include "net/endpoint.h"

namespace exota::net {

struct Address {
    std::optional<base::IpAddress> ip;  // nullopt: a Unix socket
    std::uint16_t port = 0;             // with an IP address
    std::string path;                   // of a Unix socket; empty: it has no name, as that of a client

    static Address of(const base::IpAddress& ip, std::uint16_t port) { return {ip, port, {}}; }
    static Address of_socket(std::string path) { return {std::nullopt, 0, std::move(path)}; }
    /// @param octets  a sockaddr of `size` octets, as getpeername() fills it; a family that is none of ours is a socket without a name.
    static Address of_system(const void* octets, std::size_t size);
    /// @return  nullopt if the host is a name, or empty, or the socket is systemd's: there is no one address then.
    static std::optional<Address> of(const Endpoint& endpoint);

    bool is_tcp() const noexcept { return ip.has_value(); }
    /// "192.0.2.1:25", "[2001:db8::1]:25", "unix:/run/x", "unix".
    std::string text() const;
    friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace exota::net
