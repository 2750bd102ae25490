#include "tenant/index.h"

#include "tenant/index_tables.h"

namespace exota::tenant {

Index::Index() : tables_(std::make_unique<Tables>()) {}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;

std::optional<Coverage> Index::covering(std::string_view canonical_domain) const noexcept {
    const Tables& tables = *tables_;
    NameRef entry = tables.find(Tables::domain, tables.hashed(canonical_domain));
    if (entry == 0 && tables.wildcard_count > 0) {
        // From the longest parent to the shortest, so the first hit is the most specific.
        for (std::string_view base = mail::parent_of(canonical_domain); !base.empty() && entry == 0; base = mail::parent_of(base))
            if (base.size() <= tables.longest_wildcard) entry = tables.find(Tables::wildcard, tables.hashed(base));
    }
    if (entry == 0) return std::nullopt;
    const Number tenant = tables.owner(entry);
    const bool own = (tables.arena.word(entry, 1) & Tables::has_own_policy) != 0;
    return Coverage{tenant, &tables.policies[own ? tables.arena.word(entry, 2) : tables[tenant].policy]};
}

std::optional<Number> Index::Tables::with(const NameTable& table, const HashedName& name) const noexcept {
    const NameRef ref = table.find(name, arena);
    if (ref == 0) return std::nullopt;
    return owner(ref);
}

std::optional<Number> Index::Tables::with(Role role, const HashedName& name) const noexcept {
    const NameRef ref = find(role, name);
    if (ref == 0) return std::nullopt;
    return owner(ref);
}

std::optional<Number> Index::with_literal_domain(std::string_view canonical_domain) const noexcept {
    return tables_->with(Tables::domain, tables_->hashed(canonical_domain));
}

bool Index::is_or_is_above_a_domain_of_another(std::string_view canonical_name, Number tenant) const noexcept {
    const auto literal = with_literal_domain(canonical_name);
    return (literal && *literal != tenant) || tables_->ancestors.is_above_another(canonical_name, tenant);
}

bool Index::knows_neighbours() const noexcept { return !tables_->of_answers; }
const Index* Index::at_worst() const noexcept { return tables_->at_worst.get(); }
const Index* Index::at_worst_for_a_forward() const noexcept { return tables_->at_worst_for_a_forward.get(); }

std::optional<Number> Index::with_tenant_id(const mail::TenantId& id) const noexcept {
    const std::optional<Number> found = tables_->with(tables_->tenant_ids, tables_->hashed(TenantIdText(id).view()));
    if (found == Number{Tables::no_tenant}) return std::nullopt;
    return found;
}

std::optional<Number> Index::with_organization(std::string_view canonical_domain) const noexcept {
    return tables_->with(Tables::organization, tables_->hashed(canonical_domain));
}
std::optional<Number> Index::with_dkim_domain(std::string_view canonical_domain) const noexcept {
    return tables_->with(Tables::dkim_domain, tables_->hashed(canonical_domain));
}

std::string_view Index::name(Number tenant) const noexcept { return tables_->arena.name((*tables_)[tenant].name); }
bool Index::has_tenant_ids(Number tenant) const noexcept { return (*tables_)[tenant].has_tenant_ids != 0; }
bool Index::has_organizations(Number tenant) const noexcept { return (*tables_)[tenant].has_organizations != 0; }
const Policy& Index::policy(Number tenant) const noexcept { return tables_->policies[(*tables_)[tenant].policy]; }

FactorSet Index::factors() const noexcept { return tables_->factors; }
Mode Index::mildest_mode() const noexcept { return tables_->mildest_mode; }
bool Index::all_have_organizations() const noexcept { return tables_->all_have_organizations; }
const base::HashKey& Index::hash_key() const noexcept { return tables_->key; }

std::size_t Index::tenant_count() const noexcept { return tables_->tenant_count; }
std::size_t Index::domain_count() const noexcept { return tables_->domain_count + tables_->wildcard_count; }

std::size_t Index::memory_octets() const noexcept {
    const Tables& t = *tables_;
    return t.arena.octets() + t.names.octets() + t.tenant_ids.octets() + t.tenants.capacity() * sizeof(Tables::Tenant) +
           t.ancestors.memory_octets() + t.policies.size() * sizeof(Policy);
}

}  // namespace exota::tenant
