// What Postfix says to a filter in one session, compiled for what was negotiated: octets to write, then replies to wait for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/milter/mta_side.h"

namespace exota::bench {

struct Message {
    std::vector<std::pair<std::string, std::string>> fields;  // value with its leading blank
    std::string body;
};

/// Header and body of a message file, line ends as CRLF on the wire.
Message read_message(std::string_view text);

/// Write `octets`; then wait for `replies` (0: go on at once), or for a verdict.
struct Turn {
    std::string octets;
    int replies = 0;
    bool verdict = false;
    bool flush = true;  // Postfix flushes here: what stands before does not share a write with what follows
};

struct Script {
    std::vector<Turn> session;  // after negotiation: CONNECT, EHLO, STARTTLS (an ABORT), EHLO in TLS
    std::vector<Turn> message;  // MAIL … end of message
};

Script compile(const Message& message, const milter::mta::Answer& terms);

}  // namespace exota::bench
