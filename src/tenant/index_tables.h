// What an Index is made of; shared by the Index, which reads it, and its builder, which writes it. Internal to this folder.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "tenant/index.h"
#include "tenant/name_table.h"

namespace exota::tenant {

struct Index::Tables {
    static constexpr std::uint32_t no_tenant = 0xffffffff;         // an id whose entries were all replaced (version 1, duplicate keys)
    static constexpr std::uint32_t policy_of_tenant = 0x3fffffff;  // in a domain: no policy of its own

    struct Tenant {
        NameRef name = 0;
        std::uint32_t policy : 30 = 0;
        std::uint32_t has_tenant_ids : 1 = 0;
        std::uint32_t has_organizations : 1 = 0;
    };

    NameArena arena;
    NameTable domains, wildcards;                       // words: policy, tenant. A wildcard is kept by its base: "*.a" as "a"
    NameTable tenant_ids, organizations, dkim_domains;  // word: tenant. An id is kept as its 36 characters
    std::vector<Tenant> tenants;
    std::deque<Policy> policies;  // 0 is the empty one
    std::size_t tenant_count = 0;

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
