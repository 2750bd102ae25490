// The body hash of DKIM and ARC (RFC 6376 section 3.7), shared by all signatures of one canonicalisation.
//
// A limit (l=) asks for the digest of a prefix, so one pass serves any number of limits: the running hash is copied as each goes by.
// A message has two passes at most, simple and relaxed, however many signatures it carries.
//
// Tested by body_hash_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "authn/canonicalize.h"
#include "authn/crypto.h"

namespace exota::authn {

class BodyHash {
public:
    explicit BodyHash(Canonicalization canonicalization) : canonicalizer_(canonicalization) {}

    /// Asks for the digest of the first `octets` of the canonical body; before the first update.
    void want_prefix(std::uint64_t octets) { hasher_.prefixes.try_emplace(octets); }
    void update(std::string_view chunk) { canonicalizer_.update(chunk, hasher_); }
    void finish();

    // Behind finish():
    /// The digest of the whole canonical body.
    const Sha256Digest& digest() const noexcept { return digest_; }
    /// The digest of a prefix that was wanted; nullopt if the body is shorter.
    std::optional<Sha256Digest> prefix_digest(std::uint64_t octets) const;
    std::uint64_t canonical_octets() const noexcept { return hasher_.octets; }

private:
    struct Hasher final : OctetSink {
        void take(std::string_view run) override;
        Sha256 hash;
        std::uint64_t octets = 0;
        std::map<std::uint64_t, std::optional<Sha256Digest>> prefixes;
    };
    Hasher hasher_;
    BodyCanonicalizer canonicalizer_;
    Sha256Digest digest_{};
};

/// The body hashes of one message: at most one a canonicalisation, made when a signature asks.
class BodyHashes {
public:
    BodyHash& use(Canonicalization canonicalization) {
        std::optional<BodyHash>& hash = canonicalization == Canonicalization::simple ? simple_ : relaxed_;
        return hash ? *hash : hash.emplace(canonicalization);
    }
    bool wanted() const noexcept { return simple_ || relaxed_; }
    void update(std::string_view chunk) {
        if (simple_) simple_->update(chunk);
        if (relaxed_) relaxed_->update(chunk);
    }
    void finish() {
        if (simple_) simple_->finish();
        if (relaxed_) relaxed_->finish();
    }

private:
    std::optional<BodyHash> simple_, relaxed_;
};

}  // namespace exota::authn
