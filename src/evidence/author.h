// The author of a message as a fact, read once: exactly one From field with exactly one mailbox (mail/author.h), or why there is none.
//
// Tested by author_test.cc.
#pragma once

#include <string_view>

#include "evidence/evidence.h"

namespace exota::evidence {

/// Absent: no From field. Conflicting: more than one, whatever they hold. Malformed: one that is not exactly one mailbox, and why. What the
/// fields hold stands in Header::from alone.
Fact<mail::Mailbox> author_of(const Header& header);

/// Why there is no author, in stable words for people; empty if there is one.
std::string_view why_no_author(const Fact<mail::Mailbox>& author) noexcept;

}  // namespace exota::evidence
