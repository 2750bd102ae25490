#include "tenant/domain_entry.h"

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

void DomainEntry::unknown_field(std::string_view name, TextPlace where) {
    give_up();
    problems_.error(where, path_of_(written(), name, std::nullopt),
                    "unknown key " + in_quotes(name) + hint(name, field_names.data(), field_names.size()));
}

void DomainEntry::told_twice(TextPlace where) { problems_.warning(where, path_of_field(), "duplicate key, the last one counts"); }

void DomainEntry::wrong_kind(const Given& value, TextPlace where) {
    give_up();
    problems_.error(where, path_of_field(),
                    (field_ == Field::tenant_id ? "must be a string, is " : "must be true or false, is ") + std::string(value.in_words()));
}

void DomainEntry::begin(std::string_view key, Text text, TextPlace where) {
    ++begun_;
    Entry& entry = current();
    if (entry.sound) add(entry);  // the one that waited longest
    entry.domain.clear();
    entry.key.clear();
    entry.tenant_id.clear();
    entry.flags = {true, true};
    entry.sound = false;
    entry.where = where;
    seen_ = {};
    std::string storage;
    const base::Result<std::string_view> domain =
        text == Text::cut ? base::fail(base::Errc::too_long, "longer than a domain can be") : canonical_domain(key, storage);
    if (!domain) {
        entry.key = key;
        problems_.warning(entry.where, path_of(entry),
                          key.starts_with("*.") ? "version 1 has no wildcards: this entry covers nothing"
                                                : "no domain, so this entry covers nothing: " + domain.error().detail);
        return;
    }
    const HashedName hashed = builder_.hashed(*domain);
    builder_.expect_name(hashed);
    entry.domain_fingerprint = hashed.fingerprint;
    entry.domain = *domain;
    entry.sound = true;
    if (*domain == key) return;
    entry.key = key;
    problems_.warning(entry.where, path_of(entry), "read as " + std::string(*domain) + " (ExOTA-Milter compared keys as written)");
}

void DomainEntry::read_tenant_id(std::string_view value, Text text, TextPlace where) {
    Entry& entry = current();
    entry.tenant_id.clear();
    if (value.empty()) return;
    std::string storage;
    std::string_view id = value;
    if (!is_surely_canonical_id(value)) {
        const base::Result<mail::TenantId> parsed = mail::TenantId::parse_lenient(value);
        if (!parsed || text == Text::cut) {
            entry.sound = false;
            problems_.error(where, path_of_field(), in_quotes(value) + " is no UUID");
            return;
        }
        storage = parsed->text();
        id = storage;
    }
    const HashedName hashed = builder_.hashed(id);
    builder_.expect_tenant_id(hashed);
    entry.tenant_id_fingerprint = hashed.fingerprint;
    entry.tenant_id = id;
    if (id == mail::consumer_tenant_id) problems_.warning(where, path_of_field(), std::string(consumer_id_warning));
}

void DomainEntry::add(const Entry& entry) {
    const HashedName domain(entry.domain.view(), entry.domain_fingerprint), id(entry.tenant_id.view(), entry.tenant_id_fingerprint);
    const auto warn = [&](std::string text) { problems_.warning(entry.where, path_of(entry), std::move(text)); };
    if (entry.was_rewritten() && builder_.with_literal_domain(domain) && !rewritten_domains_.contains(domain.text))
        return warn("ignored, for " + std::string(domain.text) + " itself has an entry");

    const PolicyRef own = policy(entry);
    const bool replaced = [&] {
        if (id.text.empty()) {
            ++without_tenant_id_;
            return builder_.put_domain(domain, own);
        }
        const Number tenant = builder_.tenant_with_id(id, own);
        if (const PolicyRef before = builder_.policy_of(tenant); own != before && strictness(own) > strictness(before))
            builder_.set_policy(tenant, own);  // for forwards, which no domain covers: the strictest of the tenant's entries
        return builder_.put_domain(tenant, domain, own);
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

unsigned DomainEntry::strictness(PolicyRef policy) const noexcept {
    const Policy& p = builder_[policy];
    return (p.v1_dkim_enabled ? 2U : 0U) + (p.v1_dkim_alignment_required ? 1U : 0U);
}

/// The configuration's proofs as an entry's flags change them (docs/reference/tenants-file.md, "Version 1").
std::vector<Proof> DomainEntry::proofs(const Entry& entry) {
    const auto [dkim_enabled, dkim_alignment_required] = entry.flags;
    if (defaults_.v1_proofs) return defaults_.v1_proofs(dkim_enabled, dkim_alignment_required);
    std::vector<Proof> out;
    for (const Proof& proof : defaults_.proofs) {
        std::vector<Factor> factors;
        for (Factor factor : proof.factors) {
            const bool is_dkim = factor == Factor::dkim || factor == Factor::dkim_aligned || factor == Factor::dkim_any;
            if (is_dkim && !dkim_enabled) continue;
            if (factor == Factor::dkim_aligned && !dkim_alignment_required) factor = Factor::dkim_any;
            if (std::ranges::find(factors, factor) == factors.end()) factors.push_back(factor);
        }
        if (factors.empty() && !proof.factors.empty()) {
            problems_.error(entry.where, path_of(entry),
                            "dkim_enabled is false, and the configuration's proof \"" + proof.text +
                                "\" is left empty without dkim: every mail would meet it");
            continue;
        }
        Proof changed = Proof::of(std::move(factors));
        if (std::ranges::find(out, changed) == out.end()) out.push_back(std::move(changed));
    }
    return out;
}

PolicyRef DomainEntry::policy(const Entry& entry) {
    const auto [dkim_enabled, dkim_alignment_required] = entry.flags;
    Flavour& flavour = flavours_[(dkim_enabled ? 2U : 0U) + (dkim_alignment_required ? 1U : 0U)];
    if (flavour.policy) return *flavour.policy;
    Policy policy = policy_of(defaults_);
    policy.proofs = proofs(entry);
    policy.v1_dkim_enabled = dkim_enabled;
    policy.v1_dkim_alignment_required = dkim_alignment_required;
    flavour.policy = builder_.policy(policy);
    flavour.first_line = entry.where.line;
    return *flavour.policy;
}

void DomainEntry::finish(Told told) {
    if (told == Told::some) current().sound = false;  // it may be half an entry
    for (std::size_t i = 1; i <= entries_.size(); ++i)
        if (Entry& entry = entries_[(begun_ + i) % entries_.size()]; std::exchange(entry.sound, false)) add(entry);
    if (told == Told::some) return;
    for (unsigned bits = 0; bits < flavours_.size(); ++bits) {
        const Flavour& flavour = flavours_[bits];
        if (!flavour.policy) continue;
        const Policy& policy = builder_[*flavour.policy];
        for (const std::string& advice : advise(policy.proofs, policy.forwarding))
            problems_.warning({}, "",
                              flavour_name((bits & 2) != 0, (bits & 1) != 0) + advice + " (the first is in line " +
                                  std::to_string(flavour.first_line) + ')');
    }
    if (without_tenant_id_ > 0)
        problems_.warning({}, "",
                          std::to_string(without_tenant_id_) +
                              " entries have no tenant_id: for them no field of Microsoft's can name or contradict the tenant");
}

}  // namespace exota::tenant
