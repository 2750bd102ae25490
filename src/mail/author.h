// Who wrote the message: the From field (RFC 5322 section 3.6.2) read so that no two readers could disagree about its domain.
//
// Understood: RFC 5322 with its obsolete forms, RFC 6532 (UTF-8), internationalised domains. Refused: whatever two programs might
// read differently. docs/from-field.md has the table of what is taken and what is not.
//
// Tested by author_test.cc, fuzz/from_fuzz.cc and the shared corpus of addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mail/domain.h"

namespace exota::mail {

/// Of the author of the message by which Exchange Online validates a connector.
inline constexpr std::string_view connector_validation_local_part = "O365ConnectorValidation";

/// local part as written (quotes and comments removed), domain canonical.
struct Mailbox {
    std::string local_part;
    Domain domain;
    std::string text() const { return local_part + '@' + domain.text(); }
    friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

enum class AuthorProblem : std::uint8_t { missing, ambiguous };
struct AuthorError {
    AuthorProblem problem;
    std::string detail;  // stable words such as "two From fields", for people
    friend bool operator==(const AuthorError&, const AuthorError&) = default;
};

// Comments nest at most max_comment_depth deep (mail/cfws.h).
inline constexpr std::size_t max_author_field_octets = 64 * 1024;
// Of a line behind the colon. RFC 5322 section 2.1.1 allows 998 with the name; Sendmail folds a line behind 990, Postfix behind 998.
inline constexpr std::size_t max_author_line_octets = 900;
inline constexpr std::size_t max_local_part_octets = 64;  // RFC 5321 section 4.5.3.1.1; quotes not counted

/// @param fields  the values of all From fields of the message, as on the wire behind the colon (folding included).
/// @return        the one mailbox, or why there is none: `missing` for no field, `ambiguous` for everything else.
std::expected<Mailbox, AuthorError> parse_author(std::span<const std::string> fields);

/// Whether some line of the field is above max_author_line_octets.
bool has_overlong_line(std::string_view field) noexcept;

/// One field that must hold exactly one mailbox; the rules are those of parse_author (used for Resent-From and Sender too).
std::expected<Mailbox, AuthorError> parse_single_mailbox(std::string_view field);

}  // namespace exota::mail
