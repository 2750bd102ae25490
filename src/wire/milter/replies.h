// What a filter says to the MTA, as frames appended to `out`.
//
// Tested by replies_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mail/header_edit.h"
#include "mail/reply.h"
#include "wire/milter/negotiate.h"

namespace exota::milter {

void append_continue(std::string& out);
/// "The rest of this step is of no interest": an answer to BODY, where the terms have SKIP.
void append_skip(std::string& out);
/// "Still at it": keeps the MTA's clock from running out while a verdict is pending.
void append_progress(std::string& out);

/// A refusal with its own code and text. Every '%' is doubled: Sendmail and Postfix read the text as a format and swallow a single one.
/// A reply that is neither 4xx nor 5xx would be a configuration error to the MTA; it is sent as a plain tempfail.
void append_reply(std::string& out, const mail::Reply& reply);

/// One change of the header. With HDR_LEADSPC agreed the MTA takes values as they are, so the blank behind the colon is ours to write.
void append_header_edit(std::string& out, const mail::HeaderEdit& edit, const Terms& terms);

/// Into the MTA's hold queue. Only where the terms have the action.
void append_quarantine(std::string& out, std::string_view reason);

}  // namespace exota::milter
