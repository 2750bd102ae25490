// iprev (RFC 8601 section 3): does the client's address have a name that says the same of itself?
//
// Asks DNS by value (dns.h). Tested by iprev_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dns.h"
#include "base/ip.h"

namespace exota::authn {

/// fail: no name of the address has it. permerror: the address has no name.
enum class IprevValue : std::uint8_t { pass, fail, temperror, permerror };
std::string_view name_of(IprevValue value) noexcept;

inline constexpr std::size_t max_iprev_names = 10;  // that are looked up; more are as none

struct IprevResult {
    bool pending = false;  // some answer is missing: resolve Dns::take_pending() and call again
    IprevValue value = IprevValue::temperror;
    std::vector<std::string> names;  // those that are confirmed, in lower case, in the order of the answer
};

/// temperror: no name is confirmed, and of some it could not be found out.
IprevResult check_iprev(const base::IpAddress& address, Dns& dns);

}  // namespace exota::authn
