// Names, address literals and paths of commands (RFC 5321 section 4.1.2, RFC 6531 section 3.3). Views into the line; nothing allocates but
// for names that are not ASCII.
//
// Looser than the grammar where mail of the world is, and nothing can be cut in two ways: dots may stand anywhere in a local part that is
// not quoted ("name..x@docomo.example"), underscores in names, a local part may have more than 64 octets (VERP, SRS).
//
// Tested by path_test.cc and fuzz/smtp_command_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/cursor.h"
#include "base/result.h"

namespace exota::smtp {

inline constexpr std::size_t max_domain_octets = 255;
inline constexpr std::size_t max_local_part_octets = 512;
inline constexpr std::size_t max_source_route_octets = 1024;

/// Labels of letters, digits, hyphens (not at an end) and underscores, 1 to 63 octets each, 255 in all; no final dot. UTF-8 is taken if it
/// is an internationalised name (mail/domain.h).
bool is_domain_name(std::string_view text);
/// "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 section 4.1.3). No other kind of literal was ever registered.
bool is_address_literal(std::string_view text);

struct Path {
    enum class Kind : std::uint8_t { null, postmaster, mailbox };
    Kind kind = Kind::null;
    /// Without angle brackets and source route, as written: "user@example.org", "Postmaster", or empty.
    std::string_view mailbox;
    std::string_view local_part;  // of a mailbox, with its quotes
    std::string_view domain;      // of a mailbox: a name, or an address literal with its brackets
    bool ascii = true;
};

/// Reads "<>" or a path at the cursor, which then stands behind its '>'.
/// @return  invalid_data; the cursor's place means nothing then.
std::expected<Path, base::Errc> read_reverse_path(base::Cursor& in);
/// Reads "<Postmaster>" or a path that is not null.
std::expected<Path, base::Errc> read_forward_path(base::Cursor& in);

}  // namespace exota::smtp
