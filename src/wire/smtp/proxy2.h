// The header of HAProxy's PROXY protocol, version 2: whose connection this is, written as the first octets to a backend that asks for it.
//
// Tested by proxy2_test.cc and fuzz/smtp_reply_fuzz.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/ip.h"

namespace exota::smtp {

struct ProxyInet {  // TCP4, or TCP6 where one of the addresses is of version 6
    base::IpAddress source, destination;
    std::uint16_t source_port = 0, destination_port = 0;
};
struct ProxyUnix {  // paths of at most 108 octets; what is longer is cut
    std::string_view source, destination;
};
struct ProxyLocal {};  // a connection of our own: a probe
using ProxyFacts = std::variant<ProxyInet, ProxyUnix, ProxyLocal>;

void append_proxy2_header(std::string& out, const ProxyFacts& facts);

}  // namespace exota::smtp
