// ESMTP parameters of MAIL and RCPT: read and checked against what was offered. Each at most once. What was not offered is 555 5.5.4,
// what breaks its own grammar or limit 501 5.5.4; a SIZE above ours 552 5.3.4 (RFC 1870 section 6.1).
//
// Tested by parameters_test.cc and fuzz/smtp_command_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/domain.h"
#include "wire/smtp/extensions.h"
#include "wire/smtp/reply.h"

namespace exota::smtp {

inline constexpr std::size_t max_envid_octets = 100;  // RFC 3461 section 5.4
inline constexpr std::size_t max_orcpt_octets = 500;  // RFC 3461 section 5.4
inline constexpr std::size_t max_auth_octets = 500;   // RFC 4954 section 3

enum class Body : std::uint8_t { unsaid, seven_bit, eight_bit_mime };  // RFC 6152
enum class Ret : std::uint8_t { unsaid, full, headers };               // RFC 3461 section 4.3

/// Views into the command line.
struct MailParameters {
    std::optional<std::uint64_t> size;
    Body body = Body::unsaid;
    bool smtputf8 = false;
    Ret ret = Ret::unsaid;
    std::optional<std::string_view> envid;  // xtext, as it came
    std::optional<mail::Domain> xoorg;
    bool auth = false;  // AUTH= was there: taken whether offered or not, dropped, and proves nothing
};

struct RecipientParameters {
    std::optional<std::string_view> notify;  // as it came
    std::optional<std::string_view> orcpt;   // address type, ';', xtext (or UTF-8, RFC 6533), as it came
};

/// @param text      what stands behind the path, blanks before it included.
/// @param offered   in the reply to the last EHLO; none of a client that said HELO.
/// @return          the reply to give: parameter_not_offered, parameter_malformed, parameter_twice, bad_xoorg, message_too_big.
std::expected<MailParameters, FixedReply> parse_mail_parameters(std::string_view text, const Extensions& offered);
/// @param smtputf8  was asked for in MAIL.
std::expected<RecipientParameters, FixedReply> parse_recipient_parameters(std::string_view text, const Extensions& offered, bool smtputf8);

/// Appends what a next server gets of them, each only if it offers it. XOORG and AUTH never.
void append_parameters(std::string& out, const MailParameters& parameters, const Extensions& next);
void append_parameters(std::string& out, const RecipientParameters& parameters, const Extensions& next);

}  // namespace exota::smtp
