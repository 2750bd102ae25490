// DKIM key records (RFC 6376 section 3.6.1, RFC 8301, RFC 8463) and the cache of keys made from them.
//
// A record parses to the same key as long as its text is the same, so the cache is keyed by the text and knows no time: how long an
// answer lives is the resolver's business. One event loop owns a cache; a key keeps OpenSSL state and must not be shared.
//
// Tested by dkim_key_test.cc and fuzz/dkim_key_fuzz.cc.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "authn/crypto.h"
#include "base/result.h"

namespace exota::authn {

/// What a verifier may use a key for. Everything that makes a record unusable whatever the signature is an error of parse().
struct KeyRecord {
    PublicKey key;
    bool testing = false;      // t=y
    bool strict_auid = false;  // t=s: the domain of i= must be d= itself
};

struct KeyLimits {
    unsigned min_rsa_bits = 1024;          // RFC 8301 section 3.2: below, a signature MUST NOT be valid
    unsigned max_rsa_bits = 4096;          // beyond it only burns time
    std::size_t max_record_octets = 4096;  // a 4096 bit key takes about 800
    friend bool operator==(const KeyLimits&, const KeyLimits&) = default;
};

/// @param text  a TXT record, its strings joined.
/// @return      the key, or why no signature can be verified with this record: words for people, fit for a permerror's reason.
///              A revoked key (empty p=) is such a reason.
base::Result<KeyRecord> parse_key_record(std::string_view text, const KeyLimits& limits);

/// Keys by the text of their record, the least recently used dropped first. Records that are no keys are kept too.
class KeyCache {
public:
    static constexpr std::size_t default_capacity = 1000;  // some 6 KiB each
    explicit KeyCache(std::size_t capacity = default_capacity, KeyLimits limits = {}) : capacity_(capacity), limits_(limits) {}

    /// @return  lives until the next call.
    base::Result<KeyRecord>& get(std::string_view text);

    std::size_t size() const noexcept { return entries_.size(); }
    std::size_t hits() const noexcept { return hits_; }
    std::size_t misses() const noexcept { return misses_; }

private:
    struct Entry {
        std::string text;
        base::Result<KeyRecord> record;
    };
    std::size_t capacity_;
    KeyLimits limits_;
    std::list<Entry> entries_;  // most recently used first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
    std::optional<base::Result<KeyRecord>> uncached_;
    std::size_t hits_ = 0, misses_ = 0;
};

}  // namespace exota::authn
