// Service extensions: what a server says in its reply to EHLO (RFC 5321 section 4.1.1.1), and what is offered to a client of ours.
//
// Tested by extensions_test.cc and fuzz/smtp_reply_fuzz.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wire/smtp/xclient.h"

namespace exota::smtp {

struct Extensions {
    bool pipelining = false;              // RFC 2920
    bool eight_bit_mime = false;          // RFC 6152
    bool smtputf8 = false;                // RFC 6531
    bool dsn = false;                     // RFC 3461
    bool enhanced_status_codes = false;   // RFC 2034
    bool starttls = false;                // RFC 3207
    bool xoorg = false;                   // Exchange
    std::optional<std::uint64_t> size;    // RFC 1870; 0: offered without a limit
    std::optional<XclientNames> xclient;  // Postfix; with the attributes that it takes
    friend bool operator==(const Extensions&, const Extensions&) = default;
};

/// @param lines  the texts of a reply 250 to EHLO; the first greets and says nothing. Keywords that we don't know, and lines that break the
///               grammar, offer nothing. A keyword that comes twice counts as it came first.
Extensions parse_extensions(std::span<const std::string> lines);

/// What we offer: of what both sides know, and what is ours alone to say.
struct OwnOffer {
    std::uint64_t max_octets = 0;  // of a message; 0: no limit of ours
    bool starttls = false;         // TLS can be had and is not active
    bool xoorg = false;            // by announce_xoorg and the client's certificate
};
/// PIPELINING, 8BITMIME, SMTPUTF8, DSN and ENHANCEDSTATUSCODES only if the backend offers them, SIZE the smaller of both, STARTTLS and
/// XOORG as we will. Nothing else is ever offered.
Extensions offer_to_client(const Extensions& backend, const OwnOffer& own) noexcept;

/// Appends the reply to EHLO or LHLO: the name, then a line for each extension. XCLIENT is never among them.
/// @param hostname  ours; what is no domain name's or literal's character becomes '?'.
void append_ehlo_reply(std::string& out, std::string_view hostname, const Extensions& offered);

}  // namespace exota::smtp
