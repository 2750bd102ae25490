// ARC header fields put together as sets (RFC 8617 sections 4.1 and 5.2 steps 1 to 3): everything about a chain that its text alone tells.
//
// Tested by arc_test.cc and fuzz/arc_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dkim_header.h"
#include "authn/dkim_signature.h"
#include "base/result.h"

namespace exota::authn {

/// RFC 8617 section 4.2.1.
inline constexpr std::uint32_t max_arc_instance = 50;

struct ArcSet {
    std::uint32_t instance = 0;
    std::size_t results_field = 0, message_signature_field = 0, seal_field = 0;  // positions in the header
    SignatureBasics seal;
    std::string authentication_results;  // the payload of the ARC-Authentication-Results field, behind "i=N;", as written
};

struct ArcLimits {
    std::uint32_t max_instances = max_arc_instance;
    SignatureLimits signature;
};

/// The fields of one chain.
struct ArcSets {
    std::vector<ArcSet> sets;  // by instance, from 1; empty if the message has no ARC field
    Signature last_message_signature;
};

/// @return  invalid_data or too_long: the chain fails, and why.
base::Result<ArcSets> read_arc_sets(const HeaderFields& header, const ArcLimits& limits);

/// An ARC-Authentication-Results field taken apart.
struct ArcResultsField {
    std::uint32_t instance = 0;
    std::string_view payload;  // points into the value
};
base::Result<ArcResultsField> parse_arc_results_field(std::string_view value);

}  // namespace exota::authn
