// How many of the domains that were there are there yet, whoever has them now: what a guard against a loss compares. Numbers alone would
// not do, for ten domains that are replaced by ten others are all lost.
//
// A domain is kept if what there is now covers it: as it is, or below a wildcard ("*.a" keeps a literal "b.a", and "*.b.a"). A literal name
// never keeps a wildcard, which stood for more.
//
// Where there were few, only numbers count: such a list is written by hand, and who puts another name in place of one means it.
//
// Tested by domains_kept_test.cc.
#pragma once

#include <cstddef>

#include "tenant/index.h"

namespace exota::tenant {

class RawTenants;

/// So many are written by programs.
inline constexpr std::size_t domains_of_a_program = 100;

struct DomainsKept {
    std::size_t before = 0;  // literal domains and wildcards
    std::size_t kept = 0;    // of these
    friend bool operator==(const DomainsKept&, const DomainsKept&) = default;
};

/// Looks each of `before` up in `now`: whoever has many, and compares often, asks most_domains_lost() first (index_over.h).
/// @param few  below that many only numbers count.
DomainsKept domains_kept(const Index& before, const Index& now, std::size_t few = domains_of_a_program);
/// The same of what is not checked: names by their canonical form, where they have one. Each counts once, also if two tenants have it.
DomainsKept domains_kept(const RawTenants& before, const RawTenants& now, std::size_t few = domains_of_a_program);

}  // namespace exota::tenant
