// The header of a message as the backend gets it: what came in, with the decision's edits, our Received field, and without any
// Authentication-Results that somebody behind us could take for the operator's own.
//
// Here nobody validates before us, so a field with our authserv-id or a trusted one is a forgery; and one that cannot be parsed may be read
// as anything by the next reader.
//
// Tested by passed_header_test.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mail/header_edit.h"
#include "wire/smtp/data.h"
#include "wire/smtp/data_writer.h"

namespace exota::gate {

/// Whose Authentication-Results are the operator's own.
struct OwnIds {
    std::string_view authserv_id;          // header.authserv_id; empty: none
    std::span<const std::string> trusted;  // authentication_results.trusted_authserv_ids
};

struct PassedHeader {
    std::string_view fields;                  // as they came: each with its folding and its last CRLF
    smtp::EndOfHeader::By ended_by{};         // whether an empty line follows
    std::span<const mail::HeaderEdit> edits;  // in the order to carry them out, removals first
    OwnIds own;
    std::string_view received;  // the value of our Received field, folded with LF; empty: none
};

/// Appends the header and the empty line behind it (none, if the message ends with its header).
void append_header(std::string& out, smtp::DataWriter& writer, const PassedHeader& header);

/// @param value  behind the colon.
bool could_be_own(std::string_view value, const OwnIds& own);

}  // namespace exota::gate
