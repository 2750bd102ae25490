// Tenants of a directory server, looked up name by name for each message: a cache in front, and one small index of the answers.
//
//   keys of a message ─▶ each in its role ─▶ cache ─▶ one search with that role's filter ─▶ none │ one entry │ cannot be used
//
// "Cannot be used" (several entries, malformed ones, a server that refuses or is away) is an answer that nobody knows, and is never kept:
// what became of a message then is decision's to say (tenant/answers.h). What the cache has is served while the server is away.
//
// Lives on one loop, as its client does. Tested by ldap_lookup_test.cc and tests/system.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "directory/cache.h"
#include "directory/ldap_client.h"
#include "directory/ldap_filter.h"
#include "tenant/answers.h"
#include "tenant/keys.h"

namespace exota::directory {

class LdapLookup {
public:
    /// Searches for one message; what else it names is not answered. Far above what honest mail names.
    static constexpr std::size_t max_searches_a_message = 500;
    using Found = tenant::Found<std::shared_ptr<const tenant::Index>>;
    using OnFound = std::move_only_function<void(Found)>;
    /// An entry, or several, that cannot be used. The text is one line, and may have anything in it that stands in the directory.
    using OnProblem = std::function<void(std::string text)>;

    /// @param directory  outlives this object, and calls nothing back after it is gone.
    /// @param settings   their filters were checked (make_filters).
    LdapLookup(LdapDirectory& directory, const LdapSettings& settings, std::chrono::seconds max_stale,
               std::shared_ptr<const tenant::Defaults> defaults, OnProblem on_problem,
               std::function<Clock::time_point()> now = &Clock::now);
    ~LdapLookup();
    LdapLookup(const LdapLookup&) = delete;
    LdapLookup& operator=(const LdapLookup&) = delete;

    /// @param on_found  called once, within the call or later on the loop; not after this object is gone.
    void find(const tenant::Keys& keys, OnFound on_found);
    /// What tenants take that do not say: whoever is asked for from now on is read anew, unless that is what is used already.
    void use(std::shared_ptr<const tenant::Defaults> defaults);

    const CacheCounts& counts() const noexcept;
    std::size_t kept() const noexcept;

private:
    struct Filters;
    void ask(const std::string& key, const std::function<void(tenant::Answer)>& answered);
    tenant::Answer read(base::Result<LdapFound> found, tenant::KeyKind kind, const std::string& name);
    void told(std::string text);

    LdapDirectory& directory_;
    const LdapSettings settings_;
    std::shared_ptr<const tenant::Defaults> defaults_;
    const OnProblem on_problem_;
    const base::HashKey hash_key_;
    const std::unique_ptr<const Filters> filters_;
    std::unique_ptr<Cache<tenant::FoundTenantRef>> cache_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

/// Why a filter of the settings is none: "tenant_id_filter", "is no filter …".
struct BadFilter {
    std::string setting, why;
};
std::vector<BadFilter> bad_filters(const LdapSettings& settings);

/// Rules of the judgement that a look-up with these settings cannot keep, each in a sentence: for `exota check`.
std::vector<std::string> lost_rules(const LdapSettings& settings);

}  // namespace exota::directory
