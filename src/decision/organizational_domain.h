// Organisational domains by the public suffix list, and by the operator's shared suffixes (onmicrosoft.com and its kin), below which
// every label belongs to somebody else.
//
// Tested by organizational_domain_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exota::decision {

/// The part of `canonical_domain` that one registrant holds: one label more than the longest public or shared suffix.
/// @return a view into `canonical_domain`; empty when the name is itself such a suffix.
std::string_view organizational_domain(std::string_view canonical_domain, const std::vector<std::string>& shared_suffixes);

}  // namespace exota::decision
