// The values in a version-2 file: names, ids, proofs, limits. version_two.cc has the structure.
#include <algorithm>
#include <utility>

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
    std::string storage;
    std::string_view id = value;
    if (!is_surely_canonical_id(value)) {
        const base::Result<mail::TenantId> parsed = mail::TenantId::parse(value);
        if (!parsed) return error(quoted(value) + " is no UUID of 36 characters");
        storage = parsed->text();
        id = storage;
    }
    ++draft_.names[0];
    if (id == mail::consumer_tenant_id)
        warning("this is the tenant of all consumer accounts (outlook.com, hotmail.com): tenant-id never holds for it");
    wait(Waiting::As::tenant_id, id, value);
}

void VersionTwo::read_name(std::string_view value) {
    const bool wildcard = value.starts_with("*.") && field_ == Field::domains;
    std::string storage;
    const base::Result<std::string_view> name = canonical_domain(value.substr(wildcard ? 2 : 0), storage);
    if (!name) return error(quoted(value) + (wildcard ? " is no wildcard: " : " is no domain: ") + name.error().detail);
    ++draft_.names[static_cast<std::size_t>(field_)];
    if (wildcard && covers_a_suffix(*name))
        return error(quoted(value) + ": a wildcard directly below a public or shared suffix covers other people's domains");
    // originator-org takes names below an organisation too, so an organisation that is a suffix would be everybody.
    if (field_ == Field::organizations && covers_a_suffix(*name))
        return error(quoted(value) + " is a suffix that many tenants share: everything below it would be this tenant");
    wait(wildcard ? Waiting::As::wildcard : static_cast<Waiting::As>(field_), *name, value);
}

void VersionTwo::wait(Waiting::As as, std::string_view name, std::string_view written) {
    Waiting& waiting = waiting_[waited_ % waiting_.size()];
    if (waited_++ >= waiting_.size()) add(waiting);
    const HashedName hashed = context_.builder.hashed(name);
    if (as == Waiting::As::tenant_id)
        context_.builder.expect_tenant_id(hashed);
    else if (as == Waiting::As::tenant)
        context_.builder.expect_tenant(hashed);
    else
        context_.builder.expect_name(hashed);
    waiting.as = as;
    waiting.tenant = draft_.number;
    waiting.fingerprint = hashed.fingerprint;
    waiting.where = context_.place();
    waiting.element = element_;
    waiting.name = name;
    if (written.data() != name.data())
        waiting.written = written;
    else
        waiting.written.clear();
}

/// Tells if the name is somebody's already.
void VersionTwo::add(const Waiting& waiting) {
    IndexBuilder& builder = context_.builder;
    const HashedName name(waiting.name.view(), waiting.fingerprint);
    const auto clash = [&] -> std::optional<Clash> {
        switch (waiting.as) {
            case Waiting::As::tenant_id:
                return builder.add_tenant_id(waiting.tenant, name);
            case Waiting::As::organization:
                return builder.add_organization(waiting.tenant, name);
            case Waiting::As::domain:
                return builder.add_domain(waiting.tenant, name);
            case Waiting::As::dkim_domain:
                return builder.add_dkim_domain(waiting.tenant, name);
            case Waiting::As::wildcard:
                return builder.add_wildcard(waiting.tenant, name);
            case Waiting::As::tenant:
                return builder.make_findable(waiting.tenant, name);
        }
        return std::nullopt;
    }();
    if (!clash) return;
    std::string place = json_path("tenants", builder.name(waiting.tenant));
    if (waiting.as == Waiting::As::tenant)
        return context_.problems.error(waiting.where, std::move(place), "duplicate key: this tenant stands twice in the file");
    const auto field = static_cast<std::size_t>(waiting.as == Waiting::As::wildcard ? Waiting::As::domain : waiting.as);
    place = json_path(json_path(place, field_names[field]), waiting.element);
    const std::string written = quoted(waiting.written.empty() ? waiting.name.view() : waiting.written);
    if (clash->owner == waiting.tenant)
        context_.problems.warning(waiting.where, std::move(place), written + " stands twice in this tenant");
    else
        context_.problems.error(waiting.where, std::move(place),
                                written + " is " + (clash->as.starts_with('o') ? "an " : "a ") + std::string(clash->as) + " of tenant " +
                                    quoted(builder.name(clash->owner)) + " too");
}

void VersionTwo::add_waiting() {
    for (std::size_t i = waited_ - std::min(waited_, waiting_.size()); i < waited_; ++i) add(waiting_[i % waiting_.size()]);
    waited_ = 0;
}

/// `base` is a public or a shared suffix, or a shared suffix lies below it.
bool VersionTwo::covers_a_suffix(std::string_view base) const {
    const Defaults& defaults = context_.defaults;
    if (defaults.is_public_suffix && defaults.is_public_suffix(base)) return true;
    return std::ranges::any_of(defaults.shared_suffixes, [&](const std::string& suffix) {
        return suffix == base || (suffix.size() > base.size() && suffix.ends_with(base) && suffix[suffix.size() - base.size() - 1] == '.');
    });
}

}  // namespace exota::tenant
