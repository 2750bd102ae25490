// The only door to OpenSSL's hashes and signatures: SHA-256, RSA (PKCS #1 v1.5) and Ed25519 verification, keys as DNS publishes them.
//
// Parsing a key through OpenSSL's own decoders costs as much as seven verifications, so a key is walked here (a page of DER) and handed
// over as two numbers; the object keeps its initialised context, because setting one up again costs a quarter of a verification.
// Objects are not shared between threads. Running out of memory throws std::bad_alloc; nothing else throws.
//
// Tested by crypto_test.cc and fuzz/dkim_key_fuzz.cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

// NOLINTBEGIN: names of OpenSSL
struct evp_md_ctx_st;
struct evp_pkey_st;
struct evp_pkey_ctx_st;
// NOLINTEND

namespace exota::authn {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// SHA-256 (FIPS 180-4) of what passes.
class Sha256 {
public:
    Sha256();
    void update(std::string_view octets);
    /// A second hash that has seen the same.
    Sha256 clone() const;
    /// The digest; the object is as new afterwards.
    Sha256Digest finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

enum class KeyType : std::uint8_t { rsa, ed25519 };
std::string_view name_of(KeyType type) noexcept;

/// RSA public exponents are odd numbers from 3 of at most this many bits (in use are 65537, 17 and 3): a long one only burns time.
inline constexpr unsigned max_rsa_exponent_bits = 64;
/// Longest modulus that is handed to OpenSSL at all; what a signature may use is a limit of the verifier.
inline constexpr unsigned max_rsa_modulus_bits = 16384;

class PublicKey {
public:
    /// @param der  a SubjectPublicKeyInfo with rsaEncryption (RFC 3279 section 2.3.1) or an RSAPublicKey (RFC 8017 appendix A.1.1),
    ///             strict DER, nothing behind it.
    /// @return     invalid_data with the reason.
    static base::Result<PublicKey> rsa(std::string_view der);
    /// @param raw  the 32 octets of RFC 8032 section 5.1.5.
    static base::Result<PublicKey> ed25519(std::string_view raw);

    KeyType type() const noexcept { return type_; }
    /// Bits of the RSA modulus; 256 for Ed25519.
    unsigned bits() const noexcept { return bits_; }
    /// rsa-sha256: RSASSA-PKCS1-v1_5 over the digest (RFC 8017 section 8.2.2). ed25519-sha256: PureEdDSA over the 32 octets of the
    /// digest (RFC 8463 section 3). Changes only the context, never the key.
    bool verify(const Sha256Digest& digest, std::string_view signature);

private:
    struct FreeKey {
        void operator()(evp_pkey_st* key) const noexcept;
    };
    struct FreeContext {
        void operator()(evp_pkey_ctx_st* context) const noexcept;
    };
    PublicKey() = default;
    KeyType type_ = KeyType::rsa;
    unsigned bits_ = 0;
    std::unique_ptr<evp_pkey_st, FreeKey> key_;
    std::unique_ptr<evp_pkey_ctx_st, FreeContext> context_;  // rsa only, initialised for verification
};

}  // namespace exota::authn
