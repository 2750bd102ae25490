#include "app/config_unbuilt.h"

#include <array>

namespace exota::app {
namespace {

struct UnbuiltFactor {
    tenant::Factor factor;
    std::string_view part;
};
constexpr auto unbuilt_factors = std::to_array<UnbuiltFactor>({
    {tenant::Factor::spf, "SPF verification"},
    {tenant::Factor::dmarc, "DMARC verification"},
    {tenant::Factor::arc, "ARC verification"},
});

struct UnbuiltValue {
    std::string_view key, value, part;
};
constexpr auto unbuilt_values = std::to_array<UnbuiltValue>({
    {"dkim.source", "verify", "DKIM verification"},
    {"dkim.source", "both", "DKIM verification"},
    {"tenants.source", "ldap", "tenants from LDAP"},
    {"tenants.source", "postgresql", "tenants from PostgreSQL"},
});

struct UnbuiltSection {
    std::string_view section, part;
};
constexpr auto unbuilt_sections = std::to_array<UnbuiltSection>({
    {"gateway", "the SMTP gateway"},
    {"ldap", "tenants from LDAP"},
    {"postgresql", "tenants from PostgreSQL"},
});

std::string sentence(std::string_view part) { return std::string(part) + " is not built yet"; }

}  // namespace

std::optional<std::string> unbuilt_factor(tenant::Factor factor) {
    for (const UnbuiltFactor& entry : unbuilt_factors)
        if (entry.factor == factor)
            return "the factor " + std::string(name_of(factor)) + " needs " + std::string(entry.part) + ", which is not built yet";
    return std::nullopt;
}

std::optional<std::string> unbuilt_in(const tenant::Proof& proof) {
    for (const tenant::Factor factor : proof.factors)
        if (auto why = unbuilt_factor(factor)) return why;
    return std::nullopt;
}

std::optional<std::string> unbuilt_value(std::string_view key, std::string_view value) {
    for (const UnbuiltValue& entry : unbuilt_values)
        if (entry.key == key && entry.value == value) return '"' + std::string(value) + "\": " + sentence(entry.part);
    return std::nullopt;
}

std::optional<std::string> unbuilt_section(std::string_view section) {
    for (const UnbuiltSection& entry : unbuilt_sections)
        if (entry.section == section) return sentence(entry.part);
    return std::nullopt;
}

}  // namespace exota::app
