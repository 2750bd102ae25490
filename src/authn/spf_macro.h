// SPF's macro language (RFC 7208 section 7): checking its syntax and expanding it.
//
// Tested by spf_test.cc, fuzz/spf_fuzz.cc and the shared corpus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace exota::authn {

/// What macros stand for. Views must live through the call.
struct SpfMacroValues {
    std::string_view sender;  // local-part@domain
    std::string_view domain;  // the <domain> of the current check_host
    base::IpAddress ip;
    std::string_view helo;
    std::string_view validated;  // %{p}: a validated name of the client, or "unknown"
    std::string_view receiver;   // %{r}
    std::int64_t now = 0;        // %{t}: seconds
};

enum class SpfMacroUse : std::uint8_t { domain_spec, explanation };  // c, r and t are for explanations only

/// macro-string of RFC 7208 section 7.1. Explanations may hold blanks besides.
bool is_macro_string(std::string_view text, SpfMacroUse use) noexcept;

/// domain-spec of section 7.1: a macro-string that ends in a top label or in a macro.
bool is_domain_spec(std::string_view text) noexcept;

/// True if %{p} is used, whose value costs look-ups.
bool uses_validated_name(std::string_view text) noexcept;

/// @param text  for which is_macro_string holds.
/// @return      the expansion; a domain longer than 253 octets loses labels from the left (section 7.3) if `use` is domain_spec.
std::string expand_macros(std::string_view text, const SpfMacroValues& values, SpfMacroUse use);

}  // namespace exota::authn
