// The fields of a tenant, as version 2 of the tenants file names them; other sources use the same names.
//
// Tested by raw_tenants_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace exota::tenant {

enum class Field : std::uint8_t {
    tenant_ids,
    organizations,
    domains,
    dkim_domains,
    proofs,
    connector_clients,
    limits,  // lists
    alignment,
    limit_action,
    mode,  // words
    forwarding,
    hybrid,      // truth values
    recipients,  // a word, or domains with a word each
};

inline constexpr std::array<std::string_view, 13> field_names{"tenant_ids",        "organizations", "domains",   "dkim_domains", "proofs",
                                                              "connector_clients", "limits",        "alignment", "limit_action", "mode",
                                                              "forwarding",        "hybrid",        "recipients"};

constexpr std::string_view name_of(Field field) noexcept { return field_names[static_cast<std::size_t>(field)]; }
constexpr std::optional<Field> field_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < field_names.size(); ++i)
        if (field_names[i] == name) return static_cast<Field>(i);
    return std::nullopt;
}
constexpr bool is_list(Field field) noexcept { return field <= Field::limits; }
/// Its names belong to one tenant only, and are looked up.
constexpr bool is_names(Field field) noexcept { return field <= Field::dkim_domains; }

}  // namespace exota::tenant
