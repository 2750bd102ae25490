#include "directory/ldap_rows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/utf8.h"
#include "directory/ldap_entry.h"
#include "tenant/raw_tenants.h"

namespace exota::directory {
namespace {

using tenant::Field;
using Values = std::vector<std::string>;

constexpr std::size_t max_told_octets = 200;  // of a DN in a message

std::string one_value(std::string_view attribute, std::size_t values) {
    return std::string(attribute) + " must have one value, has " + std::to_string(values);
}

/// All values of an attribute, in pieces or not.
Values values_of(const LdapEntry& entry, std::string_view name) {
    Values all;
    for (const auto& [attribute, values] : entry.attributes)
        if (base::iequals(attribute, name)) all.insert(all.end(), values.begin(), values.end());
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    return all;
}

/// Active Directory gives no more than some 1500 values at once, and says so in the attribute's name.
bool comes_in_parts(const LdapEntry& entry, std::string_view name) {
    return std::ranges::any_of(entry.attributes, [name](const auto& attribute) {
        const std::string_view whole = attribute.first;
        return whole.size() > name.size() && base::iequals(whole.substr(0, name.size()), name) &&
               base::iequals(whole.substr(name.size(), 7), ";range=");
    });
}

/// "DOMAIN=WORD" each. @return  nullopt: a domain has two words.
std::optional<tenant::RawWords> words_of(const Values& values) {
    tenant::RawWords words;
    for (std::string_view text : values) {
        std::string domain(base::trim(base::take_until(text, '=')));
        std::ranges::transform(domain, domain.begin(), base::to_lower);
        if (!words.emplace(std::move(domain), base::trim(text)).second) return std::nullopt;
    }
    return words;
}

/// As tenant::TenantEntry::set_texts() takes texts. @return  what is wrong.
base::Result<tenant::RawValue> raw_value(const LdapAttribute& attribute, Field field, const Values& values) {
    if (is_list(field)) return values;
    if (field == Field::recipients && std::ranges::any_of(values, [](const std::string& text) { return text.contains('='); })) {
        auto words = words_of(values);
        if (!words) return base::fail(base::Errc::invalid_data, std::string(attribute.name) + " has two words for one domain");
        return *std::move(words);
    }
    if (values.size() != 1) return base::fail(base::Errc::invalid_data, one_value(attribute.name, values.size()));
    const std::string& value = values.front();
    const bool is_truth = field == Field::forwarding || field == Field::hybrid, is_true = base::iequals(value, "true");
    if (is_truth && (is_true || base::iequals(value, "false"))) return is_true;
    return value;
}

base::Result<tenant::RawTenant> raw_tenant(const std::string& name, const LdapEntry& entry) {
    tenant::RawTenant raw{name, {}};
    for (const LdapAttribute& attribute : own_attributes) {
        const auto wrong = [&attribute](const char* why) {
            return base::fail(base::Errc::invalid_data, std::string(attribute.name) + why);
        };
        if (comes_in_parts(entry, attribute.name)) return wrong(" has more values than the server gives at once");
        const Values values = values_of(entry, attribute.name);
        const auto field = tenant::field_named(attribute.field);
        if (values.empty() || !field) continue;
        if (!std::ranges::all_of(values, [](const std::string& value) { return base::is_utf8(value); })) return wrong(" is no UTF-8");
        auto value = raw_value(attribute, *field, values);
        if (!value) return std::unexpected(value.error());
        const auto [known, is_new] = raw.values.try_emplace(*field, *value);
        // Ids stand under two names.
        if (!is_new) std::ranges::copy(values, std::back_inserter(std::get<Values>(known->second)));
    }
    return in_canonical_form(std::move(raw));
}

TenantRow row_of(const std::string& name, const LdapEntry& entry) {
    const auto raw = raw_tenant(name, entry);
    if (!raw) return {name, {}, raw.error().detail};
    return {name, base::json_text([&raw](base::JsonObject& object) { add_fields(object, *raw); })};
}

std::string told(const std::string& dn) { return dn.size() <= max_told_octets ? dn : dn.substr(0, max_told_octets) + "…"; }

}  // namespace

std::vector<TenantRow> rows_of(const std::vector<LdapEntry>& entries) {
    std::vector<TenantRow> rows;
    std::map<std::string, std::pair<std::size_t, const LdapEntry*>> seen;  // row and entry of each name
    for (const LdapEntry& entry : entries) {
        Values names = values_of(entry, name_attribute);
        if (names.empty()) names.push_back(entry.dn);
        for (const std::string& name : names) {
            const auto [known, is_new] = seen.try_emplace(name, rows.size(), &entry);
            if (!is_new)
                rows[known->second.first].wrong = "is the name of " + told(known->second.second->dn) + " and of " + told(entry.dn);
            else if (names.size() > 1)
                rows.push_back({name, {}, one_value(name_attribute, names.size())});
            else
                rows.push_back(row_of(name, entry));
        }
    }
    return rows;
}

}  // namespace exota::directory
