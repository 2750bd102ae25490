// DKIM-Signature and ARC-Message-Signature fields, read and checked as far as a field alone can be (RFC 6376 sections 3.5 and 6.1.1).
//
// Tested by dkim_signature_test.cc and fuzz/dkim_fuzz.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authn/canonicalize.h"
#include "authn/crypto.h"
#include "authn/tag_list.h"
#include "base/result.h"
#include "mail/domain.h"

namespace exota::authn {

struct SignatureLimits {
    std::size_t max_field_octets = 16 * 1024;
    std::size_t max_tags = TagList::default_max_tags;
    std::size_t max_signed_names = 256;
};

/// The tags that DKIM-Signature, ARC-Message-Signature and ARC-Seal have in common.
struct SignatureBasics {
    KeyType key_type = KeyType::rsa;
    std::string signature;                   // b=, decoded
    std::size_t b_begin = 0, b_end = 0;      // where the value of b= lies in the field's value, white space around it included
    std::optional<mail::Domain> sdid;        // d=; always there when parsing succeeded
    std::string selector;                    // s=, as written
    std::string key_name;                    // where the key is published, ready to be asked for
    std::optional<std::uint64_t> signed_at;  // t=
};

/// What reading a field can say even when it fails: enough to name the signature in a result.
struct SignatureNames {
    std::string sdid, selector, algorithm, auid;  // as written (auid decoded); whatever could be read
};

enum class SignatureKind : std::uint8_t { dkim, arc_message };

struct Signature : SignatureBasics {
    Sha256Digest body_hash{};  // bh=
    Canonicalization header_canonicalization = Canonicalization::simple;
    Canonicalization body_canonicalization = Canonicalization::simple;
    std::vector<std::string> signed_names;     // h=, as written
    std::string auid;                          // i= decoded, "@" + d= where not written
    bool auid_is_below = false;                // the domain of i= is below d=, not d= itself
    std::optional<std::uint64_t> body_octets;  // l=
    std::optional<std::uint64_t> expires_at;   // x=
};

/// Reads a, b, d, s, t.
/// @return  invalid_data or too_long, with a reason fit for people.
base::Result<void> read_basics(const TagList& tags, SignatureBasics& into);

/// @param value  the field's value, behind the colon.
/// @param names  filled with whatever could be read, also on failure.
/// @return       invalid_data or too_long: why no verifier may accept the field (permerror).
base::Result<Signature> parse_signature(std::string_view value, SignatureKind kind, const SignatureLimits& limits, SignatureNames& names);
/// What a DKIM-Signature says and promises, without the octets of b= and bh=: whether a verifier that accepts it could do so by the rules.
/// @param sdid  of d=, which with s= names a key (dkim_form.h).
/// @return      why none may, as parse_signature() says it; how long the field is and how many tags it has, the caller knows.
base::Result<void> check_signature_terms(const TagList& tags, const mail::Domain& sdid, const SignatureLimits& limits);

/// dkim-quoted-printable (RFC 6376 section 2.11); white space is dropped. nullopt: an '=' that is not followed by two hexadecimal digits.
std::optional<std::string> decode_dkim_quoted_printable(std::string_view text);

}  // namespace exota::authn
