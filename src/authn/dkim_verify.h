// The two steps that DKIM and ARC signatures share: hashing the header fields that h= names, and verifying with the published key.
//
// Tested by dkim_test.cc and arc_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "authn/crypto.h"
#include "authn/dkim_header.h"
#include "authn/dkim_key.h"
#include "authn/dkim_signature.h"
#include "authn/dns.h"

namespace exota::authn {

/// Adds the field that carries a signature, the value of its b= taken out, without the final CRLF (RFC 6376 section 3.7).
void hash_own_field(Sha256& hash, const HeaderFields& header, std::size_t field, const SignatureBasics& basics,
                    Canonicalization canonicalization);

/// The data hash of RFC 6376 section 3.7: the fields that h= names, each name taking the lowest one not taken yet and never the
/// signature's own, then the own field.
Sha256Digest hash_signed_header(HeaderFields& header, std::size_t own_field, const Signature& signature);

/// A field that should be there once (mail/single_field.h) has several values, not all of them signed: the reader may see one that
/// nobody signed. @return  what, for people ("2 Subject fields, h= covers 1").
std::optional<std::string> uncovered_repetition(HeaderFields& header, const Signature& signature);

struct KeyedResult {
    enum class Value : std::uint8_t {
        good,
        wrong,        // the signature does not verify
        unusable,     // no key, or none that this signature may use
        unavailable,  // the key could not be found out now
        pending,      // the key has been asked for
    } value = Value::pending;
    std::string reason;     // empty when good
    unsigned key_bits = 0;  // 0: no usable key
    bool testing = false;   // t=y
    bool secure = false;    // validated by DNSSEC
};

/// At most this many TXT records of one name are tried, in the order of the answer; the first that verifies decides (RFC 6376
/// section 6.1.2 leaves it to the verifier).
inline constexpr std::size_t max_key_records = 4;

/// The DNS part alone. unavailable for temporary failures and for bogus answers, which are never absence and never data.
/// @param answer  set when the value is good.
KeyedResult ask_for_key(Dns& dns, const std::string& key_name, const DnsAnswer*& answer);

/// Tries the records of `answer`.
/// @param digest         nullptr: it is known already that nothing can verify; tells `wrong` from `unusable` without verifying.
/// @param auid_is_below  the domain of i= is below d=: keys with t=s do not allow that.
KeyedResult verify_with_records(const DnsAnswer& answer, KeyCache& keys, const SignatureBasics& basics, bool auid_is_below,
                                const Sha256Digest* digest);

}  // namespace exota::authn
