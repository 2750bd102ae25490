#include "tenant/domains_kept.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "mail/domain.h"
#include "tenant/index_builder.h"
#include "tenant/raw_tenants.h"

namespace exota::tenant {
namespace {

using Names = std::unordered_set<std::string>;

Names domains_in(const RawTenants& tenants) {
    Names out;
    for (const RawTenant& one : tenants.all()) {
        const auto domains = one.values.find(Field::domains);
        if (domains == one.values.end()) continue;
        RawTenant canonical = in_canonical_form({one.name, {*domains}});
        if (auto* const list = std::get_if<std::vector<std::string>>(&canonical.values.at(Field::domains)))
            for (std::string& name : *list) out.insert(std::move(name));
    }
    return out;
}

DomainsKept by_number(std::size_t before, std::size_t now) { return {.before = before, .kept = std::min(before, now)}; }

/// As Index::covering().
bool covers(const Names& names, const std::string& name) {
    if (names.contains(name)) return true;
    for (std::string_view base = mail::parent_of(name); !base.empty(); base = mail::parent_of(base))
        if (names.contains("*." + std::string(base))) return true;
    return false;
}

}  // namespace

DomainsKept domains_kept(const Index& before, const Index& now, std::size_t few) {
    DomainsKept out{.before = before.domain_count(), .kept = before.domain_count()};
    if (out.before < few) return by_number(out.before, now.domain_count());
    if (&before == &now) return out;
    // "*.a" is no name that anybody has: only wildcards cover it, the one on "a" first.
    IndexBuilder::for_each_domain_and_wildcard(before, [&](std::string_view name) { out.kept -= now.covering(name) ? 0 : 1; });
    return out;
}

DomainsKept domains_kept(const RawTenants& before, const RawTenants& now, std::size_t few) {
    const Names had = domains_in(before), has = domains_in(now);
    if (had.size() < few) return by_number(had.size(), has.size());
    const auto kept = std::ranges::count_if(had, [&has](const std::string& name) { return covers(has, name); });
    return {.before = had.size(), .kept = static_cast<std::size_t>(kept)};
}

}  // namespace exota::tenant
