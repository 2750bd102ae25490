#include "tenant/domain_entry.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tenant/advice.h"
#include "tenant/canonical.h"

namespace exota::tenant {
namespace {

std::string flavour_name(bool dkim_enabled, bool dkim_alignment_required) {
    return std::string("entries with dkim_enabled ") + (dkim_enabled ? "true" : "false") + " and dkim_alignment_required " +
           (dkim_alignment_required ? "true" : "false") + ": ";
}

/// Its place among the flavours.
constexpr unsigned flavour_of(bool dkim_enabled, bool dkim_alignment_required) noexcept {
    return (dkim_enabled ? 2U : 0U) + (dkim_alignment_required ? 1U : 0U);
}

}  // namespace

void DomainEntry::wrong(TextPlace where, std::string path, std::string text, std::optional<Field> field) {
    if (holds_ && wrong_.size() + held_count_ >= max_problems) {
        holds_ = false;
        tell_held();
    }
    if (holds_) return wrong_.push_back({where, std::move(path), std::move(text), field});
    current().sound = false;
    problems_.error(where, std::move(path), std::move(text));
}

/// The current entry is whole.
void DomainEntry::end_entry() {
    if (wrong_.empty()) return;
    current().sound = false;
    held_count_ += wrong_.size();
    held_.insert_or_assign(std::string(written()), std::exchange(wrong_, {}));
}

/// @return  there was an entry of this key that could not be used.
bool DomainEntry::withdraw_held(std::string_view key) {
    const auto held = held_.find(key);
    if (held == held_.end()) return false;
    held_count_ -= held->second.size();
    held_.erase(held);
    return true;
}

/// In the order of the file.
void DomainEntry::tell_held() {
    end_entry();
    std::vector<Wrong> all;
    for (auto& [key, wrong] : std::exchange(held_, {})) std::ranges::move(wrong, std::back_inserter(all));
    held_count_ = 0;
    std::ranges::sort(all, {}, [](const Wrong& wrong) { return std::pair(wrong.where.line, wrong.where.column); });
    for (Wrong& wrong : all) problems_.error(wrong.where, std::move(wrong.path), std::move(wrong.text));
}

void DomainEntry::unknown_field(std::string_view name, TextPlace where) {
    wrong(where, path_of_(written(), name, std::nullopt),
          "unknown key " + in_quotes(name) + hint(name, field_names.data(), field_names.size()));
}

void DomainEntry::told_twice(TextPlace where) {
    std::erase_if(wrong_, [this](const Wrong& wrong) { return wrong.field == field_; });
    problems_.warning(where, path_of_field(), "duplicate key, the last one counts");
}

void DomainEntry::wrong_kind(const Given& value, TextPlace where) {
    wrong(where, path_of_field(),
          (field_ == Field::tenant_id ? "must be a string, is " : "must be true or false, is ") + std::string(value.in_words()), field_);
}

void DomainEntry::begin(std::string_view key, Text text, TextPlace where) {
    end_entry();
    ++begun_;
    Entry& entry = current();
    if (entry.sound) add(entry);  // the one that waited longest
    entry.domain.clear();
    entry.key.clear();
    entry.tenant_id.clear();
    entry.flags = {true, true};
    entry.sound = false;
    entry.where = where;
    entry.follows_wrong = !held_.empty() && withdraw_held(key);
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
        if (!parsed || text == Text::cut) return wrong(where, path_of_field(), in_quotes(value) + " is no UUID", field_);
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
    const std::optional<IndexBuilder::Replaced> replaced = [&] {
        if (id.text.empty()) {
            ++without_tenant_id_;
            return builder_.put_domain(domain, own);
        }
        const Number tenant = builder_.tenant_with_id(id, own);
        if (const PolicyRef before = builder_.policy_of(tenant); own != before && strictness(own) > strictness(before))
            builder_.set_policy(tenant, own);  // for forwards, which no domain covers: the strictest of the tenant's entries
        return builder_.put_domain(tenant, domain, own);
    }();
    if (replaced) discount(*replaced, domain.text);
    count(entry);
    if (replaced || entry.follows_wrong) {
        if (!replaced || entry.was_rewritten() == rewritten_domains_.contains(domain.text))
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
    return flavour_of(p.v1_dkim_enabled, p.v1_dkim_alignment_required);
}

/// One more entry that stands, until another replaces it.
void DomainEntry::count(const Entry& entry) {
    Flavour& flavour = flavours_[flavour_of(entry.flags[0], entry.flags[1])];
    if (flavour.entries++ > 0) return;
    flavour.first = entry.where;
    flavour.first_domain = entry.domain.view();
    flavour.first_path = path_of(entry);
    flavour.first_stands = true;
}

void DomainEntry::discount(const IndexBuilder::Replaced& entry, std::string_view domain) {
    const Policy& policy = builder_[entry.policy];
    Flavour& flavour = flavours_[flavour_of(policy.v1_dkim_enabled, policy.v1_dkim_alignment_required)];
    --flavour.entries;
    if (flavour.first_domain == domain) flavour.first_stands = false;
    if (!entry.had_tenant_ids) --without_tenant_id_;
}

/// The configuration's proofs as an entry's flags change them (docs/reference/tenants-file.md, "Version 1").
std::vector<Proof> DomainEntry::proofs(const Entry& entry, std::vector<std::string>& left_empty) const {
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
            left_empty.push_back(proof.text);
            continue;
        }
        Proof changed = Proof::of(std::move(factors));
        if (std::ranges::find(out, changed) == out.end()) out.push_back(std::move(changed));
    }
    return out;
}

PolicyRef DomainEntry::policy(const Entry& entry) {
    const auto [dkim_enabled, dkim_alignment_required] = entry.flags;
    Flavour& flavour = flavours_[flavour_of(dkim_enabled, dkim_alignment_required)];
    if (flavour.policy) return *flavour.policy;
    Policy policy = policy_of(defaults_);
    policy.proofs = proofs(entry, flavour.left_empty);
    policy.v1_dkim_enabled = dkim_enabled;
    policy.v1_dkim_alignment_required = dkim_alignment_required;
    flavour.policy = builder_.policy(policy);
    return *flavour.policy;
}

void DomainEntry::finish(Told told) {
    tell_held();
    if (told == Told::some) current().sound = false;  // it may be half an entry
    for (std::size_t i = 1; i <= entries_.size(); ++i)
        if (Entry& entry = entries_[(begun_ + i) % entries_.size()]; std::exchange(entry.sound, false)) add(entry);
    tell_of_all(told);
}

void DomainEntry::tell_of_all(Told told) {
    for (unsigned bits = 0; bits < flavours_.size(); ++bits) {
        const Flavour& flavour = flavours_[bits];
        if (flavour.entries == 0) continue;
        const std::string name = flavour_name((bits & 2) != 0, (bits & 1) != 0);
        for (const std::string& proof : flavour.left_empty)
            problems_.error(flavour.first_stands ? flavour.first : TextPlace{}, flavour.first_stands ? flavour.first_path : "",
                            (flavour.first_stands ? "" : name) + "dkim_enabled is false, and the configuration's proof \"" + proof +
                                "\" is left empty without dkim: every mail would meet it");
        if (told == Told::some) continue;
        const Policy& policy = builder_[*flavour.policy];
        const std::string place = flavour.first_stands ? " (the first is in line " + std::to_string(flavour.first.line) + ')' : "";
        for (const std::string& advice : advise(policy.proofs, policy.forwarding)) problems_.warning({}, "", name + advice + place);
    }
    if (told == Told::some || without_tenant_id_ == 0) return;
    problems_.warning({}, "",
                      (without_tenant_id_ == 1 ? "1 entry has no tenant_id: for it"
                                               : std::to_string(without_tenant_id_) + " entries have no tenant_id: for them") +
                          std::string(" no field of Microsoft's can name or contradict the tenant"));
}

}  // namespace exota::tenant
