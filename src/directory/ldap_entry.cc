#include "directory/ldap_entry.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_text_octets = 1000;

const std::vector<std::string>* values_of(const LdapEntry& entry, std::string_view name) {
    const auto found =
        std::ranges::find_if(entry.attributes, [name](const auto& attribute) { return base::iequals(attribute.first, name); });
    return found == entry.attributes.end() || found->second.empty() ? nullptr : &found->second;
}

tenant::ReadTenant refused(std::string_view attribute, std::string why) {
    tenant::ReadTenant read;
    read.problems.push_back({tenant::Problem::Severity::error, {}, std::string(attribute), std::move(why)});
    return read;
}

tenant::ReadTenant read_predecessors(const LdapEntry& entry, std::string_view domain, const LdapSettings& settings,
                                     const tenant::Defaults& defaults) {
    tenant::DomainFields fields;
    const std::pair<const std::string&, std::optional<std::string_view>&> wanted[] = {
        {settings.tenant_id_attribute, fields.tenant_id},
        {settings.dkim_enabled_attribute, fields.dkim_enabled},
        {settings.dkim_alignment_attribute, fields.dkim_alignment_required},
    };
    for (const auto& [name, field] : wanted) {
        const std::vector<std::string>* const values = values_of(entry, name);
        if (values == nullptr) continue;
        if (values->size() > 1) return refused(name, "must have one value, has " + std::to_string(values->size()));
        field = values->front();
    }
    return tenant::read_found_domain(domain, fields, defaults);
}

tenant::ReadTenant read_own(const LdapEntry& entry, const tenant::Defaults& defaults) {
    std::string_view name = entry.dn;
    if (const std::vector<std::string>* const names = values_of(entry, name_attribute)) {
        if (names->size() > 1) return refused(name_attribute, "must have one value, has " + std::to_string(names->size()));
        name = names->front();
    }
    std::vector<tenant::TextField> fields;
    for (const LdapAttribute& attribute : own_attributes) {
        const std::vector<std::string>* const values = values_of(entry, attribute.name);
        if (values == nullptr) continue;
        auto field = std::ranges::find(fields, attribute.field, &tenant::TextField::name);
        if (field == fields.end()) field = fields.insert(field, {attribute.field, {}});
        // An id that stands under both names is one id, in whatever case.
        for (const std::string& value : *values)
            if (std::ranges::none_of(field->values, [&](std::string_view there) { return base::iequals(there, value); }))
                field->values.emplace_back(value);
    }
    return tenant::read_found_tenant(name, fields, defaults, entry.dn);
}

}  // namespace

std::vector<std::string> wanted_attributes(const LdapSettings& settings) {
    if (settings.schema == LdapSettings::Schema::predecessors)
        return {settings.tenant_id_attribute, settings.dkim_enabled_attribute, settings.dkim_alignment_attribute};
    std::vector<std::string> wanted{std::string(name_attribute)};
    for (const LdapAttribute& attribute : own_attributes) wanted.emplace_back(attribute.name);
    return wanted;
}

tenant::ReadTenant read_entry(const LdapEntry& entry, std::string_view asked, const LdapSettings& settings,
                              const tenant::Defaults& defaults) {
    if (settings.schema == LdapSettings::Schema::predecessors) return read_predecessors(entry, asked, settings, defaults);
    return read_own(entry, defaults);
}

std::string errors_of(const LdapEntry& entry, const std::vector<tenant::Problem>& problems) {
    std::string out = entry.dn;
    for (const tenant::Problem& problem : problems) {
        if (problem.severity != tenant::Problem::Severity::error) continue;
        out += (out.size() == entry.dn.size() ? ": " : "; ") + (problem.path.empty() ? "" : problem.path + ": ") + problem.text;
        if (out.size() > max_text_octets) {
            out.resize(max_text_octets);
            return out + "…";
        }
    }
    return out;
}

}  // namespace exota::directory
