// Names that stand above some tenant's domains: is contoso.com, which nobody listed, the parent of somebody's mail.contoso.com?
//
// Kept by hash, and only names of two labels or more: above most domains there is none, and above those of a shared suffix one. Two names
// with one hash of 64 bits would be taken for one, which can only say "somebody's".
//
// Tested by index_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/hash.h"
#include "tenant/index.h"

namespace exota::tenant {

class Ancestors {
public:
    explicit Ancestors(const base::HashKey& key = {}) noexcept;
    ~Ancestors();
    Ancestors(Ancestors&&) noexcept;
    Ancestors& operator=(Ancestors&&) noexcept;

    /// Everything above `domain`.
    void add_above(std::string_view domain, Number tenant);
    /// @return false if that was known.
    bool add(std::string_view name, Number tenant);

    /// The tenants that have a domain below a name. Each is counted once where the names of a tenant are added one after the other; else
    /// there may be more of them than there are, though not where there is one.
    struct Below {
        std::uint32_t count = 0;
        std::uint32_t sum = 0;  // of their numbers, modulo 2^32: of one, which one it is
    };
    Below below(std::string_view name) const noexcept;
    static bool is_another(const Below& below, Number tenant) noexcept {
        return below.count > 1 || (below.count == 1 && below.sum != static_cast<std::uint32_t>(tenant));
    }
    std::size_t memory_octets() const noexcept;

private:
    struct Table;
    base::HashKey key_;
    std::unique_ptr<Table> table_;  // none as long as there is no name
};

}  // namespace exota::tenant
