// What the tests of SMTP share.
#pragma once

#include <string>

#include "wire/smtp/extensions.h"
#include "wire/smtp/reply.h"

namespace exota::smtp::testing {

/// A server that offers all that we know.
inline Extensions everything() {
    return {.pipelining = true,
            .eight_bit_mime = true,
            .smtputf8 = true,
            .dsn = true,
            .enhanced_status_codes = true,
            .starttls = true,
            .xoorg = true,
            .size = 1000,
            .xclient = {}};
}

/// "501 5.5.4"
inline std::string told(const FixedReply& reply) { return std::to_string(reply.code) + " " + std::string(reply.enhanced); }

}  // namespace exota::smtp::testing
