// A tenant as a whole, and which kind of value each field takes. entry_values.cc has what a value may be.
#include "tenant/entry.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tenant/advice.h"

namespace exota::tenant {
namespace {

constexpr bool is_word(TenantEntry::Field field) noexcept {
    return field >= TenantEntry::Field::alignment && field <= TenantEntry::Field::mode;
}

/// U+0080 to U+009F: in UTF-8, which a name is, 0xc2 and an octet of 0x80 to 0x9f, which nothing else has side by side.
bool has_c1_control(std::string_view name) noexcept {
    return std::ranges::adjacent_find(name, [](char first, char second) {
               const auto octet = static_cast<unsigned char>(second);
               return first == '\xc2' && octet >= 0x80 && octet <= 0x9f;
           }) != name.end();
}

bool is_fit_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_tenant_name_octets && std::ranges::none_of(name, base::is_control) && !has_c1_control(name);
}

}  // namespace

Policy policy_of(const Defaults& defaults) {
    Policy policy;
    policy.proofs = defaults.proofs;
    policy.alignment = defaults.alignment;
    policy.forwarding = defaults.forwarding;
    policy.limits = defaults.limits;
    policy.limit_action = defaults.limit_action;
    policy.mode = defaults.mode;
    return policy;
}

std::string_view Given::in_words() const noexcept {
    switch (is) {
        case Is::text:
            return "a string";
        case Is::truth:
            return truth ? "true" : "false";
        case Is::number:
            return "a number";
        case Is::null:
            return "null";
        case Is::list:
            return "a list";
        case Is::object:
            return "an object";
    }
    return "";
}

void TenantEntry::told_twice(TextPlace where) { error(where, "duplicate key"); }

void TenantEntry::error(TextPlace where, std::string text) { problems_.error(where, path(), std::move(text)); }

void TenantEntry::begin(std::string_view name, TextPlace where) {
    name_ = name;
    draft_ = Draft{};
    draft_.where = where;
    if (!is_fit_name(name))
        problems_.error(where, path_of_(name, {}, std::nullopt),
                        "the name of a tenant has 1 to " + std::to_string(max_tenant_name_octets) + " octets and no control characters");
    if (!default_policy_) default_policy_ = builder_.policy(policy_of(defaults_));
    draft_.number = builder_.add_tenant(name, *default_policy_);
    const std::string_view kept = builder_.name(draft_.number);
    names_.add(NamesToAdd::As::tenant, draft_.number, kept, kept, 0, where);
}

void TenantEntry::unknown_field(std::string_view name, TextPlace where) {
    problems_.error(where, path_of_(name_, name, std::nullopt),
                    "unknown key " + in_quotes(name) + hint(name, field_names.data(), field_names.size()));
}

void TenantEntry::wrong_kind(const Given& value, TextPlace where) {
    const std::string_view wanted = in_list_                      ? "must be a string"
                                    : is_list(field_)             ? "must be a list of strings"
                                    : is_word(field_)             ? "must be a string"
                                    : field_ == Field::forwarding ? "must be true, false or \"journal\""
                                    : field_ == Field::recipients ? "must be a string, or an object of domains"
                                                                  : "must be true or false";
    error(where, std::string(wanted) + ", is " + std::string(value.in_words()));
}

void TenantEntry::set(const Given& value, TextPlace where) {
    const bool is_text = value.is == Given::Is::text, is_truth = value.is == Given::Is::truth;
    if (is_text && (is_word(field_) || field_ == Field::recipients)) return read_word(value.text, where);
    if (is_text && field_ == Field::forwarding && value.text == "journal") {
        draft_.forwarding = Forwarding::journal;
    } else if (is_truth && field_ == Field::forwarding) {
        draft_.forwarding = value.truth ? Forwarding::all : Forwarding::none;
    } else if (is_truth && field_ == Field::hybrid) {
        draft_.hybrid = value.truth;
    } else {
        wrong_kind(value, where);
    }
}

void TenantEntry::begin_list() {
    in_list_ = true;
    element_ = 0;
    if (field_ == Field::proofs) draft_.proofs.emplace();
    if (field_ == Field::limits) draft_.limits.emplace();
}

void TenantEntry::unread_element(std::string why, TextPlace where) {
    error(where, std::move(why));
    ++element_;
}

void TenantEntry::end_list(TextPlace where) {
    in_list_ = false;
    if (field_ == Field::proofs && element_ == 0)
        error(where, "no proof: nothing could ever be authorised; without this key the tenant takes the configuration's proofs");
}

void TenantEntry::set_texts(Field field, std::span<const std::string_view> texts, TextPlace where) {
    begin_field(field, where);
    if (is_list(field)) {
        begin_list();
        for (const std::string_view text : texts) element(Given::of(text), where);
        return end_list(where);
    }
    if (field == Field::recipients && std::ranges::any_of(texts, [](std::string_view text) { return text.contains('='); })) {
        begin_recipients();
        for (std::string_view text : texts) {
            const std::string_view domain = base::trim(base::take_until(text, '='));
            recipients_at(domain, Given::of(base::trim(text)), where);
        }
        return end_recipients(where);
    }
    if (texts.size() != 1) return error(where, "must have one value, has " + std::to_string(texts.size()));
    const bool is_true = base::iequals(texts[0], "true");
    if (!is_word(field) && (is_true || base::iequals(texts[0], "false"))) return set(Given::of_truth(is_true), where);
    set(Given::of(texts[0]), where);
}

PolicyRef TenantEntry::policy_of_draft() {
    const bool plain = !draft_.proofs && !draft_.limits && draft_.connector_clients.empty() && !draft_.alignment && !draft_.limit_action &&
                       !draft_.mode && !draft_.forwarding && !draft_.hybrid && !draft_.recipients && draft_.recipients_of.empty();
    if (plain) return *default_policy_;
    Policy policy = builder_[*default_policy_];
    if (draft_.proofs) policy.proofs = std::move(*draft_.proofs);
    if (draft_.limits) policy.limits = std::move(*draft_.limits);
    policy.alignment = draft_.alignment.value_or(policy.alignment);
    policy.limit_action = draft_.limit_action.value_or(policy.limit_action);
    policy.mode = draft_.mode.value_or(policy.mode);
    policy.forwarding = draft_.forwarding.value_or(policy.forwarding);
    policy.hybrid = draft_.hybrid;
    policy.recipients = draft_.recipients.value_or(policy.recipients);
    policy.recipients_of = std::move(draft_.recipients_of);
    policy.connector_clients = std::move(draft_.connector_clients);
    return builder_.policy(policy);
}

void TenantEntry::end() {
    const bool own_proofs = draft_.proofs.has_value();
    defaults_used_ = defaults_used_ || !own_proofs;
    const PolicyRef policy = policy_of_draft();
    builder_.set_policy(draft_.number, policy);
    const Policy& p = builder_[policy];
    const auto warn = [&](std::string text) { problems_.warning(draft_.where, path_of_(name_, {}, std::nullopt), std::move(text)); };
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
        if (defaults_.advise_on_own_proofs)
            for (std::string& advice : defaults_.advise_on_own_proofs(p.proofs)) warn(std::move(advice));
    } else if (p.forwarding == Forwarding::all && defaults_.forwarding != Forwarding::all) {
        for (std::string& advice : advise_on_forwarding(p.proofs)) warn(std::move(advice));
    }
}

void TenantEntry::finish(Told told) {
    names_.add_all();
    if (told == Told::some || !defaults_used_) return;
    for (const std::string& advice : advise(defaults_.proofs, defaults_.forwarding))
        problems_.warning({}, "", "tenants without proofs of their own: " + advice);
}

}  // namespace exota::tenant
