// An index of many tenants of which some changed: what changed lies over what there was, and neither is built again.
//
//   above     the tenants that are otherwise now than beneath, and new ones          an index of their own, made for this one
//   beneath   the last index of all; those that are above, or gone, count no more    shared by all that were made over it
//
// There are never more than these two: for the next change all that changed since the last whole index are read again, and lie over that
// one in place of these. With n tenants of which k changed since, a change costs O(k), and whoever makes them builds a whole index, for
// O(n), once k is large. After each m changes that is O(m + n / m) a change (directory/tenant_rows.h).
//
// A look-up sees what lies above first, then what lies beneath; of several that cover a domain the most specific, wherever it lies. All
// look-ups say what a whole index would say. Only factors() may have some, and mildest_mode() be one, of a tenant that is gone, until a
// whole index is built. It takes what lies above, and a bit for each tenant beneath, besides what lies beneath, which lives as long as one
// of those that share it. memory_octets() is of both.
//
// Tested by index_over_test.cc and directory/tenant_rows_over_test.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "tenant/index.h"

namespace exota::tenant {

/// @param all     made of one version-2 file or the like, with nothing beneath it. Must not be null.
/// @param gone    numbers of its tenants that are no more, or no more as they were: each once.
/// @param before  these tenants alone, as they were, in the order of `gone`.
/// @param after   those of them that are otherwise now, and those that are new. None may have the name of a tenant that stays.
/// @return        nullopt: a domain, wildcard, id, organisation or DKIM domain of `after` excludes one that another tenant has in `all`,
///                so only a reading of all can say who is wrong; or they are too many for one index; or not such as is said above (there is
///                something beneath them, the keys of their hashes differ, not all neighbours are known).
std::optional<Index> over(std::shared_ptr<const Index> all, std::span<const Number> gone, const Index& before, Index after);

/// Numbers of tenants are below this; not each of them need be one's.
std::size_t number_count(const Index& index) noexcept;
/// A tenant has this number.
bool has_tenant(const Index& index, Number tenant) noexcept;
/// Numbers below this are the same tenants' in both, as far as both have them: one was made over the other, or both over one. 0: who knows.
std::size_t shared_number_count(const Index& a, const Index& b) noexcept;
/// No more domains (literal ones and wildcards) of `before` than this are missing in `now`, told without a look at any of them: those that
/// lie above in `before`, and those that count no more beneath in `now`. All of them where the two do not lie over one index.
std::size_t most_domains_lost(const Index& before, const Index& now) noexcept;

}  // namespace exota::tenant
