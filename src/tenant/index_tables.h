// What an Index is made of; shared by the Index, which reads it, and its builder, which writes it. Internal to this folder.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "tenant/ancestors.h"
#include "tenant/index.h"
#include "tenant/name_table.h"

namespace exota::tenant {

struct Index::Tables {
    /// In the word before a name: the name has a policy of its own, in the word before that one.
    static constexpr std::uint32_t has_own_policy = 0x80000000;
    /// There too: what the name is of its tenant. A name that is something of two tenants is there twice.
    enum Role : std::uint32_t { domain = 0x40000000, wildcard = 0x20000000, organization = 0x10000000, dkim_domain = 0x08000000 };
    /// In place of a tenant: an id whose domains all went to others (version 1, duplicate keys).
    static constexpr std::uint32_t no_tenant = 0x07ffffff;
    static constexpr std::uint32_t policy_mask = 0x3fffffff;

    struct Tenant {
        NameRef name = 0;
        std::uint32_t policy : 30 = 0;
        std::uint32_t has_tenant_ids : 1 = 0;
        std::uint32_t has_organizations : 1 = 0;
    };

    base::HashKey key;  // of both tables of names
    HashedName hashed(std::string_view name) const noexcept { return {name, key}; }

    // Every name has its tenant before it. What a tenant has twice (as domain and organisation, say) is stored once: most names are
    // one thing and are asked for as three, so one table for all is smaller and is read once.
    NameArena arena;
    NameTable names;       // in all roles; wildcards by their base: "*.a" as "a"
    NameTable tenant_ids;  // as their 36 characters
    Ancestors ancestors;   // of literal domains, and the bases of wildcards
    std::size_t domain_count = 0, wildcard_count = 0;
    std::size_t longest_wildcard = 0;  // octets of its base: nothing longer need be looked up
    std::vector<Tenant> tenants;
    FactorSet factors;                   // of all proofs of all policies
    Mode mildest_mode = Mode::enforce;   // of all policies
    bool all_have_organizations = true;  // all tenants
    std::deque<Policy> policies;         // 0 is the empty one
    std::size_t tenant_count = 0;
    bool of_answers = false;  // Index::knows_neighbours
    std::unique_ptr<const Index> at_worst, at_worst_for_a_forward;

    std::optional<Number> with(const NameTable& table, const HashedName& name) const noexcept;
    NameRef find(Role role, const HashedName& name) const noexcept {
        return names.find_if(name, arena, [&](NameRef ref) { return (arena.word(ref, 1) & role) != 0; });
    }
    std::optional<Number> with(Role role, const HashedName& name) const noexcept;
    Number owner(NameRef ref) const noexcept { return Number{arena.word(ref, 1) & no_tenant}; }
    const Tenant& operator[](Number number) const noexcept { return tenants[static_cast<std::uint32_t>(number)]; }
    Tenant& operator[](Number number) noexcept { return tenants[static_cast<std::uint32_t>(number)]; }
};

/// The 36 characters of an id, without an allocation.
struct TenantIdText {
    explicit TenantIdText(const mail::TenantId& id) noexcept {
        constexpr std::string_view digits = "0123456789abcdef";
        std::size_t at = 0;
        for (std::size_t i = 0; i < 16; ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) characters[at++] = '-';
            characters[at++] = digits[id.octets()[i] >> 4];
            characters[at++] = digits[id.octets()[i] & 15];
        }
    }
    std::string_view view() const noexcept { return {characters, sizeof characters}; }
    char characters[36];
};

}  // namespace exota::tenant
