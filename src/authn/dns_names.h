// Names that DNS is asked for, and addresses that it answers.
//
// Tested by dns_names_test.cc and spf_test.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace exota::authn {

/// A name that can be asked for: labels of 1 to 63 octets, at most 253 in all; a final dot does not count. Printable ASCII without the
/// backslash, which for the resolver is the beginning of another octet: a name that comes back otherwise than it was asked for would be
/// no answer, and whoever has his local part or HELO in it (%{l}, %{h}) could make himself one that never comes.
/// @param least_labels  how many it must have.
bool is_dns_name(std::string_view name, std::size_t least_labels) noexcept;

/// The name that asks for an address's PTR records: "1.2.0.192.in-addr.arpa", or 32 nibbles below ip6.arpa.
std::string reverse_name(const base::IpAddress& address);

/// The octets of an A or AAAA record as an address; nullopt: neither 4 nor 16.
std::optional<base::IpAddress> address_of(std::string_view record) noexcept;

}  // namespace exota::authn
