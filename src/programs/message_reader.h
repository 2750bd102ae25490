// A message as a file → its header fields, as an MTA would hand them to a milter.
//
// Lines end with LF, with or without a CR before it. The header ends at the first empty line, or at the first line that is no field and
// no continuation (Postfix makes that line the first of the body). A field keeps its folding, 8-bit octets, NULs and CRs that no LF
// follows: what they mean is for those to say who judge the field. (Postfix itself cuts a field at a NUL before a milter sees it; here the
// whole is shown, which refuses more.)
//
// Tested by message_reader_test.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/collector.h"

namespace exota::programs {

struct MessageField {
    std::string name;   // as written, blanks before the colon included
    std::string value;  // behind the colon; lines joined with CRLF
};

struct MessageParts {
    std::vector<MessageField> fields;
    std::string_view body;  // points into the message
};

inline constexpr std::size_t max_message_octets = 256 * 1024 * 1024;

MessageParts split_message(std::string_view message);
/// The fields of a header whose lines are cut already: CR and LF within a line are part of its text.
std::vector<MessageField> fields_of_lines(std::span<const std::string> lines);

void note_fields(const std::vector<MessageField>& fields, evidence::Collector& collector);

}  // namespace exota::programs
