// The author of a message as a fact, read once: exactly one From field with exactly one mailbox (mail/author.h), or why there is none.
//
// Tested by author_test.cc.
#pragma once

#include <string_view>

#include "evidence/evidence.h"

namespace exota::evidence {

/// Of From before Sendmail, which writes it anew and escapes 8-bit octets, quotes and backslashes: these count twice. It cuts what it
/// writes behind 256 octets ("a@b.example" of a@b.example.c.example), and makes two mailboxes of a longer field; it may add a few octets.
inline constexpr std::size_t max_rewritten_author_octets = 230;

/// Absent: no From field. Conflicting: more than one, whatever they hold. Malformed: one that is not exactly one mailbox, and why. What the
/// fields hold stands in Header::from alone.
/// @param mta  Session::mta: before Sendmail a field has fewer octets.
Fact<mail::Mailbox> author_of(const Header& header, std::string_view mta);

/// Why there is no author, in stable words for people; empty if there is one.
std::string_view why_no_author(const Fact<mail::Mailbox>& author) noexcept;

}  // namespace exota::evidence
