// What a source of tenants is to be asked for one message, where it is asked for each: every name under which decide() may look a tenant
// up. A key that is missing here would be a tenant that is not found, so a claim against the author's tenant must never be left out.
//
// Tested by keys_test.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "decision/rules.h"
#include "evidence/evidence.h"
#include "tenant/keys.h"

namespace exota::decision {

/// As a tenant's DKIM domain a signing domain only speaks in favour of a message, so no more of them are asked for; who has or covers
/// the domain is asked of each.
inline constexpr std::size_t max_sdids_asked = 50;

/// With the author's domain there are all those above it, for whoever has one of them has a say in forwards, and so with X-OriginatorOrg;
/// of each domain that a tenant may cover the bases of all wildcards that would. What lies beside or below the author's domain cannot be
/// named (tenant::Index::knows_neighbours). Every name is there once in each role, the longest of a chain first. Signing domains are those
/// of the DKIM-Signature fields and of the results that are read, as far as the evidence has them (Collector::Interests::signed_fields).
tenant::Keys keys_of(const evidence::Evidence& evidence, const Rules& rules);

/// Besides, each kept recipient's domain, likewise with those above it.
void add_recipients(tenant::Keys& keys, const evidence::Evidence& evidence);

/// Which signatures are looked at first, of more than can be, where whose domains they are is not known yet: those of the author's
/// organisation, and those below a shared suffix, where every tenant has a domain of its own with which Microsoft signs.
/// @param sdid, author_domain  canonical.
bool is_likely_sdid(std::string_view sdid, std::string_view author_domain, const Rules& rules);

}  // namespace exota::decision
