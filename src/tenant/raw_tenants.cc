#include "tenant/raw_tenants.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "mail/tenant_id.h"
#include "tenant/canonical.h"
#include "tenant/json_events.h"
#include "tenant/problems.h"

namespace exota::tenant {
namespace {

/// As the documents show a tenant.
constexpr std::array<Field, field_names.size()> order{
    Field::tenant_ids,   Field::organizations, Field::domains, Field::dkim_domains,      Field::proofs,
    Field::alignment,    Field::forwarding,    Field::hybrid,  Field::connector_clients, Field::limits,
    Field::limit_action, Field::recipients,    Field::mode};

/// Takes what a version-2 text has. `sound` says whether all of it could be taken.
class RawReader final : public JsonSink {
public:
    enum class Place : unsigned char { document, root, tenants, tenant, list, words, behind };

    explicit RawReader(Place begin) noexcept : end_(begin), place_(begin) {}

    void on_begin(Container container) override {
        const bool object = container == Container::object;
        if (place_ == Place::document && object)
            place_ = Place::root;
        else if (place_ == Place::root && key_ == "tenants" && object)
            place_ = Place::tenants;
        else if (place_ == Place::tenants && object && (end_ == Place::tenants || named_))
            place_ = Place::tenant;
        else if (place_ == Place::tenant && field_ && is_list(*field_) && !object)
            place_ = Place::list, tenant.values[*field_] = std::vector<std::string>();
        else if (place_ == Place::tenant && field_ == Field::recipients && object)
            place_ = Place::words, tenant.values[*field_] = RawWords();
        else
            unsound(), ++lost_;
    }
    void on_end(Container) override {
        if (lost_ > 0) {
            --lost_;
            return;
        }
        switch (place_) {
            case Place::list:
            case Place::words:
                place_ = Place::tenant;
                return;
            case Place::tenant:
                if (end_ == Place::tenants) {
                    place_ = Place::behind;
                    return;
                }
                if (tenants.find(tenant.name)) sound = false;
                tenants.put(std::exchange(tenant, {}));
                named_ = false;
                field_.reset();
                place_ = Place::tenants;
                return;
            case Place::tenants:
                place_ = Place::root;
                return;
            case Place::root:
            case Place::document:
            case Place::behind:
                place_ = Place::behind;
                return;
        }
    }
    void on_key(std::string_view key, Text text) override {
        if (text == Text::cut) sound = false;
        if (place_ == Place::root) {
            bool& seen = key == "tenants" ? tenants_seen : version_seen;
            if ((key != "tenants" && key != "version") || std::exchange(seen, true)) sound = false;
            key_ = key;
        } else if (place_ == Place::tenants) {
            tenant.name = key;
            named_ = true;
        } else if (place_ == Place::tenant) {
            field_ = field_named(key);
            if (!field_ || tenant.values.contains(*field_)) sound = false;
        } else if (place_ == Place::words) {
            word_of_ = key;
        }
    }
    void on_string(std::string_view value, Text text) override {
        if (text == Text::cut) sound = false;
        if (lost_ == 0 && place_ == Place::list)
            std::get<std::vector<std::string>>(tenant.values[*field_]).emplace_back(value);
        else if (lost_ == 0 && place_ == Place::words)
            sound = std::get<RawWords>(tenant.values[*field_]).emplace(word_of_, value).second && sound;
        else
            take(RawValue(std::string(value)));
    }
    void on_bool(bool value) override { take(RawValue(value)); }
    void on_number(double value) override {
        if (lost_ > 0 || place_ != Place::root || key_ != "version" || value < 2 || value > 2) unsound();
    }
    void on_null() override { unsound(); }

    RawTenants tenants;
    RawTenant tenant;
    bool sound = true;
    std::optional<Field> where;  // what could not be taken first
    bool version_seen = false, tenants_seen = false;

private:
    void take(RawValue value) {
        if (lost_ == 0 && place_ == Place::tenant && field_ && !is_list(*field_))
            tenant.values[*field_] = std::move(value);
        else
            unsound();
    }
    void unsound() {
        if (sound) where = field_;
        sound = false;
    }

    const Place end_;  // where the text begins and ends
    Place place_;
    std::size_t lost_ = 0;  // depth within what cannot be taken
    std::string key_;       // of the root
    bool named_ = false;    // the tenant that is to come
    std::optional<Field> field_;
    std::string word_of_;  // the name whose word is to come
};

/// @return  what is wrong.
std::optional<std::string> read_into(RawReader& reader, std::string_view text) {
    JsonEvents events(reader);
    events.feed(text);
    events.finish();
    if (events.error()) return "is no JSON: " + events.error()->text;
    if (!reader.sound) return "has what cannot be kept" + (reader.where ? " in " + std::string(name_of(*reader.where)) : "");
    return std::nullopt;
}

/// Texts between commas. Nothing: no text.
std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::string_view one = base::take_until(text, ',');
        out.emplace_back(base::trim(one));
    }
    return out;
}

/// "NAME:WORD" between commas, each name once: of two words for one, as of a key twice in a file, nobody knows which is meant.
base::Result<RawWords> split_words(std::string_view text) {
    RawWords out;
    while (!text.empty()) {
        std::string_view one = base::take_until(text, ',');
        const std::string name(base::trim(base::take_until(one, ':')));
        if (std::ranges::any_of(out, [&name](const auto& known) { return base::iequals(known.first, name); }))
            return base::fail(base::Errc::invalid_data, in_quotes(name) + " stands there twice");
        out.emplace(name, base::trim(one));
    }
    return out;
}

/// As it is compared: of names in their canonical form, so that each is found however it is written; what has none stays.
std::string in_canonical_form(Field field, std::string name) {
    if (field == Field::tenant_ids) {
        if (const auto id = mail::TenantId::parse(name)) name = id->text();
    } else if (is_names(field)) {
        const bool wildcard = field == Field::domains && name.starts_with("*.");
        std::string storage;
        if (const auto domain = canonical_domain(std::string_view(name).substr(wildcard ? 2 : 0), storage))
            name = (wildcard ? "*." : "") + std::string(*domain);
    }
    return name;
}

base::Result<void> change_list(RawTenant& tenant, Field field, char how, std::vector<std::string> values) {
    auto& list = std::get<std::vector<std::string>>(tenant.values.try_emplace(field, std::vector<std::string>()).first->second);
    std::vector<std::string> compared;
    for (const std::string& one : list) compared.push_back(in_canonical_form(field, one));
    for (std::string& value : values) {
        const std::string wanted = in_canonical_form(field, value);
        const auto is_wanted = [&](const std::string& one) { return base::iequals(one, wanted); };
        if (how == '+') {
            if (std::ranges::any_of(compared, is_wanted)) continue;
            compared.push_back(wanted);
            list.push_back(std::move(value));
            continue;
        }
        if (std::ranges::none_of(compared, is_wanted))
            return base::fail(base::Errc::invalid_data,
                              std::string(name_of(field)) + " of " + in_quotes(tenant.name) + " has no " + in_quotes(value));
        for (std::size_t i = compared.size(); i-- > 0;) {  // each of them: what is taken away is not there any more
            if (!is_wanted(compared[i])) continue;
            compared.erase(compared.begin() + static_cast<std::ptrdiff_t>(i));
            list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    return {};
}

}  // namespace

base::Result<RawTenants> RawTenants::read(std::string_view text) {
    RawReader reader(RawReader::Place::document);
    std::optional<std::string> wrong = read_into(reader, text);
    if (!wrong && (!reader.version_seen || !reader.tenants_seen)) wrong = "is no version-2 text";
    if (wrong) return base::fail(base::Errc::invalid_data, *wrong);
    return std::move(reader.tenants);
}

base::Result<RawTenant> read_raw_tenant(std::string_view name, std::string_view object) {
    RawReader reader(RawReader::Place::tenants);
    const std::optional<std::string> wrong = read_into(reader, object);
    if (wrong) return base::fail(base::Errc::invalid_data, *wrong);
    reader.tenant.name = name;
    return std::move(reader.tenant);
}

const RawTenant* RawTenants::find(std::string_view name) const {
    const auto place = places_.find(std::string(name));
    return place == places_.end() ? nullptr : &tenants_[place->second];
}

void RawTenants::put(RawTenant tenant) {
    const auto [place, added] = places_.try_emplace(tenant.name, tenants_.size());
    if (added)
        tenants_.push_back(std::move(tenant));
    else
        tenants_[place->second] = std::move(tenant);
}

bool RawTenants::remove(std::string_view name) {
    const auto place = places_.find(std::string(name));
    if (place == places_.end()) return false;
    const std::size_t gone = place->second;
    places_.erase(place);
    tenants_.erase(tenants_.begin() + static_cast<std::ptrdiff_t>(gone));
    for (auto& [_, number] : places_)
        if (number > gone) --number;
    return true;
}

void put_raw(const base::JsonPlace& place, const RawValue& value) {
    const auto* const words = std::get_if<RawWords>(&value);
    if (!words)
        return std::visit(
            [&place](const auto& is) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(is)>, RawWords>) place.put(is);
            },
            value);
    place.put([words](base::JsonObject& object) {
        for (const auto& [name, word] : *words) object.add(name, word);
    });
}

void add_fields(base::JsonObject& object, const RawTenant& tenant) {
    for (const Field field : order)
        if (const auto value = tenant.values.find(field); value != tenant.values.end())
            put_raw(object.place(name_of(field)), value->second);
}

std::string one_line(const RawTenant& tenant) {
    const std::string tenants = base::json_text([&tenant](base::JsonObject& object) {
        object.add(tenant.name, [&tenant](base::JsonObject& fields) { add_fields(fields, tenant); });
    });
    return tenants.substr(1, tenants.size() - 2);  // without its braces
}

std::string RawTenants::text() const {
    const auto file = [&](base::JsonObject& root) {
        root.set_lines({"\n  ", ",\n  ", "\n"});
        root.add("version", 2);
        root.add("tenants", [&](base::JsonObject& tenants) {
            tenants.set_lines({"\n    ", ",\n    ", "\n  "});
            for (const RawTenant& tenant : tenants_)
                tenants.add(tenant.name, [&tenant](base::JsonObject& object) {
                    object.set_lines({"\n      ", ",\n      ", "\n    "});
                    add_fields(object, tenant);
                });
        });
    };
    return base::json_text(file, base::spaced_json) + '\n';
}

RawTenant in_canonical_form(RawTenant tenant) {
    for (auto& [field, value] : tenant.values) {
        auto* const names = std::get_if<std::vector<std::string>>(&value);
        if (!is_names(field) || !names) continue;
        for (std::string& name : *names) name = in_canonical_form(field, std::move(name));
        std::ranges::sort(*names);
        const auto repeated = std::ranges::unique(*names);
        names->erase(repeated.begin(), repeated.end());
    }
    return tenant;
}

base::Result<void> apply_setting(RawTenant& tenant, std::string_view setting) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return base::fail(base::Errc::invalid_data, in_quotes(setting) + ": KEY=VALUE, KEY+=VALUE or KEY-=VALUE is wanted");
    std::string_view key = setting.substr(0, equals), value = setting.substr(equals + 1);
    char how = '=';
    if (key.back() == '+' || key.back() == '-') {
        how = key.back();
        key.remove_suffix(1);
    }
    const std::optional<Field> field = field_named(key);
    if (!field)
        return base::fail(base::Errc::invalid_data, "unknown key " + in_quotes(key) + hint(key, field_names.data(), field_names.size()));
    if (how != '=') {
        if (!is_list(*field)) return base::fail(base::Errc::invalid_data, std::string(key) + " is no list: only KEY=VALUE is possible");
        return change_list(tenant, *field, how, split(value));
    }
    if (*field == Field::recipients && value.contains(':')) {
        auto words = split_words(value);
        if (!words) return base::fail(words.error().code, std::string(key) + ": " + words.error().detail);
        tenant.values[*field] = *std::move(words);
        return {};
    }
    if (value.empty())
        tenant.values.erase(*field);
    else if (is_list(*field))
        tenant.values[*field] = value == "[]" ? std::vector<std::string>() : split(value);
    else if ((*field == Field::forwarding || *field == Field::hybrid) && (value == "true" || value == "false"))
        tenant.values[*field] = value == "true";
    else
        tenant.values[*field] = std::string(value);
    return {};
}

std::vector<TenantChange> difference(const RawTenants& before, const RawTenants& after) {
    static const RawTenant nothing;
    std::vector<TenantChange> out;
    const auto add = [&out](TenantChange::Is is, const RawTenant& old, const RawTenant& now) {
        TenantChange change{is, is == TenantChange::Is::removed ? old.name : now.name, {}};
        const auto value_in = [](const RawTenant& tenant, Field field) {
            const auto value = tenant.values.find(field);
            return value == tenant.values.end() ? std::nullopt : std::optional(value->second);
        };
        for (const Field field : order) {
            FieldChange one{field, value_in(old, field), value_in(now, field)};
            if (one.before != one.after) change.fields.push_back(std::move(one));
        }
        if (is != TenantChange::Is::changed || !change.fields.empty()) out.push_back(std::move(change));
    };
    for (const RawTenant& now : after.all()) {
        const RawTenant* old = before.find(now.name);
        add(old ? TenantChange::Is::changed : TenantChange::Is::added, old ? *old : nothing, now);
    }
    for (const RawTenant& old : before.all())
        if (!after.find(old.name)) add(TenantChange::Is::removed, old, nothing);
    return out;
}

}  // namespace exota::tenant
