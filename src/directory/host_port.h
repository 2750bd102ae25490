// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT, as the URLs of servers that are asked have it (RFC 3986 section 3.2).
//
// Tested by redis_url_test.cc and ldap_url_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::directory {

struct HostPort {
    std::string host;  // a name or an address, without brackets
    std::uint16_t port;
};

/// @param port  where none is written.
/// @return      invalid_data, too_long: why it is none. Which octets a name may have is not looked at.
base::Result<HostPort> parse_host_port(std::string_view text, std::uint16_t port);

}  // namespace exota::directory
