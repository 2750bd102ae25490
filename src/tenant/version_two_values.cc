// The values in a version-2 file: names, ids, proofs, limits. version_two.cc has the structure.
#include <algorithm>
#include <utility>

#include "tenant/advice.h"
#include "tenant/canonical.h"
#include "tenant/version_two.h"

namespace exota::tenant {
namespace {

constexpr std::array<std::string_view, 4> modes{"enforce", "defer", "quarantine", "monitor"};
constexpr std::array<std::string_view, 2> alignments{"strict", "relaxed"};
constexpr std::array<std::string_view, 2> limit_actions{"tempfail", "reject"};

template <std::size_t N>
std::string one_of(const std::array<std::string_view, N>& words) {
    std::string out = "must be ";
    for (std::size_t i = 0; i < N; ++i) {
        if (i > 0) out += i + 1 == N ? " or " : ", ";
        out += quoted(words[i]);
    }
    return out;
}

}  // namespace

void VersionTwo::read_string(std::string_view value) {
    // The order of each table is that of its enum.
    const auto choose = [&]<class Enum, std::size_t N>(std::optional<Enum>& to, const std::array<std::string_view, N>& words) {
        const auto known = std::ranges::find(words, value);
        if (known == words.end())
            error(one_of(words) + ", is " + quoted(value) + hint(value, words.data(), N));
        else
            to = static_cast<Enum>(known - words.begin());
    };
    if (field_ == Field::alignment) choose(draft_.alignment, alignments);
    if (field_ == Field::limit_action) choose(draft_.limit_action, limit_actions);
    if (field_ == Field::mode) choose(draft_.mode, modes);
}

void VersionTwo::read_element(std::string_view value) {
    switch (field_) {
        case Field::tenant_ids:
            return read_tenant_id(value);
        case Field::organizations:
        case Field::domains:
        case Field::dkim_domains:
            return read_name(value);
        case Field::proofs:
            return read_proof(value);
        case Field::connector_clients: {
            base::Result<base::IpPrefix> prefix = base::IpPrefix::parse(value);
            if (!prefix) return error(quoted(value) + ": " + prefix.error().detail);
            if (draft_.connector_clients.size() == max_connector_clients)
                return error("more than " + std::to_string(max_connector_clients) + " connector clients");
            draft_.connector_clients.push_back(*prefix);
            return;
        }
        case Field::limits: {
            base::Result<Limit> limit = Limit::parse(value);
            if (!limit) return error(quoted(value) + ": " + limit.error().detail);
            if (draft_.limits->size() == max_limits) return error("more than " + std::to_string(max_limits) + " limits");
            draft_.limits->push_back(*limit);
            return;
        }
        case Field::alignment:
        case Field::limit_action:
        case Field::mode:
        case Field::forwarding:
        case Field::hybrid:
        case Field::unknown:
            return;
    }
}

void VersionTwo::read_proof(std::string_view value) {
    base::Result<Proof> proof = Proof::parse(value);
    if (!proof) return error(quoted(value) + ": " + proof.error().detail);
    if (context_.defaults.unusable_proof)
        if (const auto why = context_.defaults.unusable_proof(*proof)) return error(quoted(value) + ": " + *why);
    if (draft_.proofs->size() == max_proofs) return error("more than " + std::to_string(max_proofs) + " proofs");
    draft_.proofs->push_back(std::move(*proof));
}

void VersionTwo::read_tenant_id(std::string_view value) {
    const base::Result<mail::TenantId> id = mail::TenantId::parse(value);
    if (!id) return error(quoted(value) + " is no UUID of 36 characters");
    ++draft_.names[0];
    if (is_consumer_tenant(*id))
        warning("this is the tenant of all consumer accounts (outlook.com, hotmail.com): tenant-id never holds for it");
    report(context_.builder.add_tenant_id(draft_.number, *id), value);
}

void VersionTwo::read_name(std::string_view value) {
    if (value.starts_with("*.") && field_ == Field::domains) return read_wildcard(value);
    std::string storage;
    const base::Result<std::string_view> name = canonical_domain(value, storage);
    if (!name) return error(quoted(value) + " is no domain: " + name.error().detail);
    ++draft_.names[static_cast<std::size_t>(field_)];
    IndexBuilder& builder = context_.builder;
    if (field_ == Field::domains) return report(builder.add_domain(draft_.number, *name), value);
    if (field_ == Field::dkim_domains) return report(builder.add_dkim_domain(draft_.number, *name), value);
    // originator-org takes names below an organisation too, so an organisation that is a suffix would be everybody.
    if (covers_a_suffix(*name))
        return error(quoted(value) + " is a suffix that many tenants share: everything below it would be this tenant");
    report(builder.add_organization(draft_.number, *name), value);
}

void VersionTwo::read_wildcard(std::string_view value) {
    std::string storage;
    const base::Result<std::string_view> base = canonical_domain(value.substr(2), storage);
    if (!base) return error(quoted(value) + " is no wildcard: " + base.error().detail);
    ++draft_.names[static_cast<std::size_t>(Field::domains)];
    if (covers_a_suffix(*base))
        return error(quoted(value) + ": a wildcard directly below a public or shared suffix covers other people's domains");
    report(context_.builder.add_wildcard(draft_.number, *base), value);
}

/// `base` is a public or a shared suffix, or a shared suffix lies below it.
bool VersionTwo::covers_a_suffix(std::string_view base) const {
    const Defaults& defaults = context_.defaults;
    if (defaults.is_public_suffix && defaults.is_public_suffix(base)) return true;
    return std::ranges::any_of(defaults.shared_suffixes, [&](const std::string& suffix) {
        return suffix == base || (suffix.size() > base.size() && suffix.ends_with(base) && suffix[suffix.size() - base.size() - 1] == '.');
    });
}

void VersionTwo::report(const std::optional<Clash>& clash, std::string_view value) {
    if (!clash) return;
    if (clash->owner == draft_.number) return warning(quoted(value) + " stands twice in this tenant");
    error(quoted(value) + " is " + (clash->as.starts_with('o') ? "an " : "a ") + std::string(clash->as) + " of tenant " +
          quoted(context_.builder.name(clash->owner)) + " too");
}

}  // namespace exota::tenant
