// Tested by index_test.cc and index_memory_test.cc.
#include "tenant/index.h"

#include "tenant/index_tables.h"

namespace exota::tenant {

Index::Index() : tables_(std::make_unique<Tables>()) {}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;

std::optional<Coverage> Index::covering(std::string_view canonical_domain) const noexcept {
    const Tables& tables = *tables_;
    if (tables.beneath) return tables.covering_over(canonical_domain);
    NameRef entry = tables.find(Tables::domain, tables.hashed(canonical_domain));
    if (entry == 0 && tables.wildcard_count > 0) {
        // From the longest parent to the shortest, so the first hit is the most specific.
        for (std::string_view base = mail::parent_of(canonical_domain); !base.empty() && entry == 0; base = mail::parent_of(base))
            if (base.size() <= tables.longest_wildcard) entry = tables.find(Tables::wildcard, tables.hashed(base));
    }
    if (entry == 0) return std::nullopt;
    return tables.coverage(entry);
}

/// The most specific of both, whichever of them it is in.
std::optional<Coverage> Index::Tables::covering_over(std::string_view canonical_domain) const noexcept {
    const Tables& base = beneath->tables();
    const auto found = [&](Role role, std::string_view text) -> std::optional<Coverage> {
        const HashedName name = hashed(text);
        if (const NameRef entry = find(role, name); entry != 0) return coverage(entry);
        if (const NameRef entry = beneath->find(base, role, name); entry != 0) return base.coverage(entry);
        return std::nullopt;
    };
    auto covered = found(domain, canonical_domain);
    for (std::string_view name = mail::parent_of(canonical_domain); !name.empty() && !covered; name = mail::parent_of(name))
        if (name.size() <= longest_wildcard) covered = found(wildcard, name);
    return covered;
}

std::optional<Number> Index::Tables::with(Role role, const HashedName& name) const noexcept {
    if (const NameRef ref = find(role, name); ref != 0) return numbered(owner(ref));
    if (!beneath) return std::nullopt;
    const Tables& base = beneath->tables();
    const NameRef ref = beneath->find(base, role, name);
    return ref == 0 ? std::nullopt : std::optional(base.owner(ref));
}

std::optional<Number> Index::with_literal_domain(std::string_view canonical_domain) const noexcept {
    return tables_->with(Tables::domain, tables_->hashed(canonical_domain));
}

bool Index::is_or_is_above_a_domain_of_another(std::string_view canonical_name, Number tenant) const noexcept {
    const auto literal = with_literal_domain(canonical_name);
    if (literal && *literal != tenant) return true;
    Ancestors::Below below = tables_->ancestors.below(canonical_name);
    if (const auto& beneath = tables_->beneath) {
        below.sum += below.count * beneath->numbers;
        const Ancestors::Below had = beneath->tables().ancestors.below(canonical_name),
                               gone = beneath->gone_ancestors.below(canonical_name);
        below.count += had.count - gone.count;
        below.sum += had.sum - gone.sum;
    }
    return Ancestors::is_another(below, tenant);
}

bool Index::knows_neighbours() const noexcept { return !tables_->of_answers; }
const Index* Index::at_worst() const noexcept { return tables_->at_worst.get(); }
const Index* Index::at_worst_for_a_forward() const noexcept { return tables_->at_worst_for_a_forward.get(); }

std::optional<Number> Index::with_tenant_id(const mail::TenantId& id) const noexcept {
    const Tables& tables = *tables_;
    const TenantIdText text(id);
    const HashedName name = tables.hashed(text.view());
    if (const NameRef ref = tables.tenant_ids.find(name, tables.arena); ref != 0) {
        const Number own = tables.owner(ref);
        return own == Number{Tables::no_tenant} ? std::nullopt : std::optional(tables.numbered(own));
    }
    if (!tables.beneath) return std::nullopt;
    const Tables& base = tables.beneath->tables();
    const NameRef ref = tables.beneath->find_id(base, name);
    return ref == 0 ? std::nullopt : std::optional(base.owner(ref));
}

std::optional<Number> Index::with_organization(std::string_view canonical_domain) const noexcept {
    return tables_->with(Tables::organization, tables_->hashed(canonical_domain));
}
std::optional<Number> Index::with_dkim_domain(std::string_view canonical_domain) const noexcept {
    return tables_->with(Tables::dkim_domain, tables_->hashed(canonical_domain));
}

std::string_view Index::name(Number tenant) const noexcept {
    const Tables::Place place = tables_->place_of(tenant);
    return place.tables->arena.name((*place.tables)[place.number].name);
}
bool Index::has_tenant_ids(Number tenant) const noexcept { return tables_->tenant(tenant).has_tenant_ids != 0; }
bool Index::has_organizations(Number tenant) const noexcept { return tables_->tenant(tenant).has_organizations != 0; }
const Policy& Index::policy(Number tenant) const noexcept {
    const Tables::Place place = tables_->place_of(tenant);
    return place.tables->policies[(*place.tables)[place.number].policy];
}

FactorSet Index::factors() const noexcept { return tables_->factors; }
Mode Index::mildest_mode() const noexcept { return tables_->mildest_mode; }
bool Index::all_have_organizations() const noexcept { return tables_->all_have_organizations; }
const base::HashKey& Index::hash_key() const noexcept { return tables_->key; }

std::size_t Index::tenant_count() const noexcept { return tables_->tenant_count; }
std::size_t Index::domain_count() const noexcept {
    return tables_->domain_count + tables_->wildcard_count + (tables_->beneath ? tables_->beneath->domains : 0);
}

std::size_t Index::memory_octets() const noexcept {
    const Tables& t = *tables_;
    return t.arena.octets() + t.names.octets() + t.tenant_ids.octets() + t.tenants.capacity() * sizeof(Tables::Tenant) +
           t.ancestors.memory_octets() + t.policies.size() * sizeof(Policy) + (t.beneath ? t.beneath->memory_octets() : 0);
}

}  // namespace exota::tenant
