// The Received field that a gateway adds (RFC 5321 section 4.4), so that the message's trace has no gap:
//
//   from HELO (RDNS [ADDRESS])
//       by HOST with ESMTPS id ID;
//       DATE
//
// Of a client that has no address, since it came by a Unix socket, only HELO is known: then nothing stands in parentheses.
//
// HELO and RDNS are a stranger's words: what has no place in a domain name or an address literal becomes '?', so they end no line, open no
// comment and hide no text. No recipient is named: it could be one that others must not see.
//
// Tested by received_test.cc and fuzz/smtp_reply_fuzz.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace exota::smtp {

struct ReceivedFacts {
    std::string_view helo;  // empty: none
    std::string_view rdns;  // the forward-confirmed reverse name; empty: "unknown"
    std::optional<base::IpAddress> address;
    std::string_view by;                                                // our host name
    std::string_view id;                                                // of ours: letters and digits
    bool lmtp = false, extended = true, tls = false, smtputf8 = false;  // smtputf8: MAIL asked for it (RFC 6531 section 4.3)
    std::chrono::sys_seconds date;
};

/// The value behind "Received: ", folded with LF and a tab; no line has more than 78 octets unless one word has.
std::string received_value(const ReceivedFacts& facts);

/// "Sat, 28 Nov 2026 21:27:16 +0000" (RFC 5322 section 3.3). Years 1 to 9999.
std::string mail_date(std::chrono::sys_seconds time);

}  // namespace exota::smtp
