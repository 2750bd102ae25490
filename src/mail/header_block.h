// The header of a message as octets → its fields, as an MTA would hand them to a milter; and the changes to it that a milter asks for.
//
// Lines end with LF, with or without a CR before it. The header ends at the first empty line, or at the first line that is no field and
// no continuation (Postfix makes that line the first of the body). A field keeps its folding, 8-bit octets, NULs and CRs that no LF
// follows: what they mean is for those to say who judge the field. (Postfix itself cuts a field at a NUL before a milter sees it; here the
// whole is shown, which refuses more.)
//
// Tested by header_block_test.cc and fuzz/header_block_fuzz.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/header_edit.h"

namespace exota::mail {

struct MessageField {
    std::string name;   // as written, blanks before the colon included
    std::string value;  // behind the colon; lines joined with CRLF
    friend bool operator==(const MessageField&, const MessageField&) = default;
};

struct MessageParts {
    std::vector<MessageField> fields;
    std::string_view body;  // points into the message
};

/// Keeps a copy of the header, however long it is: whoever has the whole message has set a limit to it.
MessageParts split_message(std::string_view message);
/// @param max_header_octets  of all fields with their line ends.
/// @return                   too_long: the header has more.
base::Result<MessageParts> split_message(std::string_view message, std::size_t max_header_octets);

/// The fields of a header whose lines are cut already: CR and LF within a line are part of its text. As many as `lines` has.
std::vector<MessageField> fields_of_lines(std::span<const std::string> lines);

/// Is it the field of this name? Without regard to letter case, and to blanks before the colon (RFC 5322 section 4.5).
bool is_named(const MessageField& field, std::string_view name) noexcept;

/// Carries out the edits, in their order: what is added stands last, what is inserted below the end as well.
/// @return  not_found: one removes a field that is not there; the others are carried out.
base::Result<void> apply_edits(std::span<const HeaderEdit> edits, std::vector<MessageField>& fields);

/// The header as octets, each line with CRLF, without the empty line behind it.
std::string header_text(std::span<const MessageField> fields);

}  // namespace exota::mail
