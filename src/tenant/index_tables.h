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
    std::size_t without_organizations = 0;  // tenants
    bool of_answers = false;                // Index::knows_neighbours

    /// What these tables lie over (index_over.h): another index, whose tables lie over nothing, and what of it counts no more. Numbers of
    /// its tenants stay; those of the tables above come behind them. tenant_count, without_organizations, longest_wildcard, factors and
    /// mildest_mode above are of both then.
    struct Beneath {
        std::shared_ptr<const Index> index;
        std::uint32_t numbers = 0;        // of its tenants
        std::vector<std::uint64_t> gone;  // a bit for each of them
        Ancestors gone_ancestors;         // by their numbers there
        std::size_t domains = 0;          // entries of those that are not gone

        /// Or it never was one of its tenants (no_tenant).
        bool is_gone(Number number) const noexcept {
            const auto bit = static_cast<std::uint32_t>(number);
            return bit >= numbers || (gone[bit / 64] >> bit % 64 & 1) != 0;
        }
        /// @param base   its tables.
        /// @param roles  any of them.
        NameRef find(const Tables& base, std::uint32_t roles, const HashedName& name) const noexcept {
            return base.names.find_if(name, base.arena,
                                      [&](NameRef ref) { return (base.arena.word(ref, 1) & roles) != 0 && !is_gone(base.owner(ref)); });
        }
        NameRef find_id(const Tables& base, const HashedName& id) const noexcept {
            return base.tenant_ids.find_if(id, base.arena, [&](NameRef ref) { return !is_gone(base.owner(ref)); });
        }
        const Tables& tables() const noexcept { return *index->tables_; }
        std::size_t memory_octets() const noexcept {
            return index->memory_octets() + gone.size() * sizeof(std::uint64_t) + gone_ancestors.memory_octets();
        }
    };
    std::unique_ptr<const Beneath> beneath;

    /// Where a number is counted from 0, and whose it is.
    struct Place {
        const Tables* tables;
        Number number;
    };
    Place place_of(Number number) const noexcept {
        if (!beneath) return {this, number};
        const auto n = static_cast<std::uint32_t>(number);
        return n < beneath->numbers ? Place{&beneath->tables(), number} : Place{this, Number{n - beneath->numbers}};
    }
    Number numbered(Number own) const noexcept { return beneath ? Number{static_cast<std::uint32_t>(own) + beneath->numbers} : own; }
    const Tenant& tenant(Number number) const noexcept {
        const Place place = place_of(number);
        return (*place.tables)[place.number];
    }
    Coverage coverage(NameRef entry) const noexcept {
        const Number own = owner(entry);
        const bool has_own = (arena.word(entry, 1) & has_own_policy) != 0;
        return {numbered(own), &policies[has_own ? arena.word(entry, 2) : (*this)[own].policy]};
    }
    /// Index::covering() where there is something beneath.
    std::optional<Coverage> covering_over(std::string_view canonical_domain) const noexcept;
    std::unique_ptr<const Index> at_worst, at_worst_for_a_forward;

    NameRef find(Role role, const HashedName& name) const noexcept {
        return names.find_if(name, arena, [&](NameRef ref) { return (arena.word(ref, 1) & role) != 0; });
    }
    std::optional<Number> with(Role role, const HashedName& name) const noexcept;
    /// Each name of a tenant that is there, with its roles, also what lies beneath; a name of two tenants twice.
    template <class Visit>
    void for_each_name(Visit visit) const {
        const auto visit_all = [&visit](const Tables& of, auto counts) {
            of.names.for_each([&](NameRef ref) {
                if (counts(of.owner(ref))) visit(of.arena.name(ref), of.arena.word(ref, 1));
            });
        };
        visit_all(*this, [](Number) { return true; });
        if (beneath) visit_all(beneath->tables(), [this](Number tenant) { return !beneath->is_gone(tenant); });
    }
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
