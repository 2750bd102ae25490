#include "tenant/version_two.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tenant/advice.h"

namespace exota::tenant {
namespace {

constexpr std::array<std::string_view, 2> root_keys{"version", "tenants"};

bool is_fit_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_tenant_name_octets && std::ranges::none_of(name, base::is_control);
}

}  // namespace

VersionTwo::VersionTwo(ReadingContext context) : context_(std::move(context)) {}

std::string VersionTwo::path() const {
    switch (place_) {
        case Place::document:
            return {};
        case Place::root:
            return key_ == Key::unknown ? json_path("", unknown_) : std::string(root_keys[static_cast<std::size_t>(key_)]);
        case Place::tenants:
            return json_path("tenants", name_);
        case Place::tenant:
        case Place::list:
            break;
    }
    const std::string field = json_path(
        json_path("tenants", name_), field_ == Field::unknown ? std::string_view(unknown_) : field_names[static_cast<std::size_t>(field_)]);
    return place_ == Place::list ? json_path(field, element_) : field;
}

void VersionTwo::on_begin(Container container) {
    if (skipped_ > 0) {
        ++skipped_;
        return;
    }
    const bool object = container == Container::object;
    if (place_ == Place::document && object) {
        place_ = Place::root;
    } else if (place_ == Place::root && key_ == Key::tenants && object) {
        place_ = Place::tenants;
    } else if (place_ == Place::tenants && object) {
        place_ = Place::tenant;
    } else if (place_ == Place::tenant && is_list(field_) && !object) {
        place_ = Place::list;
        element_ = 0;
        if (field_ == Field::proofs) draft_.proofs.emplace();
        if (field_ == Field::limits) draft_.limits.emplace();
    } else {
        wrong_value(object ? "an object" : "a list");
        skipped_ = 1;
    }
}

void VersionTwo::on_end(Container) {
    if (skipped_ > 0) {
        if (--skipped_ == 0 && place_ == Place::list) ++element_;
        return;
    }
    switch (place_) {
        case Place::list:
            return end_list();
        case Place::tenant:
            return end_tenant();
        case Place::tenants:
            place_ = Place::root;
            return;
        case Place::root:
        case Place::document:
            place_ = Place::document;
            return;
    }
}

void VersionTwo::on_key(std::string_view key, Text text) {
    if (skipped_ > 0) return;
    if (place_ == Place::root) return root_key(key);
    if (place_ == Place::tenants) return begin_tenant(key, text);
    tenant_key(key);
}

void VersionTwo::root_key(std::string_view key) {
    const auto known = std::ranges::find(root_keys, key);
    if (known == root_keys.end()) {
        key_ = Key::unknown;
        unknown_ = key;
        return error("unknown key " + quoted(key) + hint(key, root_keys.data(), root_keys.size()));
    }
    key_ = static_cast<Key>(known - root_keys.begin());
    bool& seen = key_ == Key::version ? version_seen_ : tenants_seen_;
    if (std::exchange(seen, true)) error("duplicate key");
}

void VersionTwo::begin_tenant(std::string_view name, Text text) {
    name_ = name;
    draft_ = Draft{};
    draft_.where = context_.place();
    if (!is_fit_name(name) || text == Text::cut)
        error("the name of a tenant has 1 to " + std::to_string(max_tenant_name_octets) + " octets and no control characters");
    if (!default_policy_) {
        const Defaults& defaults = context_.defaults;
        Policy policy;
        policy.proofs = defaults.proofs;
        policy.alignment = defaults.alignment;
        policy.forwarding = defaults.forwarding;
        policy.limits = defaults.limits;
        policy.limit_action = defaults.limit_action;
        policy.mode = defaults.mode;
        default_policy_ = context_.builder.policy(policy);
    }
    draft_.number = context_.builder.add_tenant(name, *default_policy_);
    const std::string_view kept = context_.builder.name(draft_.number);
    wait(Waiting::As::tenant, kept, kept);
}

void VersionTwo::tenant_key(std::string_view key) {
    const auto known = std::ranges::find(field_names, key);
    if (known == field_names.end()) {
        field_ = Field::unknown;
        unknown_ = key;
        return error("unknown key " + quoted(key) + hint(key, field_names.data(), field_names.size()));
    }
    const auto number = static_cast<std::size_t>(known - field_names.begin());
    field_ = static_cast<Field>(number);
    if (std::exchange(draft_.seen[number], true)) error("duplicate key");
}

void VersionTwo::wrong_value(std::string_view what) {
    const std::string is = ", is " + std::string(what);
    switch (place_) {
        case Place::document:
            return error("a tenants file must be an object" + is);
        case Place::root:
            if (key_ == Key::version) error("must be the number 2" + is);
            if (key_ == Key::tenants) error("must be an object of tenants" + is);
            return;
        case Place::tenants:
            return error("a tenant must be an object" + is);
        case Place::list:
            return error("must be a string" + is);
        case Place::tenant:
            if (field_ == Field::unknown) return;  // said already
            error((is_list(field_)               ? "must be a list of strings"
                   : is_string(field_)           ? "must be a string"
                   : field_ == Field::forwarding ? "must be true, false or \"journal\""
                                                 : "must be true or false") +
                  is);
            return;
    }
}

void VersionTwo::on_string(std::string_view value, Text text) {
    if (skipped_ > 0) return;
    if (place_ == Place::list) {
        if (text == Text::cut)
            error("longer than " + std::to_string(max_json_text_octets) + " octets");
        else
            read_element(value);
        ++element_;
    } else if (place_ == Place::tenant && is_string(field_)) {
        read_string(value);
    } else if (place_ == Place::tenant && field_ == Field::forwarding && value == "journal") {
        draft_.forwarding = Forwarding::journal;
    } else {
        wrong_value("a string");
    }
}

void VersionTwo::on_number(double value) {
    if (skipped_ > 0) return;
    if (place_ == Place::root && key_ == Key::version) {
        if (value < 2 || value > 2) error("unknown version: this program reads version 2 (version 1 has no key \"version\")");
        return;
    }
    wrong_value("a number");
    if (place_ == Place::list) ++element_;
}

void VersionTwo::on_null() {
    if (skipped_ > 0) return;
    wrong_value("null");
    if (place_ == Place::list) ++element_;
}

void VersionTwo::on_bool(bool value) {
    if (skipped_ > 0) return;
    if (place_ == Place::tenant && field_ == Field::forwarding) {
        draft_.forwarding = value ? Forwarding::all : Forwarding::none;
    } else if (place_ == Place::tenant && field_ == Field::hybrid) {
        draft_.hybrid = value;
    } else {
        wrong_value(value ? "true" : "false");
        if (place_ == Place::list) ++element_;
    }
}

void VersionTwo::end_list() {
    place_ = Place::tenant;
    if (field_ == Field::proofs && element_ == 0)
        error("no proof: nothing could ever be authorised; without this key the tenant takes the configuration's proofs");
    field_ = Field::unknown;
}

PolicyRef VersionTwo::policy_of_draft() {
    const bool plain = !draft_.proofs && !draft_.limits && draft_.connector_clients.empty() && !draft_.alignment && !draft_.limit_action &&
                       !draft_.mode && !draft_.forwarding && !draft_.hybrid;
    if (plain) return *default_policy_;
    Policy policy = context_.builder[*default_policy_];
    if (draft_.proofs) policy.proofs = std::move(*draft_.proofs);
    if (draft_.limits) policy.limits = std::move(*draft_.limits);
    policy.alignment = draft_.alignment.value_or(policy.alignment);
    policy.limit_action = draft_.limit_action.value_or(policy.limit_action);
    policy.mode = draft_.mode.value_or(policy.mode);
    policy.forwarding = draft_.forwarding.value_or(policy.forwarding);
    policy.hybrid = draft_.hybrid;
    policy.connector_clients = std::move(draft_.connector_clients);
    return context_.builder.policy(policy);
}

void VersionTwo::end_tenant() {
    const bool own_proofs = draft_.proofs.has_value();
    defaults_used_ = defaults_used_ || !own_proofs;
    const PolicyRef policy = policy_of_draft();
    context_.builder.set_policy(draft_.number, policy);
    place_ = Place::tenants;  // from here on path() is the tenant's
    const Policy& p = context_.builder[policy];
    const auto warn = [&](std::string text) { context_.problems.warning(draft_.where, path(), std::move(text)); };
    const auto [ids, organizations, domains, dkim_domains] = draft_.names;
    if (ids == 0 && organizations == 0)
        warn("neither tenant_ids nor organizations: no field of Microsoft's can name or contradict this tenant");
    else if (ids == 0)
        warn("no tenant_ids: signed mail of this tenant that somebody else replays through a tenant of his own is not contradicted");
    if (domains == 0) warn("no domains: this tenant covers nothing, and only forwards can be its own");
    if (domains == 0 && dkim_domains == 0 && any_asks(p.proofs, Factor::dkim))
        warn("dkim can never hold: neither domains nor dkim_domains name one");
    if (own_proofs) {
        for (std::string& advice : advise(p.proofs, p.forwarding)) warn(std::move(advice));
    } else if (p.forwarding == Forwarding::all && context_.defaults.forwarding != Forwarding::all) {
        for (std::string& advice : advise_on_forwarding(p.proofs)) warn(std::move(advice));
    }
}

void VersionTwo::finish(bool well_formed) {
    add_waiting();
    if (!well_formed) return;
    if (!version_seen_) context_.problems.error({}, "version", "the key \"version\" with the number 2 is missing");
    if (!tenants_seen_) context_.problems.error({}, "tenants", "the key \"tenants\" is missing");
    if (defaults_used_)
        for (const std::string& advice : advise(context_.defaults.proofs, context_.defaults.forwarding))
            context_.problems.warning({}, "", "tenants without proofs of their own: " + advice);
}

}  // namespace exota::tenant
