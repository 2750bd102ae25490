// An address as the system's calls take it. Private to net.
#pragma once

#include <sys/socket.h>

#include "base/result.h"
#include "net/address.h"

namespace exota::net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t octets = 0;

    /// @return  too_long: the path of a Unix socket; invalid_data: it has no path.
    static base::Result<SocketAddress> of(const Address& address);
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

}  // namespace exota::net
