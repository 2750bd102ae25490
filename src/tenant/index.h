// All tenants, looked up by what evidence names: domain, tenant id, organisation, DKIM domain. Immutable once built; built beside the
// running one on reload and swapped whole. Compact: a million domains must fit (docs/benchmarks.md has the figures).
//
// Every name belongs to at most one tenant (the readers of tenants files refuse anything else), so "is X one of tenant T's" is
// "does the look-up of X yield T".
//
// Tested by index_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "mail/domain.h"
#include "mail/tenant_id.h"
#include "tenant/factor.h"
#include "tenant/policy.h"

namespace exota::tenant {

/// Number of a tenant within one Index; made by nobody else (the Index trusts it). Version-1 entries that share a tenant id share the
/// number.
enum class Number : std::uint32_t {};

/// A covering entry: the tenant, and the policy of that very entry (version-1 entries of one tenant may differ in theirs).
struct Coverage {
    Number tenant;
    const Policy* policy;  // lives as long as the Index
};

class IndexBuilder;

class Index {
public:
    Index();  // no tenants
    ~Index();
    Index(Index&&) noexcept;
    Index& operator=(Index&&) noexcept;

    /// *Covers* (docs/glossary.md): the most specific entry, exact before wildcard, longest wildcard first. "*.a" covers below a, not a.
    std::optional<Coverage> covering(std::string_view canonical_domain) const noexcept;
    /// The tenant that has `domain` as a literal entry (no wildcards).
    std::optional<Number> with_literal_domain(std::string_view canonical_domain) const noexcept;
    /// A tenant other than this one has `name`, or a domain below it. (May say so of a domain that a later duplicate took away.) Means
    /// nothing where the neighbours are not known.
    bool is_or_is_above_a_domain_of_another(std::string_view canonical_name, Number tenant) const noexcept;
    /// Every tenant is in here. False: only those that have a name which a source was asked for (answers.h), so who has a name beside or
    /// below one of these is not known.
    bool knows_neighbours() const noexcept;
    /// Where some of the names asked for got no answer: the same, with all of these another tenant's. nullptr: all are answered.
    const Index* at_worst() const noexcept;
    /// Where there are names that the source was not asked for: the same, with all of these another tenant's. nullptr: it was asked for
    /// all.
    const Index* at_worst_for_a_forward() const noexcept;
    std::optional<Number> with_tenant_id(const mail::TenantId& id) const noexcept;
    std::optional<Number> with_organization(std::string_view canonical_domain) const noexcept;
    std::optional<Number> with_dkim_domain(std::string_view canonical_domain) const noexcept;

    /// Version 2: the key in the file. Version 1: the tenant id, or the domain where there is none.
    std::string_view name(Number tenant) const noexcept;
    bool has_tenant_ids(Number tenant) const noexcept;
    bool has_organizations(Number tenant) const noexcept;
    /// The tenant's policy for what is not found through a domain (forwards named by id or organisation).
    const Policy& policy(Number tenant) const noexcept;

    /// Every factor that some proof in here asks for, and possibly others (a policy that was replaced while the index was built).
    FactorSet factors() const noexcept;

    /// No tenant has a milder mode than this (enforce is the strictest, monitor the mildest); none need have this very one.
    Mode mildest_mode() const noexcept;
    /// Each tenant lists at least one organisation.
    bool all_have_organizations() const noexcept;

    /// What the hashes of names in here depend on; whoever knows it can choose names that get into one another's way.
    const base::HashKey& hash_key() const noexcept;

    std::size_t tenant_count() const noexcept;
    /// Entries: literal domains and wildcards.
    std::size_t domain_count() const noexcept;
    /// About what the tables take, for the log and the metrics.
    std::size_t memory_octets() const noexcept;

private:
    friend class IndexBuilder;
    struct Tables;
    std::unique_ptr<Tables> tables_;
};

}  // namespace exota::tenant
