// Which endpoint list may take the place of another: whoever is on the list counts as Exchange Online, and whoever is missing as a
// stranger, so a list that was damaged or tampered with is told from one that Microsoft changed. `exota endpoints update` and the daemon go
// by the same.
//
// Tested by endpoint_rules_test.cc and fuzz/endpoints_fuzz.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/endpoints.h"

namespace exota::config {

/// A prefix that is shorter holds more than Microsoft would send mail from. Lengths as they are written.
inline constexpr int shortest_ipv4_prefix = 10, shortest_ipv6_prefix = 32;
/// What a list may grow to by twice as many again and again: eight times what Microsoft had in 2026, as one /10 and one /44 hold it.
inline constexpr std::uint64_t most_ipv4_addresses = std::uint64_t{1} << 22, most_ipv6_networks = std::uint64_t{1} << 20;
/// How much a list holds, what several prefixes hold counted once.
struct EndpointExtent {
    std::uint64_t ipv4 = 0;  // addresses
    std::uint64_t ipv6 = 0;  // networks of 64 bits; a longer prefix counts as one
    friend bool operator==(const EndpointExtent&, const EndpointExtent&) = default;
};

EndpointExtent extent_of(const EndpointList& list);

/// What speaks against a list, each a clause for an operator; empty: nothing. A family that the list before had must stay, with at least
/// half of the addresses that were there and at most twice as many; one that it had not may come. Neither grows beyond the limits above, so
/// that no row of lists, each at most twice the one before, ends with half of the internet. Addresses that are no public ones
/// (RFC 6890: private, loopback, link-local, multicast ...) may not come to a list that had none.
/// @param before  whose place it takes; nullptr: nothing's, and only the prefixes themselves are looked at.
std::vector<std::string> objections_to(const EndpointList& list, const EndpointList* before);

/// For an operator: the first five, and how many there are besides.
std::string text_of_objections(const std::vector<std::string>& objections);

struct EndpointDifference {
    std::vector<base::IpPrefix> added, removed;  // in the order of their list
};

EndpointDifference difference(const EndpointList& before, const EndpointList& after);

}  // namespace exota::config
