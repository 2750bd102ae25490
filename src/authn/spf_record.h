// SPF records (RFC 7208 sections 4.5, 4.6, 5, 6 and 12): text to terms. A syntax error anywhere makes the whole record an error.
//
// Tested by spf_test.cc, fuzz/spf_fuzz.cc and the shared corpus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace exota::authn {

enum class SpfQualifier : std::uint8_t { pass, fail, softfail, neutral };
enum class SpfMechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct SpfTerm {
    SpfQualifier qualifier = SpfQualifier::pass;
    SpfMechanism mechanism = SpfMechanism::all;
    std::string domain_spec;  // with its macros; empty: the current domain
    int ip4_bits = 32;
    int ip6_bits = 128;
    base::IpAddress network;  // ip4, ip6
    std::string text;         // as written, for the trace
};

struct SpfRecord {
    std::vector<SpfTerm> terms;
    std::string redirect;     // domain-spec; empty: none
    std::string explanation;  // domain-spec of exp=; empty: none
};

inline constexpr std::size_t max_spf_record_octets = 16 * 1024;
inline constexpr std::size_t max_spf_terms = 512;

/// "v=spf1" alone or followed by a blank, without regard to case (section 4.5).
bool is_spf_record(std::string_view text) noexcept;

/// @return  invalid_data (permerror) that names the term; too_long above the limits.
base::Result<SpfRecord> parse_spf_record(std::string_view text);

}  // namespace exota::authn
