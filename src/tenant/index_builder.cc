#include "tenant/index_builder.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "tenant/index_tables.h"

namespace exota::tenant {
namespace {

std::size_t hash_of(const Policy& policy) {
    std::size_t hash = 0;
    const auto mix = [&](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL + (hash >> 29); };
    const auto mix_text = [&](std::string_view text) { mix(std::hash<std::string_view>{}(text)); };
    for (const Proof& proof : policy.proofs) mix_text(proof.text);
    for (const base::IpPrefix& prefix : policy.connector_clients) mix_text(prefix.text());
    for (const Limit& limit : policy.limits) mix_text(limit.text());
    for (const int value :
         {static_cast<int>(policy.alignment), int{policy.forwarding}, int{policy.hybrid}, static_cast<int>(policy.limit_action),
          static_cast<int>(policy.mode), int{policy.v1_dkim_enabled}, int{policy.v1_dkim_alignment_required}})
        mix(static_cast<std::size_t>(value));
    return hash;
}

}  // namespace

IndexBuilder::IndexBuilder(std::size_t most_pieces) {
    index_.tables_->arena = NameArena(std::min(most_pieces, NameArena::max_pieces));
    policy(Policy{});
}
IndexBuilder::~IndexBuilder() = default;
IndexBuilder::IndexBuilder(IndexBuilder&&) noexcept = default;
IndexBuilder& IndexBuilder::operator=(IndexBuilder&&) noexcept = default;

PolicyRef IndexBuilder::policy(const Policy& policy) {
    Index::Tables& tables = *index_.tables_;
    const std::size_t hash = hash_of(policy);
    const auto [first, last] = policies_by_hash_.equal_range(hash);
    for (auto known = first; known != last; ++known)
        if (tables.policies[known->second] == policy) return PolicyRef{known->second};
    const auto number = static_cast<std::uint32_t>(tables.policies.size());
    tables.policies.push_back(policy);
    policies_by_hash_.emplace(hash, number);
    return PolicyRef{number};
}

const Policy& IndexBuilder::operator[](PolicyRef ref) const noexcept { return index_.tables_->policies[static_cast<std::uint32_t>(ref)]; }

Number IndexBuilder::add_tenant(std::string_view name, PolicyRef policy, Findable findable) {
    Index::Tables& tables = *index_.tables_;
    const auto number = static_cast<std::uint32_t>(tables.tenants.size());
    name = name.substr(0, max_tenant_name_octets);
    Index::Tables::Tenant tenant;
    if (findable == Findable::by_name) {
        tenant.name = tables.arena.add(name, {number});
        if (tenant.name != 0 && names_.find(name, tables.arena) == 0) names_.insert(tenant.name, tables.arena);
    } else {
        tenant.name = tables.arena.add(name, {});
    }
    full_ = full_ || tenant.name == 0;
    tenant.policy = static_cast<std::uint32_t>(policy) & Index::Tables::policy_of_tenant;
    tables.tenants.push_back(tenant);
    return Number{number};
}

std::optional<Number> IndexBuilder::tenant_named(std::string_view name) const noexcept {
    const NameRef ref = names_.find(name, index_.tables_->arena);
    if (ref == 0) return std::nullopt;
    return Number{index_.tables_->arena.word(ref, 1)};
}

std::string_view IndexBuilder::name(Number tenant) const noexcept { return index_.name(tenant); }

void IndexBuilder::set_policy(Number tenant, PolicyRef policy) noexcept {
    (*index_.tables_)[tenant].policy = static_cast<std::uint32_t>(policy) & Index::Tables::policy_of_tenant;
}

PolicyRef IndexBuilder::policy_of(Number tenant) const noexcept { return PolicyRef{std::as_const(*index_.tables_)[tenant].policy}; }

std::optional<Clash> IndexBuilder::taken(const NameTable& table, std::string_view as, std::string_view name) const noexcept {
    const NameRef ref = table.find(name, index_.tables_->arena);
    if (ref == 0) return std::nullopt;
    return Clash{Number{index_.tables_->arena.word(ref, 1)}, as};
}

void IndexBuilder::store(NameTable& table, Number tenant, std::string_view name) {
    NameArena& arena = index_.tables_->arena;
    if (const NameRef ref = arena.add(name, {static_cast<std::uint32_t>(tenant)}); ref != 0)
        table.insert(ref, arena);
    else
        full_ = true;
}

void IndexBuilder::store_domain(NameTable& table, Number tenant, std::string_view name, std::uint32_t policy) {
    NameArena& arena = index_.tables_->arena;
    if (const NameRef ref = arena.add(name, {policy, static_cast<std::uint32_t>(tenant)}); ref != 0)
        table.insert(ref, arena);
    else
        full_ = true;
}

std::optional<Clash> IndexBuilder::add_domain(Number tenant, std::string_view domain) {
    Index::Tables& tables = *index_.tables_;
    if (const auto clash = taken(tables.domains, "domain", domain)) return clash;
    if (const auto clash = taken(tables.organizations, "organization", domain); clash && clash->owner != tenant) return clash;
    if (const auto clash = taken(tables.dkim_domains, "DKIM domain", domain); clash && clash->owner != tenant) return clash;
    store_domain(tables.domains, tenant, domain, Index::Tables::policy_of_tenant);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_wildcard(Number tenant, std::string_view base) {
    Index::Tables& tables = *index_.tables_;
    if (const auto clash = taken(tables.wildcards, "wildcard", base)) return clash;
    store_domain(tables.wildcards, tenant, base, Index::Tables::policy_of_tenant);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_tenant_id(Number tenant, const mail::TenantId& id) {
    Index::Tables& tables = *index_.tables_;
    tables[tenant].has_tenant_ids = 1;
    const TenantIdText text(id);
    if (const auto clash = taken(tables.tenant_ids, "tenant id", text.view())) return clash;
    store(tables.tenant_ids, tenant, text.view());
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_organization(Number tenant, std::string_view organization) {
    Index::Tables& tables = *index_.tables_;
    tables[tenant].has_organizations = 1;
    if (const auto clash = taken(tables.organizations, "organization", organization)) return clash;
    if (const auto clash = taken(tables.domains, "domain", organization); clash && clash->owner != tenant) return clash;
    store(tables.organizations, tenant, organization);
    return std::nullopt;
}

std::optional<Clash> IndexBuilder::add_dkim_domain(Number tenant, std::string_view domain) {
    Index::Tables& tables = *index_.tables_;
    if (const auto clash = taken(tables.dkim_domains, "DKIM domain", domain)) return clash;
    if (const auto clash = taken(tables.domains, "domain", domain); clash && clash->owner != tenant) return clash;
    store(tables.dkim_domains, tenant, domain);
    return std::nullopt;
}

std::optional<Number> IndexBuilder::with_tenant_id(const mail::TenantId& id) const noexcept { return index_.with_tenant_id(id); }
std::optional<Number> IndexBuilder::with_literal_domain(std::string_view domain) const noexcept {
    return index_.with_literal_domain(domain);
}

void IndexBuilder::put_domain(Number tenant, std::string_view domain, PolicyRef policy) {
    Index::Tables& tables = *index_.tables_;
    const NameRef ref = tables.domains.find(domain, tables.arena);
    if (ref == 0) return store_domain(tables.domains, tenant, domain, static_cast<std::uint32_t>(policy));
    if (const std::uint32_t before = tables.arena.word(ref, 1); before != static_cast<std::uint32_t>(tenant))
        maybe_without_domains_.push_back(before);
    tables.arena.set_word(ref, 1, static_cast<std::uint32_t>(tenant));
    tables.arena.set_word(ref, 2, static_cast<std::uint32_t>(policy));
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
    tables.domains.for_each([&](NameRef ref) { has_domains[tables.arena.word(ref, 1)] = true; });
    const auto is_gone = [&](std::uint32_t tenant) {
        return std::ranges::binary_search(maybe_without_domains_, tenant) && !has_domains[tenant];
    };
    tables.tenant_count -= static_cast<std::size_t>(std::ranges::count_if(maybe_without_domains_, is_gone));
    tables.tenant_ids.for_each([&](NameRef ref) {
        if (is_gone(tables.arena.word(ref, 1))) tables.arena.set_word(ref, 1, Index::Tables::no_tenant);
    });
}

Index IndexBuilder::build() && {
    forget_replaced();
    return std::move(index_);
}

}  // namespace exota::tenant
