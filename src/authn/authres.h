// Authentication-Results header fields (RFC 8601): reading them.
//
// A field is a claim by whoever wrote it. It counts only when its authserv-id is ours and our border MTA removes fields that came in
// with that id (RFC 8601 section 5). This file parses; evidence/authres_trust.cc decides what to believe.
//
// Tested by authres_test.cc, fuzz/authres_fuzz.cc and the shared corpus.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::authn {

struct Property {
    Property(std::string_view of_type, std::string_view name, std::string_view value = {})
        : ptype(of_type), property(name), pvalue(value) {}

    std::string ptype, property, pvalue;  // names as written; compare without regard to case
    friend bool operator==(const Property&, const Property&) = default;
};

struct ResInfo {
    std::string method;          // as written; compare without regard to case
    std::string method_version;  // empty: none written
    std::string result;          // as written; compare without regard to case
    std::string reason;
    std::vector<Property> properties;
    /// The first property of that ptype and name, or nullptr.
    const Property* find(std::string_view ptype, std::string_view property) const noexcept;
    friend bool operator==(const ResInfo&, const ResInfo&) = default;
};

struct AuthenticationResults {
    std::string authserv_id;  // as written, quotes removed; with the job id behind its '/' where that is read
    std::string version;      // empty: none written (which means 1)
    std::vector<ResInfo> results;
    /// What in the field OpenDKIM's clean-up cannot read although the grammar allows it ("a comment before '='"): it leaves such a
    /// field in place, whoever wrote it, and never writes one. Empty: nothing.
    std::string_view unusual;
    /// The same meaning, however it was written.
    friend bool operator==(const AuthenticationResults& a, const AuthenticationResults& b) {
        return a.authserv_id == b.authserv_id && a.version == b.version && a.results == b.results;
    }
};

inline constexpr std::size_t max_authres_octets = 64 * 1024;
inline constexpr std::size_t max_authres_results = 100;     // beyond: too_long
inline constexpr std::size_t max_authres_properties = 500;  // of all results together; beyond: too_long
// Beyond these `unusual`; OpenDKIM 2.11 gives up above 4,096 octets and 512 tokens, of which a property has five.
inline constexpr std::size_t max_usual_authres_octets = 4000;
inline constexpr std::size_t max_usual_authres_properties = 60;
inline constexpr std::size_t max_usual_authres_comments = 60;
inline constexpr std::size_t max_usual_authres_tokens = 400;

/// Whether an unquoted '/' may stand in the authserv-id: OpenDKIM's AuthservIDWithJobID writes "mx.example.net/4XyZ1".
enum class JobId : bool { refused, read };

/// @param value  the field's value, behind the colon, folding included.
/// @return       invalid_data (with what and at which octet) where the grammar is broken; too_long above the limits.
///               A final ';' is taken, as is common, and '/', '=', '?', ':' in an unquoted pvalue; properties without a ptype are dropped.
base::Result<AuthenticationResults> parse_authentication_results(std::string_view value, JobId job_id = JobId::refused);

/// Only the authserv-id, cheaply; empty if the field does not even have one. Quotes removed into `scratch` where needed.
std::string_view peek_authserv_id(std::string_view value, std::string& scratch, JobId job_id = JobId::refused);

/// Encodes a value for an Authentication-Results field that we write: a token as it is, anything else as a quoted-string in which no
/// octet can end the string or the line (RFC 8601 section 2.2, RFC 2045 token; controls and what is not ASCII become '?').
std::string encode_pvalue(std::string_view value);

}  // namespace exota::authn
