#include "tenant/index_builder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tenant/index_tables.h"

namespace exota::tenant {
namespace {

std::size_t hash_of(const Policy& policy, const base::HashKey& key) {
    std::uint64_t hash = key.start;
    const auto mix = [&](std::uint64_t value) { hash = base::folded_product(hash ^ value, key.factor); };
    const auto mix_text = [&](std::string_view text) { mix(base::hash_of(text, key)); };
    for (const Proof& proof : policy.proofs) mix_text(proof.text);
    for (const base::IpPrefix& prefix : policy.connector_clients) mix_text(prefix.text());
    for (const Limit& limit : policy.limits) mix_text(limit.text());
    for (const DomainRecipients& entry : policy.recipients_of) {
        mix_text(entry.domain);
        mix(static_cast<std::uint64_t>(entry.wildcard) << 8 | static_cast<std::uint64_t>(entry.type));
    }
    for (const int value : {static_cast<int>(policy.alignment), static_cast<int>(policy.forwarding), int{policy.hybrid},
                            static_cast<int>(policy.limit_action), static_cast<int>(policy.mode), static_cast<int>(policy.recipients),
                            int{policy.v1_dkim_enabled}, int{policy.v1_dkim_alignment_required}})
        mix(static_cast<std::uint64_t>(value));
    return hash;
}

}  // namespace

IndexBuilder::IndexBuilder(const base::HashKey& key, std::size_t most_pieces) {
    index_.tables_->key = key;
    index_.tables_->ancestors = Ancestors(key);
    index_.tables_->arena = NameArena(std::min(most_pieces, NameArena::max_pieces));
    policy(Policy{});
}
IndexBuilder::~IndexBuilder() = default;
IndexBuilder::IndexBuilder(IndexBuilder&&) noexcept = default;
IndexBuilder& IndexBuilder::operator=(IndexBuilder&&) noexcept = default;

PolicyRef IndexBuilder::policy(const Policy& policy) {
    Index::Tables& tables = *index_.tables_;
    const std::size_t hash = hash_of(policy, tables.key);
    const auto [first, last] = policies_by_hash_.equal_range(hash);
    for (auto known = first; known != last; ++known)
        if (tables.policies[known->second] == policy) return PolicyRef{known->second};
    const auto number = static_cast<std::uint32_t>(tables.policies.size());
    tables.policies.push_back(policy);
    for (const Proof& proof : policy.proofs)
        for (const Factor factor : proof.factors) tables.factors.insert(factor);
    policies_by_hash_.emplace(hash, number);
    return PolicyRef{number};
}

const Policy& IndexBuilder::operator[](PolicyRef ref) const noexcept { return index_.tables_->policies[static_cast<std::uint32_t>(ref)]; }

HashedName IndexBuilder::hashed(std::string_view name) const noexcept { return index_.tables_->hashed(name); }

Number IndexBuilder::next_number() noexcept {
    const std::size_t count = index_.tables_->tenants.size();
    full_ = full_ || count + 1 >= Index::Tables::no_tenant;
    return Number{static_cast<std::uint32_t>(count)};
}

NameRef IndexBuilder::store(Number tenant, std::string_view name, std::uint32_t roles) {
    const NameRef ref = index_.tables_->arena.add(name, {static_cast<std::uint32_t>(tenant) | roles});
    full_ = full_ || ref == 0;
    return ref;
}

NameRef IndexBuilder::store_with_policy(Number tenant, std::string_view name, PolicyRef policy) {
    const NameRef ref = index_.tables_->arena.add(
        name,
        {static_cast<std::uint32_t>(policy), static_cast<std::uint32_t>(tenant) | Index::Tables::has_own_policy | Index::Tables::domain});
    full_ = full_ || ref == 0;
    return ref;
}

Number IndexBuilder::add_tenant(std::string_view name, PolicyRef policy) {
    Index::Tables& tables = *index_.tables_;
    const Number number = next_number();
    name = name.substr(0, max_tenant_name_octets);
    const NameRef ref = store(number, name);
    tables.tenants.push_back({.name = ref, .policy = static_cast<std::uint32_t>(policy) & Index::Tables::policy_mask});
    return number;
}

Number IndexBuilder::tenant_with_id(const GivenName& given, PolicyRef policy) {
    Index::Tables& tables = *index_.tables_;
    const HashedName id = given.hashed(tables.key);
    NameRef known = 0;
    const NameTable::Place place = tables.tenant_ids.find_all(id, tables.arena, [&](NameRef ref) { known = ref; });
    if (known != 0) return tables.owner(known);
    const Number number = next_number();
    const NameRef ref = store(number, id.text);
    if (ref != 0) tables.tenant_ids.insert(ref, id, place);
    tables.tenants.push_back({.name = ref, .policy = static_cast<std::uint32_t>(policy) & Index::Tables::policy_mask, .has_tenant_ids = 1});
    return number;
}

std::optional<Clash> IndexBuilder::make_findable(Number tenant, const GivenName& given) {
    const Index::Tables& tables = *index_.tables_;
    const HashedName name = given.hashed(tables.key);
    NameRef known = 0;
    const NameTable::Place place = names_.find_all(name, tables.arena, [&](NameRef ref) { known = ref; });
    if (known != 0) return Clash{tables.owner(known), "tenant"};
    if (const NameRef ref = tables[tenant].name; ref != 0) names_.insert(ref, name, place);
    return std::nullopt;
}

std::string_view IndexBuilder::name(Number tenant) const noexcept { return index_.name(tenant); }

void IndexBuilder::for_each_domain(const Index& index, const std::function<void(std::string_view)>& visit) {
    index.tables_->for_each_name([&visit](std::string_view name, std::uint32_t roles) {
        if ((roles & Index::Tables::domain) != 0) visit(name);
    });
}

void IndexBuilder::for_each_domain_and_wildcard(const Index& index, const std::function<void(std::string_view)>& visit) {
    std::string wildcard;
    index.tables_->for_each_name([&](std::string_view name, std::uint32_t roles) {
        if ((roles & Index::Tables::domain) != 0) visit(name);
        if ((roles & Index::Tables::wildcard) != 0) visit(wildcard.assign("*.").append(name));
    });
}

void IndexBuilder::set_policy(Number tenant, PolicyRef policy) noexcept {
    (*index_.tables_)[tenant].policy = static_cast<std::uint32_t>(policy) & Index::Tables::policy_mask;
}

PolicyRef IndexBuilder::policy_of(Number tenant) const noexcept { return PolicyRef{std::as_const(*index_.tables_)[tenant].policy}; }

/// Who has a name already, found in one walk.
struct IndexBuilder::Holders {
    NameRef domain = 0, wildcard = 0, organization = 0, dkim_domain = 0;
    NameRef own = 0;  // the tenant that is asked for, in whatever role
    NameTable::Place place;
};

IndexBuilder::Holders IndexBuilder::holders(Number tenant, const HashedName& name) const noexcept {
    const Index::Tables& tables = *index_.tables_;
    Holders found;
    found.place = tables.names.find_all(name, tables.arena, [&](NameRef ref) {
        const std::uint32_t word = tables.arena.word(ref, 1);
        if ((word & Index::Tables::domain) != 0) found.domain = ref;
        if ((word & Index::Tables::wildcard) != 0) found.wildcard = ref;
        if ((word & Index::Tables::organization) != 0) found.organization = ref;
        if ((word & Index::Tables::dkim_domain) != 0) found.dkim_domain = ref;
        if (tables.owner(ref) == tenant && (word & Index::Tables::has_own_policy) == 0) found.own = ref;
    });
    return found;
}

void IndexBuilder::enter(std::uint32_t role, Number tenant, const HashedName& name, const Holders& found) {
    Index::Tables& tables = *index_.tables_;
    if (found.own != 0)
        tables.arena.set_word(found.own, 1, tables.arena.word(found.own, 1) | role);
    else if (const NameRef ref = store(tenant, name.text, role); ref != 0)
        tables.names.insert(ref, name, found.place);
}

std::optional<Clash> IndexBuilder::clash(NameRef holder, std::string_view as, Number tenant) const noexcept {
    if (holder == 0 || index_.tables_->owner(holder) == tenant) return std::nullopt;
    return Clash{index_.tables_->owner(holder), as};
}

std::optional<Clash> IndexBuilder::add_domain(Number tenant, const GivenName& given) {
    Index::Tables& tables = *index_.tables_;
    const HashedName domain = given.hashed(tables.key);
    const Holders found = holders(tenant, domain);
    if (found.domain != 0) return Clash{tables.owner(found.domain), "domain"};
    if (const auto other = clash(found.organization, "organization", tenant)) return other;
    if (const auto other = clash(found.dkim_domain, "DKIM domain", tenant)) return other;
    ++tables.domain_count;
    tables.ancestors.add_above(domain.text, tenant);
    enter(Index::Tables::domain, tenant, domain, found);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_wildcard(Number tenant, const GivenName& given) {
    Index::Tables& tables = *index_.tables_;
    const HashedName base = given.hashed(tables.key);
    const Holders found = holders(tenant, base);
    if (found.wildcard != 0) return Clash{tables.owner(found.wildcard), "wildcard"};
    ++tables.wildcard_count;
    tables.longest_wildcard = std::max(tables.longest_wildcard, base.text.size());
    tables.ancestors.add(base.text, tenant);
    tables.ancestors.add_above(base.text, tenant);
    enter(Index::Tables::wildcard, tenant, base, found);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_tenant_id(Number tenant, const mail::TenantId& id) {
    return add_tenant_id(tenant, hashed(TenantIdText(id).view()));
}

std::optional<Clash> IndexBuilder::add_tenant_id(Number tenant, const GivenName& given) {
    Index::Tables& tables = *index_.tables_;
    const HashedName id = given.hashed(tables.key);
    tables[tenant].has_tenant_ids = 1;
    NameRef known = 0;
    const NameTable::Place place = tables.tenant_ids.find_all(id, tables.arena, [&](NameRef ref) { known = ref; });
    if (known != 0) return Clash{tables.owner(known), "tenant id"};
    if (const NameRef ref = store(tenant, id.text); ref != 0) tables.tenant_ids.insert(ref, id, place);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_organization(Number tenant, const GivenName& given) {
    Index::Tables& tables = *index_.tables_;
    const HashedName organization = given.hashed(tables.key);
    tables[tenant].has_organizations = 1;
    const Holders found = holders(tenant, organization);
    if (found.organization != 0) return Clash{tables.owner(found.organization), "organization"};
    if (const auto other = clash(found.domain, "domain", tenant)) return other;
    enter(Index::Tables::organization, tenant, organization, found);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_dkim_domain(Number tenant, const GivenName& given) {
    Index::Tables& tables = *index_.tables_;
    const HashedName name = given.hashed(tables.key);
    const Holders found = holders(tenant, name);
    if (found.dkim_domain != 0) return Clash{tables.owner(found.dkim_domain), "DKIM domain"};
    if (const auto other = clash(found.domain, "domain", tenant)) return other;
    enter(Index::Tables::dkim_domain, tenant, name, found);
    return std::nullopt;
}

void IndexBuilder::note_tenant_ids(Number tenant) noexcept { (*index_.tables_)[tenant].has_tenant_ids = 1; }
void IndexBuilder::note_organizations(Number tenant) noexcept { (*index_.tables_)[tenant].has_organizations = 1; }

std::optional<Number> IndexBuilder::with_literal_domain(const GivenName& domain) const noexcept {
    return index_.tables_->with(Index::Tables::domain, domain.hashed(index_.tables_->key));
}

void IndexBuilder::expect_name(const GivenName& name) const noexcept { index_.tables_->names.prefetch(name.hashed(index_.tables_->key)); }
void IndexBuilder::expect_tenant(const GivenName& name) const noexcept { names_.prefetch(name.hashed(index_.tables_->key)); }
void IndexBuilder::expect_tenant_id(const GivenName& id) const noexcept {
    index_.tables_->tenant_ids.prefetch(id.hashed(index_.tables_->key));
}

IndexBuilder::Put IndexBuilder::put(Number tenant, const HashedName& domain, PolicyRef policy) {
    Index::Tables& tables = *index_.tables_;
    NameRef before = 0;
    const NameTable::Place place = tables.names.find_all(domain, tables.arena, [&](NameRef ref) {
        if (before == 0 && (tables.arena.word(ref, 1) & Index::Tables::domain) != 0) before = ref;
    });
    const bool has_own_policy = before != 0 && (tables.arena.word(before, 1) & Index::Tables::has_own_policy) != 0;
    std::optional<Replaced> replaced;
    if (before != 0) {
        const Index::Tables::Tenant& owner = tables[tables.owner(before)];
        replaced = {PolicyRef{has_own_policy ? tables.arena.word(before, 2) : owner.policy}, owner.has_tenant_ids != 0};
    }
    if (before != 0 && tables.owner(before) != tenant) maybe_without_domains_.push_back(static_cast<std::uint32_t>(tables.owner(before)));
    if (has_own_policy) {
        tables.arena.set_word(before, 1, static_cast<std::uint32_t>(tenant) | Index::Tables::has_own_policy | Index::Tables::domain);
        tables.arena.set_word(before, 2, static_cast<std::uint32_t>(policy));
        return {before, replaced};
    }
    tables.ancestors.add_above(domain.text, tenant);
    const NameRef ref = store_with_policy(tenant, domain.text, policy);
    if (ref == 0) return {0, replaced};
    if (before == 0) {
        tables.names.insert(ref, domain, place);
        ++tables.domain_count;
    } else {
        tables.names.replace(domain, before, ref);
    }
    return {ref, replaced};
}

std::optional<IndexBuilder::Replaced> IndexBuilder::put_domain(Number tenant, const GivenName& domain, PolicyRef policy) {
    return put(tenant, domain.hashed(index_.tables_->key), policy).replaced;
}

std::optional<IndexBuilder::Replaced> IndexBuilder::put_domain(const GivenName& domain, PolicyRef policy) {
    const Put put_there = put(next_number(), domain.hashed(index_.tables_->key), policy);
    index_.tables_->tenants.push_back({.name = put_there.ref, .policy = static_cast<std::uint32_t>(policy) & Index::Tables::policy_mask});
    return put_there.replaced;
}

std::size_t IndexBuilder::domain_count() const noexcept { return index_.domain_count(); }

/// A tenant that lost its last domain to a later duplicate was never there: its id must not find it. Rare, so it costs only then.
void IndexBuilder::forget_replaced() {
    Index::Tables& tables = *index_.tables_;
    std::ranges::sort(maybe_without_domains_);
    const auto repeated = std::ranges::unique(maybe_without_domains_);
    maybe_without_domains_.erase(repeated.begin(), repeated.end());
    tables.tenant_count = tables.tenants.size();
    if (maybe_without_domains_.empty()) return;
    std::vector<bool> has_domains(tables.tenants.size(), false);
    tables.names.for_each([&](NameRef ref) {
        if ((tables.arena.word(ref, 1) & Index::Tables::domain) != 0) has_domains[static_cast<std::uint32_t>(tables.owner(ref))] = true;
    });
    const auto is_gone = [&](std::uint32_t tenant) {
        return std::ranges::binary_search(maybe_without_domains_, tenant) && !has_domains[tenant];
    };
    tables.tenant_count -= static_cast<std::size_t>(std::ranges::count_if(maybe_without_domains_, is_gone));
    tables.tenant_ids.for_each([&](NameRef ref) {
        if (is_gone(static_cast<std::uint32_t>(tables.owner(ref)))) tables.arena.set_word(ref, 1, Index::Tables::no_tenant);
    });
}

Index IndexBuilder::build() && {
    forget_replaced();
    Index::Tables& tables = *index_.tables_;
    for (const Policy& policy : tables.policies) tables.mildest_mode = std::max(tables.mildest_mode, policy.mode);
    tables.without_organizations = static_cast<std::size_t>(
        std::ranges::count_if(tables.tenants, [](const Index::Tables::Tenant& tenant) { return tenant.has_organizations == 0; }));
    tables.all_have_organizations = tables.without_organizations == 0;
    return std::move(index_);
}

Index IndexBuilder::build_of_answers(std::unique_ptr<const Index> at_worst, std::unique_ptr<const Index> at_worst_for_a_forward) && {
    index_.tables_->of_answers = true;
    index_.tables_->at_worst = std::move(at_worst);
    index_.tables_->at_worst_for_a_forward = std::move(at_worst_for_a_forward);
    return std::move(*this).build();
}

}  // namespace exota::tenant
