// IP addresses and prefixes. One canonical form: 16 octets, IPv4 as IPv4-mapped (RFC 4291 section 2.5.5.2), so that a client that
// comes as ::ffff:192.0.2.1 is 192.0.2.1.
//
// Tested by ip_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::base {

class IpAddress {
public:
    /// @param text  "192.0.2.1", "2001:db8::1" or "IPv6:2001:db8::1" (as milter macros and address literals write it). No zone, no
    /// brackets.
    static Result<IpAddress> parse(std::string_view text);
    static IpAddress from_octets(const std::array<std::uint8_t, 16>& octets) noexcept;

    bool is_v4() const noexcept;
    /// 16 octets, network order; IPv4 in the last four.
    const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }
    /// Canonical text: dotted quad, or RFC 5952.
    std::string text() const;
    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
    std::array<std::uint8_t, 16> octets_{};
};

class IpPrefix {
public:
    /// "192.0.2.0/24", "2001:db8::/32", or an address alone (/32, /128). Host bits that are set are an error: it is a typing slip.
    static Result<IpPrefix> parse(std::string_view text);
    bool contains(const IpAddress& address) const noexcept;
    /// Some address is in both.
    bool overlaps(const IpPrefix& other) const noexcept { return contains(other.network_) || other.contains(network_); }
    std::string text() const;
    /// Its first address.
    const IpAddress& network() const noexcept { return network_; }
    /// Its last one.
    IpAddress last() const noexcept;
    /// Its length, of the form of 16 octets: 120 of 192.0.2.0/24.
    int bits() const noexcept { return bits_; }
    friend bool operator==(const IpPrefix&, const IpPrefix&) = default;

private:
    IpAddress network_;
    int bits_ = 128;  // of the 16 octet form
};

/// Some prefix of the list contains the address. Linear: lists of an operator have tens of entries.
bool any_contains(const std::vector<IpPrefix>& prefixes, const IpAddress& address) noexcept;

}  // namespace exota::base
