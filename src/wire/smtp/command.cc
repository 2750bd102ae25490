#include "wire/smtp/command.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/octets.h"
#include "base/text.h"
#include "wire/smtp/xtext.h"

namespace exota::smtp {
namespace {

using base::Cursor;
using base::is_name;

Verb verb_of(std::string_view word) noexcept {
    if (is_name(word, "MAIL")) return Verb::mail;
    if (is_name(word, "RCPT")) return Verb::rcpt;
    if (is_name(word, "DATA")) return Verb::data;
    if (is_name(word, "EHLO")) return Verb::ehlo;
    if (is_name(word, "QUIT")) return Verb::quit;
    if (is_name(word, "RSET")) return Verb::rset;
    if (is_name(word, "STARTTLS")) return Verb::starttls;
    if (is_name(word, "NOOP")) return Verb::noop;
    if (is_name(word, "HELO")) return Verb::helo;
    if (is_name(word, "LHLO")) return Verb::lhlo;
    if (is_name(word, "VRFY")) return Verb::vrfy;
    for (const std::string_view known : {"EXPN", "HELP", "AUTH", "BDAT", "ETRN", "TURN", "ATRN", "XCLIENT", "XFORWARD", "SEND", "SAML",
                                         "SOML", "BURL", "XEXCH50", "X-EXPS"})
        if (base::iequals(word, known)) return Verb::not_offered;
    return Verb::unknown;
}

/// "FROM:" or "TO:" and, as many clients write, blanks behind it.
template <std::size_t size>
bool skip_word(Cursor& in, const char (&word)[size]) noexcept {
    if (!base::begins_with_name(in.rest(), word)) return false;
    in.advance(size - 1);
    in.take_while([](char c) { return c == ' '; });
    return true;
}

/// The end of the path is the end of the line, or a blank before parameters.
bool at_parameters(const Cursor& in) noexcept { return in.at_end() || in.next_is(' '); }

void append_path(std::string& out, std::string_view command, std::string_view mailbox) {
    out += command;
    out += '<';
    out += mailbox;
    out += '>';
}

}  // namespace

Command split_command(std::string_view line) noexcept {
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    const std::size_t end = std::min(line.find(' '), line.size());
    std::string_view argument = line.substr(end);
    while (argument.starts_with(' ')) argument.remove_prefix(1);
    return {verb_of(line.substr(0, end)), argument};
}

std::expected<std::string_view, FixedReply> parse_hello(std::string_view argument) {
    const bool ascii = std::ranges::all_of(argument, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const bool is_name = argument.starts_with('[') ? is_address_literal(argument) : is_domain_name(argument);
    if (!ascii || !is_name) return std::unexpected(reply::bad_hello);  // a name of U-labels is of no use before SMTPUTF8 is asked for
    return argument;
}

std::expected<Mail, FixedReply> parse_mail(std::string_view argument, const Extensions& offered) {
    Cursor in(argument);
    if (!skip_word(in, "FROM:")) return std::unexpected(reply::bad_mail);
    const auto path = read_reverse_path(in);
    if (!path || !at_parameters(in)) return std::unexpected(reply::bad_sender);
    auto parameters = parse_mail_parameters(in.rest(), offered);
    if (!parameters) return std::unexpected(parameters.error());
    if (!path->ascii && !parameters->smtputf8) return std::unexpected(reply::needs_smtputf8);
    return Mail{*path, std::move(*parameters)};
}

std::expected<Recipient, FixedReply> parse_recipient(std::string_view argument, const Extensions& offered, bool smtputf8) {
    Cursor in(argument);
    if (!skip_word(in, "TO:")) return std::unexpected(reply::bad_recipient_command);
    const auto path = read_forward_path(in);
    if (!path || !at_parameters(in)) return std::unexpected(reply::bad_recipient);
    if (!path->ascii && !smtputf8) return std::unexpected(reply::needs_smtputf8);
    auto parameters = parse_recipient_parameters(in.rest(), offered, smtputf8);
    if (!parameters) return std::unexpected(parameters.error());
    return Recipient{*path, *parameters};
}

std::expected<void, FixedReply> check_no_argument(const Command& command) noexcept {
    if (command.argument.empty()) return {};
    return std::unexpected(reply::no_argument_allowed);
}

void append_mail(std::string& out, std::string_view mailbox, const MailParameters& parameters, const Extensions& next,
                 const mail::Domain* xoorg) {
    append_path(out, "MAIL FROM:", mailbox);
    append_parameters(out, parameters, next);
    if (xoorg != nullptr && next.xoorg) {
        out += " XOORG=";
        append_xtext(out, xoorg->text());
    }
    out += "\r\n";
}

void append_recipient(std::string& out, std::string_view mailbox, const RecipientParameters& parameters, const Extensions& next) {
    append_path(out, "RCPT TO:", mailbox);
    append_parameters(out, parameters, next);
    out += "\r\n";
}

}  // namespace exota::smtp
