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
        const auto [entry, added] = tenants_.try_emplace(base::hash_of(name, key_), tenant);
        if (added) return true;
        if (entry->second == tenant || entry->second == several) return false;
        entry->second = several;
        return true;
    }
    /// A tenant other than this one has a domain below `name`.
    bool is_above_another(std::string_view name, Number tenant) const noexcept {
        const auto found = tenants_.find(base::hash_of(name, key_));
        return found != tenants_.end() && found->second != tenant;
    }
    std::size_t memory_octets() const noexcept { return tenants_.bucket_count() * sizeof(void*) + tenants_.size() * 32; }

private:
    static constexpr Number several{0xffffffff};
    base::HashKey key_;
    std::unordered_map<std::uint64_t, Number> tenants_;
};

}  // namespace exota::tenant
