#include "tenant/index_over.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tenant/index_builder.h"
#include "tenant/index_tables.h"

namespace exota::tenant {

/// Reads the tables of indexes, which only the builder's friends may.
class IndexBuilder::Over {
    using Tables = Index::Tables;

public:
    static std::optional<Index> make(std::shared_ptr<const Index> all, std::span<const Number> gone, const Index& before, Index after) {
        const Tables& base = *all->tables_;
        const Tables& was = *before.tables_;
        Tables& is = *after.tables_;
        if (base.beneath || is.beneath || was.beneath || base.of_answers || is.of_answers) return std::nullopt;
        if (base.key != was.key || base.key != is.key || was.tenants.size() != gone.size()) return std::nullopt;
        if (base.tenants.size() + is.tenants.size() >= Tables::no_tenant) return std::nullopt;
        auto beneath = std::make_unique<Tables::Beneath>();
        beneath->numbers = static_cast<std::uint32_t>(base.tenants.size());
        beneath->gone.resize(base.tenants.size() / 64 + 1);
        for (const Number number : gone) {
            const auto bit = static_cast<std::uint32_t>(number);
            beneath->gone[bit / 64] |= std::uint64_t{1} << bit % 64;
        }
        beneath->index = std::move(all);
        if (excludes_one(*beneath, base, is)) return std::nullopt;
        beneath->gone_ancestors = ancestors_of(was, gone);
        beneath->domains = base.domain_count + base.wildcard_count - was.domain_count - was.wildcard_count;
        is.tenant_count += base.tenant_count - gone.size();
        is.without_organizations += base.without_organizations - was.without_organizations;
        is.all_have_organizations = is.without_organizations == 0;
        is.mildest_mode = std::max(is.mildest_mode, base.mildest_mode);
        for (std::size_t i = 0; i < factor_count; ++i)
            if (const auto factor = static_cast<Factor>(i); base.factors.contains(factor)) is.factors.insert(factor);
        is.longest_wildcard = std::max(is.longest_wildcard, base.longest_wildcard);
        is.beneath = std::move(beneath);
        return after;
    }

    static std::size_t number_count(const Index& index) noexcept {
        const Tables& tables = *index.tables_;
        return tables.tenants.size() + (tables.beneath ? tables.beneath->numbers : 0);
    }
    static bool has_tenant(const Index& index, Number tenant) noexcept {
        const auto& beneath = index.tables_->beneath;
        const auto number = static_cast<std::uint32_t>(tenant);
        return number < number_count(index) && !(beneath && number < beneath->numbers && beneath->is_gone(tenant));
    }
    static std::size_t shared_number_count(const Index& a, const Index& b) noexcept {
        const Tables* const of_a = lowest(a);
        return of_a == lowest(b) ? of_a->tenants.size() : 0;
    }
    static std::size_t most_domains_lost(const Index& before, const Index& now) noexcept {
        const Tables* const base = lowest(before);
        const std::size_t had = before.domain_count(), all = base->domain_count + base->wildcard_count;
        if (base != lowest(now)) return had;
        const auto of_base = [all](const Index& index) { return index.tables_->beneath ? index.tables_->beneath->domains : all; };
        return std::min(had, (had - of_base(before)) + (all - of_base(now)));
    }

private:
    static const Tables* lowest(const Index& index) noexcept {
        const Tables& tables = *index.tables_;
        return tables.beneath ? &tables.beneath->tables() : &tables;
    }

    /// As what another tenant must not have a name that one has in these roles: what IndexBuilder says of it.
    static std::uint32_t excluded_by(std::uint32_t roles) noexcept {
        std::uint32_t out = 0;
        if ((roles & Tables::domain) != 0) out |= Tables::domain | Tables::organization | Tables::dkim_domain;
        if ((roles & Tables::organization) != 0) out |= Tables::organization | Tables::domain;
        if ((roles & Tables::dkim_domain) != 0) out |= Tables::dkim_domain | Tables::domain;
        if ((roles & Tables::wildcard) != 0) out |= Tables::wildcard;
        return out;
    }

    static bool excludes_one(const Tables::Beneath& beneath, const Tables& base, const Tables& above) {
        bool found = false;
        above.names.for_each([&](NameRef ref) {
            const std::uint32_t excluded = excluded_by(above.arena.word(ref, 1));
            found = found || beneath.find(base, excluded, base.hashed(above.arena.name(ref))) != 0;
        });
        above.tenant_ids.for_each([&](NameRef ref) { found = found || beneath.find_id(base, base.hashed(above.arena.name(ref))) != 0; });
        return found;
    }

    /// What the tenants of `was`, by their numbers in another index, contributed to its ancestors.
    static Ancestors ancestors_of(const Tables& was, std::span<const Number> numbers) {
        std::vector<std::pair<Number, NameRef>> names;  // tenant by tenant, as they were counted
        was.names.for_each([&](NameRef ref) { names.emplace_back(was.owner(ref), ref); });
        std::ranges::sort(names);
        Ancestors out(was.key);
        for (const auto& [owner, ref] : names) {
            const std::uint32_t roles = was.arena.word(ref, 1);
            const std::string_view name = was.arena.name(ref);
            const Number number = numbers[static_cast<std::uint32_t>(owner)];
            if ((roles & Tables::wildcard) != 0) out.add(name, number);
            if ((roles & (Tables::wildcard | Tables::domain)) != 0) out.add_above(name, number);
        }
        return out;
    }
};

std::optional<Index> over(std::shared_ptr<const Index> all, std::span<const Number> gone, const Index& before, Index after) {
    return IndexBuilder::Over::make(std::move(all), gone, before, std::move(after));
}
std::size_t number_count(const Index& index) noexcept { return IndexBuilder::Over::number_count(index); }
bool has_tenant(const Index& index, Number tenant) noexcept { return IndexBuilder::Over::has_tenant(index, tenant); }
std::size_t shared_number_count(const Index& a, const Index& b) noexcept { return IndexBuilder::Over::shared_number_count(a, b); }
std::size_t most_domains_lost(const Index& before, const Index& now) noexcept { return IndexBuilder::Over::most_domains_lost(before, now); }

}  // namespace exota::tenant
