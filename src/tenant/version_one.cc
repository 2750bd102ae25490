#include "tenant/version_one.h"

#include <algorithm>
#include <utility>

#include "tenant/advice.h"
#include "tenant/canonical.h"

namespace exota::tenant {
namespace {

std::string flavour_name(bool dkim_enabled, bool dkim_alignment_required) {
    return std::string("entries with dkim_enabled ") + (dkim_enabled ? "true" : "false") + " and dkim_alignment_required " +
           (dkim_alignment_required ? "true" : "false") + ": ";
}

}  // namespace

VersionOne::VersionOne(ReadingContext context) : context_(std::move(context)) {}

std::string VersionOne::path() const {
    const std::string entry = json_path("", current().written());
    if (place_ != Place::entry) return entry;
    return json_path(entry, field_ == Field::unknown ? std::string_view(unknown_field_) : field_names[static_cast<std::size_t>(field_)]);
}

void VersionOne::on_begin(Container container) {
    if (skipped_ > 0) {
        ++skipped_;
        return;
    }
    switch (place_) {
        case Place::document:
            place_ = container == Container::object ? Place::domains : Place::empty_list;
            return;
        case Place::domains:
            if (container == Container::object) {
                place_ = Place::entry;
                return;
            }
            break;
        case Place::empty_list:
        case Place::entry:
            break;
    }
    wrong_value(container == Container::object ? "an object" : "a list");
    skipped_ = 1;
}

void VersionOne::on_end(Container) {
    if (skipped_ > 0) {
        --skipped_;
        return;
    }
    if (place_ == Place::entry) {
        place_ = Place::domains;
    } else {
        place_ = Place::document;
    }
}

void VersionOne::on_key(std::string_view key, Text text) {
    if (skipped_ > 0) return;
    if (place_ == Place::domains) return begin_entry(key, text);
    const auto known = std::ranges::find(field_names, key);
    if (known == field_names.end() || text == Text::cut) {
        field_ = Field::unknown;
        unknown_field_ = key;
        current().sound = false;
        context_.problems.error(here(), path(), "unknown key " + quoted(key) + hint(key, field_names.data(), field_names.size()));
        return;
    }
    const auto number = static_cast<std::size_t>(known - field_names.begin());
    field_ = static_cast<Field>(number);
    if (seen_[number]) context_.problems.warning(here(), path(), "duplicate key, the last one counts");
    seen_[number] = true;
}

void VersionOne::begin_entry(std::string_view key, Text text) {
    ++begun_;
    Entry& entry = current();
    if (entry.sound) add(entry);  // the one that waited longest
    entry.domain.clear();
    entry.key.clear();
    entry.tenant_id.clear();
    entry.flags = {true, true};
    entry.sound = false;
    entry.where = here();
    seen_ = {};
    std::string storage;
    const base::Result<std::string_view> domain =
        text == Text::cut ? base::fail(base::Errc::too_long, "longer than a domain can be") : canonical_domain(key, storage);
    if (!domain) {
        entry.key = key;
        context_.problems.warning(entry.where, path(),
                                  key.starts_with("*.") ? "version 1 has no wildcards: this entry covers nothing"
                                                        : "no domain, so this entry covers nothing: " + domain.error().detail);
        return;
    }
    const HashedName hashed = context_.builder.hashed(*domain);
    context_.builder.expect_name(hashed);
    entry.domain_fingerprint = hashed.fingerprint;
    entry.domain = *domain;
    entry.sound = true;
    if (*domain == key) return;
    entry.key = key;
    context_.problems.warning(entry.where, path(), "read as " + std::string(*domain) + " (ExOTA-Milter compared keys as written)");
}

void VersionOne::wrong_value(std::string_view what) {
    current().sound = false;
    if (place_ == Place::document) return context_.problems.error(here(), "", "a tenants file is an object, not " + std::string(what));
    if (place_ == Place::empty_list) {
        if (!std::exchange(list_reported_, true))
            context_.problems.error(here(), "[0]", "a tenants file is an object of domains; a list can only be empty");
        return;
    }
    if (place_ == Place::domains) {
        if (current().written() == "version" && what == "a number")
            return context_.problems.error(here(), "version",
                                           "this was read as a version-1 file: the keys of version 2 are \"version\" and \"tenants\" only, "
                                           "so put \"version\": 2 first");
        return context_.problems.error(
            here(), path(),
            "the value of a domain is an object with tenant_id, dkim_enabled, dkim_alignment_required; this is " + std::string(what));
    }
    if (field_ == Field::unknown) return;  // said already
    context_.problems.error(here(), path(),
                            (field_ == Field::tenant_id ? "must be a string, is " : "must be true or false, is ") + std::string(what));
}

void VersionOne::on_string(std::string_view value, Text text) {
    if (skipped_ > 0) return;
    if (place_ == Place::entry && field_ == Field::tenant_id) return read_tenant_id(value, text);
    wrong_value("a string");
}

void VersionOne::on_number(double) {
    if (skipped_ == 0) wrong_value("a number");
}

void VersionOne::on_null() {
    if (skipped_ == 0) wrong_value("null");
}

void VersionOne::on_bool(bool value) {
    if (skipped_ > 0) return;
    if (place_ != Place::entry || field_ == Field::tenant_id || field_ == Field::unknown) return wrong_value(value ? "true" : "false");
    current().flags[field_ == Field::dkim_enabled ? 0 : 1] = value;
}

void VersionOne::read_tenant_id(std::string_view value, Text text) {
    Entry& entry = current();
    entry.tenant_id.clear();
    if (value.empty()) return;
    std::string storage;
    std::string_view id = value;
    if (!is_surely_canonical_id(value)) {
        const base::Result<mail::TenantId> parsed = mail::TenantId::parse_lenient(value);
        if (!parsed || text == Text::cut) {
            entry.sound = false;
            context_.problems.error(here(), path(), quoted(value) + " is no UUID");
            return;
        }
        storage = parsed->text();
        id = storage;
    }
    const HashedName hashed = context_.builder.hashed(id);
    context_.builder.expect_tenant_id(hashed);
    entry.tenant_id_fingerprint = hashed.fingerprint;
    entry.tenant_id = id;
    if (id == mail::consumer_tenant_id)
        context_.problems.warning(here(), path(),
                                  "this is the tenant of all consumer accounts (outlook.com, hotmail.com): tenant-id never holds for it");
}

void VersionOne::add(const Entry& entry) {
    IndexBuilder& builder = context_.builder;
    const HashedName domain(entry.domain.view(), entry.domain_fingerprint), id(entry.tenant_id.view(), entry.tenant_id_fingerprint);
    const auto warn = [&](std::string text) { context_.problems.warning(entry.where, json_path("", entry.written()), std::move(text)); };
    if (entry.was_rewritten() && builder.with_literal_domain(domain) && !rewritten_domains_.contains(domain.text))
        return warn("ignored, for " + std::string(domain.text) + " itself has an entry");

    const PolicyRef own = policy(entry);
    const bool replaced = [&] {
        if (id.text.empty()) {
            ++without_tenant_id_;
            return builder.put_domain(domain, own);
        }
        const Number tenant = builder.tenant_with_id(id, own);
        if (const PolicyRef before = builder.policy_of(tenant); own != before && strictness(own) > strictness(before))
            builder.set_policy(tenant, own);  // for forwards, which no domain covers: the strictest of the tenant's entries
        return builder.put_domain(tenant, domain, own);
    }();
    if (replaced) {
        if (entry.was_rewritten() == rewritten_domains_.contains(domain.text))
            warn("duplicate key, the last one counts");
        else
            warn("counts, and not the entry before that was read as " + std::string(domain.text));
    }
    if (entry.was_rewritten())
        rewritten_domains_.emplace(domain.text);
    else if (replaced)
        rewritten_domains_.erase(std::string(domain.text));
}

unsigned VersionOne::strictness(PolicyRef policy) const noexcept {
    const Policy& p = context_.builder[policy];
    return (p.v1_dkim_enabled ? 2U : 0U) + (p.v1_dkim_alignment_required ? 1U : 0U);
}

/// The configuration's proofs as an entry's flags change them (docs/reference/tenants-file.md, "Version 1").
std::vector<Proof> VersionOne::proofs(const Entry& entry) {
    const auto [dkim_enabled, dkim_alignment_required] = entry.flags;
    if (context_.defaults.v1_proofs) return context_.defaults.v1_proofs(dkim_enabled, dkim_alignment_required);
    std::vector<Proof> out;
    for (const Proof& proof : context_.defaults.proofs) {
        std::vector<Factor> factors;
        for (Factor factor : proof.factors) {
            const bool is_dkim = factor == Factor::dkim || factor == Factor::dkim_aligned || factor == Factor::dkim_any;
            if (is_dkim && !dkim_enabled) continue;
            if (factor == Factor::dkim_aligned && !dkim_alignment_required) factor = Factor::dkim_any;
            if (std::ranges::find(factors, factor) == factors.end()) factors.push_back(factor);
        }
        if (factors.empty() && !proof.factors.empty()) {
            context_.problems.error(entry.where, json_path("", entry.written()),
                                    "dkim_enabled is false, and the configuration's proof \"" + proof.text +
                                        "\" is left empty without dkim: every mail would meet it");
            continue;
        }
        Proof changed = Proof::of(std::move(factors));
        if (std::ranges::find(out, changed) == out.end()) out.push_back(std::move(changed));
    }
    return out;
}

PolicyRef VersionOne::policy(const Entry& entry) {
    const auto [dkim_enabled, dkim_alignment_required] = entry.flags;
    Flavour& flavour = flavours_[(dkim_enabled ? 2U : 0U) + (dkim_alignment_required ? 1U : 0U)];
    if (flavour.policy) return *flavour.policy;
    const Defaults& defaults = context_.defaults;
    Policy policy;
    policy.proofs = proofs(entry);
    policy.alignment = defaults.alignment;
    policy.forwarding = defaults.forwarding;
    policy.limits = defaults.limits;
    policy.limit_action = defaults.limit_action;
    policy.mode = defaults.mode;
    policy.v1_dkim_enabled = dkim_enabled;
    policy.v1_dkim_alignment_required = dkim_alignment_required;
    flavour.policy = context_.builder.policy(policy);
    flavour.first_line = entry.where.line;
    return *flavour.policy;
}

void VersionOne::finish(bool well_formed) {
    if (!well_formed) current().sound = false;  // it may be half an entry
    for (std::size_t i = 1; i <= entries_.size(); ++i)
        if (Entry& entry = entries_[(begun_ + i) % entries_.size()]; std::exchange(entry.sound, false)) add(entry);
    if (!well_formed) return;
    for (unsigned bits = 0; bits < flavours_.size(); ++bits) {
        const Flavour& flavour = flavours_[bits];
        if (!flavour.policy) continue;
        const Policy& policy = context_.builder[*flavour.policy];
        for (const std::string& advice : advise(policy.proofs, policy.forwarding))
            context_.problems.warning({}, "",
                                      flavour_name((bits & 2) != 0, (bits & 1) != 0) + advice + " (the first is in line " +
                                          std::to_string(flavour.first_line) + ')');
    }
    if (without_tenant_id_ > 0)
        context_.problems.warning({}, "",
                                  std::to_string(without_tenant_id_) +
                                      " entries have no tenant_id: for them no field of Microsoft's can name or contradict the tenant");
}

}  // namespace exota::tenant
