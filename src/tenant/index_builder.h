// Builds an Index entry by entry, and refuses a name that belongs to another tenant already. What reads tenants (files, later LDAP and
// PostgreSQL) goes through here; names come in canonical (mail/domain.h).
//
// No locks, no globals: an Index may be built on any thread beside the one that is in use. It is some hundred pieces of memory however
// many names it has, so giving up an old one of a million domains takes milliseconds.
//
// Tested by index_test.cc.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tenant/index.h"
#include "tenant/name_table.h"

namespace exota::tenant {

/// A policy given to the builder.
enum class PolicyRef : std::uint32_t {};

/// Why a name was not taken: it is there already, for `owner` (perhaps the same tenant), as the kind of entry that `as` names.
struct Clash {
    Number owner{};
    std::string_view as;  // "domain", "wildcard", "tenant id", "organization", "DKIM domain", "tenant"
};

/// A name as it is given to a builder, which finds out its hash unless that is known.
class GivenName {
public:
    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    GivenName(const T& name) noexcept : text_(name) {}                                          // NOLINT(google-explicit-constructor)
    GivenName(const HashedName& name) noexcept : text_(name.text), known_(name.fingerprint) {}  // NOLINT(google-explicit-constructor)
    std::string_view text() const noexcept { return text_; }
    HashedName hashed(const base::HashKey& key) const noexcept { return known_ ? HashedName(text_, *known_) : HashedName(text_, key); }

private:
    std::string_view text_;
    std::optional<std::uint32_t> known_;
};

class IndexBuilder {
public:
    /// A longer name of a tenant is cut.
    static constexpr std::size_t max_tenant_name_octets = NameArena::max_name_octets;

    /// @param key          of the hashes of names: random where strangers have a hand in the names.
    /// @param most_pieces  MiB of names that are taken, and a little more; beyond it is_full().
    explicit IndexBuilder(const base::HashKey& key = {}, std::size_t most_pieces = NameArena::max_pieces);
    ~IndexBuilder();
    IndexBuilder(IndexBuilder&&) noexcept;
    IndexBuilder& operator=(IndexBuilder&&) noexcept;

    /// Lays one index over another (index_over.cc).
    class Over;
    /// Each literal domain of an index that was built, in no order. Whoever looks up has no use for it; whoever checks has.
    static void for_each_domain(const Index& index, const std::function<void(std::string_view)>& visit);
    /// The same, and each wildcard as "*.base".
    static void for_each_domain_and_wildcard(const Index& index, const std::function<void(std::string_view)>& visit);

    /// Equal policies are kept once.
    PolicyRef policy(const Policy& policy);
    const Policy& operator[](PolicyRef ref) const noexcept;

    /// The name with its hash in this index, for several calls.
    HashedName hashed(std::string_view name) const noexcept;

    /// Names may repeat; make_findable() tells.
    Number add_tenant(std::string_view name, PolicyRef policy);
    /// `name` is what name(tenant) gives. Clashes with a tenant of that name which was made findable before.
    std::optional<Clash> make_findable(Number tenant, const GivenName& name);
    /// Version 1: the tenant of this id (36 characters, lower case), which names it. Where none is there yet, one with this policy.
    Number tenant_with_id(const GivenName& id, PolicyRef policy);
    std::string_view name(Number tenant) const noexcept;
    void set_policy(Number tenant, PolicyRef policy) noexcept;
    PolicyRef policy_of(Number tenant) const noexcept;

    /// A literal domain, with the tenant's policy. Clashes with another's domain, organisation or DKIM domain.
    std::optional<Clash> add_domain(Number tenant, const GivenName& domain);
    /// "*.base", with the tenant's policy. Clashes with another's wildcard.
    std::optional<Clash> add_wildcard(Number tenant, const GivenName& base);
    std::optional<Clash> add_tenant_id(Number tenant, const mail::TenantId& id);
    /// The same, given its 36 characters in lower case.
    std::optional<Clash> add_tenant_id(Number tenant, const GivenName& id);
    /// Clashes with another's organisation or literal domain.
    std::optional<Clash> add_organization(Number tenant, const GivenName& organization);
    /// Clashes with another's DKIM domain or literal domain.
    std::optional<Clash> add_dkim_domain(Number tenant, const GivenName& domain);

    /// Such a tenant has others than those that are added.
    void note_tenant_ids(Number tenant) noexcept;
    void note_organizations(Number tenant) noexcept;

    std::optional<Number> with_literal_domain(const GivenName& domain) const noexcept;
    /// An entry that another took the place of.
    struct Replaced {
        PolicyRef policy;
        bool had_tenant_ids;
    };
    /// Version 1: a domain with a policy of its own; takes it from whomever had it (the last of duplicate keys wins).
    std::optional<Replaced> put_domain(Number tenant, const GivenName& domain, PolicyRef policy);
    /// The same for a tenant that is nothing but this domain, and named by it.
    std::optional<Replaced> put_domain(const GivenName& domain, PolicyRef policy);

    /// A name will be added soon: the processor may fetch its places meanwhile. For a million names that is half of the time.
    void expect_name(const GivenName& name) const noexcept;
    void expect_tenant_id(const GivenName& id) const noexcept;
    void expect_tenant(const GivenName& name) const noexcept;

    /// Some name found no room any more: the Index would be incomplete and must not be used.
    bool is_full() const noexcept { return full_; }
    std::size_t domain_count() const noexcept;

    Index build() &&;
    /// Of what was answered to single questions: Index::knows_neighbours() is false. The others are what the Index says of them, or null.
    Index build_of_answers(std::unique_ptr<const Index> at_worst, std::unique_ptr<const Index> at_worst_for_a_forward) &&;

private:
    Number next_number() noexcept;
    NameRef store(Number tenant, std::string_view name, std::uint32_t roles = 0);
    NameRef store_with_policy(Number tenant, std::string_view name, PolicyRef policy);
    struct Holders;
    Holders holders(Number tenant, const HashedName& name) const noexcept;
    /// The holder of a name, if that is another tenant.
    std::optional<Clash> clash(NameRef holder, std::string_view as, Number tenant) const noexcept;
    /// @param found  the holders of this name.
    void enter(std::uint32_t role, Number tenant, const HashedName& name, const Holders& found);
    struct Put {
        NameRef ref;
        std::optional<Replaced> replaced;
    };
    Put put(Number tenant, const HashedName& domain, PolicyRef policy);
    void forget_replaced();

    Index index_;
    NameTable names_;  // of findable tenants
    std::unordered_multimap<std::size_t, std::uint32_t> policies_by_hash_;
    std::vector<std::uint32_t> maybe_without_domains_;
    bool full_ = false;
};

}  // namespace exota::tenant
