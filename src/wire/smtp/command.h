// Command lines (RFC 5321 section 4.1): the verb first, so that its order can be judged (dialogue.h) before its arguments are.
// Views into the line.
//
// Tested by command_test.cc and fuzz/smtp_command_fuzz.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/smtp/parameters.h"
#include "wire/smtp/path.h"
#include "wire/smtp/reply.h"

namespace exota::smtp {

enum class Verb : std::uint8_t {
    ehlo,
    helo,
    lhlo,  // RFC 2033
    mail,
    rcpt,
    data,
    rset,
    noop,
    quit,
    vrfy,
    starttls,
    not_offered,  // known, and never offered here: EXPN, HELP, AUTH, BDAT, ETRN, TURN, XCLIENT, XFORWARD …
    unknown,
};

struct Command {
    Verb verb = Verb::unknown;
    std::string_view argument;  // behind the verb and its blank; blanks at the end are dropped (RFC 5321 section 4.1.1)
};

/// @param line  without CRLF, CR, LF and NUL (line.h).
Command split_command(std::string_view line) noexcept;

/// The name of EHLO, HELO, LHLO: a domain name or an address literal. Errors: bad_hello.
std::expected<std::string_view, FixedReply> parse_hello(std::string_view argument);

struct Mail {
    Path reverse_path;
    MailParameters parameters;
};
/// @param offered  see parse_mail_parameters().
/// @return  errors: bad_mail, bad_sender, needs_smtputf8, and those of parse_mail_parameters().
std::expected<Mail, FixedReply> parse_mail(std::string_view argument, const Extensions& offered);

struct Recipient {
    Path forward_path;
    RecipientParameters parameters;
};
/// @param smtputf8  was asked for in MAIL.
/// @return  errors: bad_recipient_command, bad_recipient, needs_smtputf8, and those of parse_recipient_parameters().
std::expected<Recipient, FixedReply> parse_recipient(std::string_view argument, const Extensions& offered, bool smtputf8);

/// DATA, RSET, QUIT, STARTTLS have no argument: no_argument_allowed. (NOOP may have any.)
std::expected<void, FixedReply> check_no_argument(const Command& command) noexcept;

/// For a next server: whole lines with CRLF. `mailbox` is written as it was read, so SMTPUTF8 must be offered for one that is not ASCII.
/// @param xoorg  what we say for a client ourselves, written if `next` offers it; null: nothing. A client's own is never passed on.
void append_mail(std::string& out, std::string_view mailbox, const MailParameters& parameters, const Extensions& next,
                 const mail::Domain* xoorg = nullptr);
void append_recipient(std::string& out, std::string_view mailbox, const RecipientParameters& parameters, const Extensions& next);

}  // namespace exota::smtp
