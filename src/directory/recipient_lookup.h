// Recipients that a server is asked for, one by one: a cache in front, and what the answers of their entries say together.
//
//   john+list@contoso.com ─▶ john+list@contoso.com │ john@contoso.com │ @contoso.com ─▶ cache ─▶ one question for each that it lacks
//
// Whoever one of the entries is there for exists. That nobody is there takes an answer to each of them; else nobody can say, which is never
// kept. While the server is away the cache says who existed, and of nobody that he does not.
//
// Lives on one loop. Tested by recipient_lookup_test.cc and tests/system/test_recipients.py.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "directory/cache.h"
#include "tenant/recipient_name.h"

namespace exota::directory {

/// What is kept of an entry that exists: nothing more.
struct Exists {};

class RecipientLookup {
public:
    enum class Is : std::uint8_t { known, unknown, unanswered };
    using Answer = Cache<Exists>::Answer;
    using Query = Cache<Exists>::Query;
    using OnFound = std::move_only_function<void(Is)>;

    /// @param hash_key  random: strangers choose the names.
    /// @param query     asks the server for one entry, as Cache has it.
    RecipientLookup(const CacheSettings& settings, const base::HashKey& hash_key, Query query, Cache<Exists>::Now now)
        : cache_(settings, hash_key, std::move(query), std::move(now)) {}

    /// @param on_found  called once, within the call or later; not after this object is gone.
    void find(const tenant::RecipientName& name, const tenant::RecipientRules& rules, OnFound on_found);

    const CacheCounts& counts() const noexcept { return cache_.counts(); }
    std::size_t kept() const noexcept { return cache_.size(); }

private:
    Cache<Exists> cache_;
};

}  // namespace exota::directory
