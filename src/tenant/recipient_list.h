// Which recipients there are, of up to millions: addresses, and domains of which every address exists (catch-all).
//
// Kept as names of tenants are (name_table.h): some 40 octets an address. Immutable once it is filled, and shared by all loops.
//
// Tested by recipient_list_test.cc; bench/doors.cc measures it.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/hash.h"
#include "tenant/name_table.h"
#include "tenant/recipient_name.h"

namespace exota::tenant {

class RecipientList {
public:
    /// @param key  of the hashes: random, as strangers choose what is looked up.
    explicit RecipientList(const base::HashKey& key = {}) : key_(key) {}

    enum class Added : std::uint8_t { added, known_already, full };
    /// @param entry  canonical: RecipientName::text(), or '@' and a domain for all of them.
    Added add(std::string_view entry);

    /// Whether the recipient exists: as an address; without its extension; as any of its domain; as postmaster.
    /// @param rules  those by which the entries were read.
    bool knows(const RecipientName& name, const RecipientRules& rules) const;

    /// @param visit  called with each entry, as it was added.
    template <class Visit>
    void for_each(Visit visit) const {
        table_.for_each([&](NameRef ref) { visit(arena_.name(ref)); });
    }

    std::size_t size() const noexcept { return table_.count(); }
    std::size_t memory_octets() const noexcept { return arena_.octets() + table_.octets(); }

private:
    bool has(std::string_view entry) const noexcept { return table_.find(HashedName(entry, key_), arena_) != 0; }

    base::HashKey key_;
    NameArena arena_;
    NameTable table_;
};

}  // namespace exota::tenant
