#include "programs/tenant_output.h"

#include <algorithm>
#include <optional>

#include "base/counted.h"
#include "base/joined.h"
#include "base/json_writer.h"
#include "programs/json_output.h"
#include "programs/problems.h"

namespace exota::programs {
namespace {

using base::JsonArray;
using base::JsonObject;
using tenant::Field;
using tenant::TenantChange;

/// A text for a terminal: what is not plain is quoted and escaped.
std::string shown(const std::string& text) {
    const std::string quoted = base::json_text(text);
    return !text.empty() && quoted.size() == text.size() + 2 ? text : quoted;
}

std::string shown(const tenant::RawValue& value) {
    if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
    if (const std::string* text = std::get_if<std::string>(&value)) return shown(*text);
    if (const auto* words = std::get_if<tenant::RawWords>(&value))
        return base::joined(*words, ", ", [](const auto& one) { return shown(one.first) + ':' + shown(one.second); });
    const auto& list = std::get<std::vector<std::string>>(value);
    return list.empty() ? "[]" : base::joined(list, ", ", [](const std::string& one) { return shown(one); });
}

std::size_t count_of(const tenant::RawTenant& one, Field field) {
    const auto value = one.values.find(field);
    if (value == one.values.end()) return 0;
    const auto* list = std::get_if<std::vector<std::string>>(&value->second);
    return list ? list->size() : 0;
}

std::optional<std::string> mode_of(const tenant::RawTenant& one) {
    const auto value = one.values.find(Field::mode);
    return value == one.values.end() ? std::nullopt : std::optional(shown(value->second));
}

void put(const base::JsonPlace& place, const std::optional<tenant::RawValue>& value) {
    if (!value) return place.put(nullptr);
    tenant::put_raw(place, *value);
}

/// What of a list came or went; of anything else, the value before and the value after.
std::string lines_of(const tenant::FieldChange& change) {
    const auto line = [&change](char sign, const std::string& value) {
        return std::string(1, sign) + "   " + std::string(name_of(change.field)) + ": " + value + '\n';
    };
    using List = std::vector<std::string>;
    if (change.before && change.after && std::holds_alternative<List>(*change.before) && std::holds_alternative<List>(*change.after)) {
        const List &before = std::get<List>(*change.before), &after = std::get<List>(*change.after);
        const auto without = [](const List& those, List others) {
            List left;
            std::ranges::sort(others);
            for (const std::string& one : those)
                if (!std::ranges::binary_search(others, one)) left.push_back(one);
            return left;
        };
        const List gone = without(before, after), come = without(after, before);
        if (!gone.empty() || !come.empty())
            return (gone.empty() ? "" : line('-', shown(gone))) + (come.empty() ? "" : line('+', shown(come)));
    }
    return (change.before ? line('-', shown(*change.before)) : "") + (change.after ? line('+', shown(*change.after)) : "");
}

}  // namespace

std::string list_as_text(const tenant::RawTenants& tenants) {
    std::size_t widest = 0;
    for (const tenant::RawTenant& one : tenants.all()) widest = std::max(widest, shown(one.name).size());
    std::string out;
    for (const tenant::RawTenant& one : tenants.all()) {
        std::string name = shown(one.name);
        name.resize(widest, ' ');
        out += name + "  " + base::counted(count_of(one, Field::domains), "domain") + ", " +
               base::counted(count_of(one, Field::tenant_ids), "tenant id") + ", " +
               base::counted(count_of(one, Field::organizations), "organization");
        if (const auto mode = mode_of(one)) out += ", mode " + *mode;
        out += '\n';
    }
    return out;
}

std::string list_as_json(const tenant::RawTenants& tenants) {
    return json_output([&](JsonArray& array) {
        for (const tenant::RawTenant& one : tenants.all())
            array.add([&one](JsonObject& members) {
                members.add("name", one.name);
                for (const Field field : {Field::tenant_ids, Field::organizations, Field::domains, Field::dkim_domains})
                    members.add(name_of(field), count_of(one, field));
                members.add("mode", mode_of(one));
            });
    });
}

std::string tenant_as_text(const tenant::RawTenant& one) {
    std::string out = shown(one.name) + '\n';
    tenant::RawTenants none, only;
    only.put(one);
    for (const TenantChange& change : tenant::difference(none, only))
        for (const tenant::FieldChange& field : change.fields)
            out += "  " + std::string(name_of(field.field)) + ": " + shown(*field.after) + '\n';
    return out;
}

std::string tenant_as_json(const tenant::RawTenant& one) {
    return json_output([&](JsonObject& members) {
        members.add("name", one.name);
        add_fields(members, one);
    });
}

std::string difference_as_text(const std::vector<TenantChange>& difference) {
    static constexpr std::string_view signs = "+~-";
    std::string out;
    for (const TenantChange& change : difference) {
        out += std::string(1, signs[static_cast<std::size_t>(change.is)]) + ' ' + shown(change.name) + '\n';
        for (const tenant::FieldChange& field : change.fields) out += lines_of(field);
    }
    return out;
}

std::string change_as_json(const TenantsChanged& changed, const std::string& place, bool dry_run) {
    static constexpr std::string_view words[] = {"added", "changed", "removed"};
    return json_output([&](JsonObject& members) {
        members.add("place", place);
        members.add("dry_run", dry_run);
        members.add("written", changed.written);
        members.add("complaint", base::null_if_empty(changed.complaint));
        members.add("changes", [&](JsonArray& changes) {
            for (const TenantChange& change : changed.difference)
                changes.add([&change](JsonObject& one) {
                    one.add("tenant", change.name);
                    one.add("change", words[static_cast<std::size_t>(change.is)]);
                    one.add("fields", [&change](JsonArray& fields) {
                        for (const tenant::FieldChange& field : change.fields)
                            fields.add([&field](JsonObject& of_field) {
                                of_field.add("field", name_of(field.field));
                                put(of_field.place("before"), field.before);
                                put(of_field.place("after"), field.after);
                            });
                    });
                });
        });
        members.add("problems", [&](JsonArray& problems) { add_problems(problems, changed.problems); });
    });
}

}  // namespace exota::programs
