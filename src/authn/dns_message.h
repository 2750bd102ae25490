// DNS answers as they come over the wire (RFC 1035 section 4): reading the records that were asked for.
//
// Tested by dns_message_test.cc and fuzz/dns_message_fuzz.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "authn/dns.h"

namespace exota::authn {

inline constexpr std::size_t max_dns_records = 256;  // of one answer that are kept
inline constexpr int max_cname_hops = 16;

/// @param packet  a whole response; may be of an enemy.
/// @return  data, no_data or nxdomain, with the records of `question` at the end of its CNAME chain. A response that cannot be read, is
///          for something else, has an rcode other than NOERROR and NXDOMAIN, is truncated, or whose CNAMEs loop is a temporary failure.
DnsAnswer read_dns_message(std::string_view packet, const DnsQuestion& question);

}  // namespace exota::authn
