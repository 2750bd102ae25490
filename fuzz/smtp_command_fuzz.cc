// Commands of SMTP and their arguments. The first octet says what is offered, the rest is a line without CR, LF and NUL.
//
// Properties: what is read and written for a next server that offers the same reads back as the same, and is one line; what is not offered
// is never taken; an address never ends before the bracket that ends it; xtext decodes to what encodes to an equal value.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "property.h"
#include "wire/smtp/command.h"
#include "wire/smtp/xtext.h"

namespace {

using namespace exota::smtp;

using exota::fuzz::require;

/// Behind the verb, as it is given to parse_mail() and parse_recipient().
std::string_view argument_of(std::string_view line, Verb verb) {
    require(line.ends_with("\r\n") && std::ranges::count(line, '\r') == 1 && std::ranges::count(line, '\n') == 1);
    const Command command = split_command(line.substr(0, line.size() - 2));
    require(command.verb == verb);
    return command.argument;
}

void check_path(const Path& path) {
    require((path.kind == Path::Kind::mailbox) == !path.domain.empty());
    if (path.kind == Path::Kind::mailbox)
        require(path.mailbox.size() == path.local_part.size() + 1 + path.domain.size() && path.mailbox.ends_with(path.domain));
    if (!path.local_part.starts_with('"'))
        require(path.mailbox.find_first_of(std::string_view("<> \t\0\x7f", 6)) == std::string_view::npos);
}

void check_mail(std::string_view argument, const Extensions& offered) {
    const auto mail = parse_mail(argument, offered);
    if (!mail) return require(mail.error().code / 100 == 5);
    const MailParameters& p = mail->parameters;
    check_path(mail->reverse_path);
    require((offered.size || !p.size) && (offered.eight_bit_mime || p.body == Body::unsaid) && (offered.smtputf8 || !p.smtputf8));
    require((offered.dsn || (p.ret == Ret::unsaid && !p.envid)) && (offered.xoorg || !p.xoorg));
    require(mail->reverse_path.ascii || p.smtputf8);
    std::string line, again;
    append_mail(line, mail->reverse_path.mailbox, p, offered);
    const auto read = parse_mail(argument_of(line, Verb::mail), offered);
    require(read && read->reverse_path.mailbox == mail->reverse_path.mailbox && read->reverse_path.kind == mail->reverse_path.kind);
    require(!read->parameters.xoorg && !read->parameters.auth);
    append_mail(again, read->reverse_path.mailbox, read->parameters, offered);
    require(line == again);
}

void check_recipient(std::string_view argument, const Extensions& offered, bool smtputf8) {
    const auto recipient = parse_recipient(argument, offered, smtputf8);
    if (!recipient) return require(recipient.error().code / 100 == 5);
    check_path(recipient->forward_path);
    require(recipient->forward_path.kind != Path::Kind::null && (recipient->forward_path.ascii || smtputf8));
    require(offered.dsn || (!recipient->parameters.notify && !recipient->parameters.orcpt));
    std::string line, again;
    append_recipient(line, recipient->forward_path.mailbox, recipient->parameters, offered);
    const auto read = parse_recipient(argument_of(line, Verb::rcpt), offered, smtputf8);
    require(read && read->forward_path.mailbox == recipient->forward_path.mailbox);
    append_recipient(again, read->forward_path.mailbox, read->parameters, offered);
    require(line == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto bit = [&](int n) { return (data[0] >> n & 1) != 0; };
    Extensions offered;
    offered.eight_bit_mime = bit(0), offered.smtputf8 = bit(1), offered.dsn = bit(2), offered.xoorg = bit(3);
    if (bit(4)) offered.size = bit(5) ? 1000 : 0;
    std::string line(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::erase_if(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    const Command command = split_command(line);
    require(!command.argument.starts_with(' ') && !command.argument.ends_with(' '));
    check_mail(command.argument, offered);
    check_recipient(command.argument, offered, bit(6));
    if (const auto name = parse_hello(command.argument)) require(*name == command.argument && name->find_first_of(" ()<>\"") == name->npos);
    if (const auto octets = decode_xtext(line, 1000)) {
        std::string text;
        append_xtext(text, *octets);
        require(decode_xtext(text, 1000) == octets && decoded_octets(line) == octets->size());
    }
    std::string text;
    append_xtext(text, line);
    require(decode_xtext(text, line.size()) == line);
    return 0;
}
