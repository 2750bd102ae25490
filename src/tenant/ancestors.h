// Names that stand above some tenant's domains: is contoso.com, which nobody listed, the parent of somebody's mail.contoso.com?
//
// Kept by hash, and only names of two labels or more: above most domains there is none, and above those of a shared suffix one. Two names
// with one hash of 64 bits would be taken for one, which can only say "somebody's".
//
// Tested by index_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "mail/domain.h"
#include "tenant/index.h"

namespace exota::tenant {

class Ancestors {
public:
    explicit Ancestors(const base::HashKey& key = {}) noexcept : key_(key) {}

    /// Everything above `domain`.
    void add_above(std::string_view domain, Number tenant) {
        for (std::string_view name = mail::parent_of(domain); name.find('.') != std::string_view::npos; name = mail::parent_of(name))
            if (!add(name, tenant)) return;  // what lies above is known for this tenant, too
    }
    /// @return false if that was known.
    bool add(std::string_view name, Number tenant) {
        const auto [entry, added] = tenants_.try_emplace(base::hash_of(name, key_));
        if (!added && entry->second.last == tenant) return false;
        entry->second.last = tenant;
        ++entry->second.below.count;
        entry->second.below.sum += static_cast<std::uint32_t>(tenant);
        return true;
    }

    /// The tenants that have a domain below a name. Each is counted once where the names of a tenant are added one after the other; else
    /// there may be more of them than there are, though not where there is one.
    struct Below {
        std::uint32_t count = 0;
        std::uint32_t sum = 0;  // of their numbers, modulo 2^32: of one, which one it is
    };
    Below below(std::string_view name) const noexcept {
        const auto found = tenants_.find(base::hash_of(name, key_));
        return found == tenants_.end() ? Below{} : found->second.below;
    }
    static bool is_another(const Below& below, Number tenant) noexcept {
        return below.count > 1 || (below.count == 1 && below.sum != static_cast<std::uint32_t>(tenant));
    }
    std::size_t memory_octets() const noexcept { return tenants_.bucket_count() * sizeof(void*) + tenants_.size() * 48; }

private:
    struct Entry {
        Number last{};
        Below below;
    };
    base::HashKey key_;
    std::unordered_map<std::uint64_t, Entry> tenants_;
};

}  // namespace exota::tenant
