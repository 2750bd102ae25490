#include "wire/smtp/command.h"

#include <gtest/gtest.h>

#include "wire/smtp/testing.h"

namespace exota::smtp {
namespace {

using testing::everything;
using testing::told;

TEST(Command, is_split_at_its_verb) {
    struct Case {
        std::string_view line;
        Verb verb;
        std::string_view argument;
    };
    const Case cases[] = {
        {"EHLO mail.example", Verb::ehlo, "mail.example"},
        {"helo mail.example", Verb::helo, "mail.example"},
        {"LHLO  mail.example \t", Verb::lhlo, "mail.example"},
        {"mAIL FROM:<>", Verb::mail, "FROM:<>"},
        {"RCPT TO:<a@b> ", Verb::rcpt, "TO:<a@b>"},
        {"DATA", Verb::data, ""},
        {"DATA ", Verb::data, ""},
        {"RSET x", Verb::rset, "x"},
        {"NOOP any text", Verb::noop, "any text"},
        {"quit", Verb::quit, ""},
        {"VRFY user", Verb::vrfy, "user"},
        {"StartTLS", Verb::starttls, ""},
        {"EXPN list", Verb::not_offered, "list"},
        {"HELP", Verb::not_offered, ""},
        {"AUTH PLAIN AGEAYg==", Verb::not_offered, "PLAIN AGEAYg=="},
        {"BDAT 5 LAST", Verb::not_offered, "5 LAST"},
        {"XCLIENT ADDR=192.0.2.1", Verb::not_offered, "ADDR=192.0.2.1"},
        {"XFORWARD NAME=x", Verb::not_offered, "NAME=x"},
        {"ETRN x", Verb::not_offered, "x"},
        {"", Verb::unknown, ""},
        {" QUIT", Verb::unknown, "QUIT"},
        {"MAIL\tFROM:<>", Verb::unknown, ""},
        {"DATAX", Verb::unknown, ""},
        {"GET / HTTP/1.1", Verb::unknown, "/ HTTP/1.1"},
        {"\x16\x03\x01", Verb::unknown, ""},
    };
    for (const Case& c : cases) {
        const Command command = split_command(c.line);
        EXPECT_EQ(command.verb, c.verb) << c.line;
        EXPECT_EQ(command.argument, c.argument) << c.line;
        EXPECT_EQ(check_no_argument(command).has_value(), c.argument.empty());
    }
    EXPECT_EQ(check_no_argument({Verb::data, "x"}).error(), reply::no_argument_allowed);
}

TEST(Command, hello_names_a_domain_or_a_literal) {
    for (const std::string_view good : {"mail.example", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "WIN-1_x", "192.0.2.1"})
        EXPECT_EQ(parse_hello(good), good);
    for (const std::string_view bad : {"", "a b", "a..b", "-", "[192.0.2.1", "[]", "a(comment)", "a>b",
                                       "b\xc3\xbc"
                                       "cher.example",
                                       "mail.example.", "a;b", "a\"b"})
        EXPECT_EQ(parse_hello(bad).error(), reply::bad_hello) << bad;
}

TEST(Command, mail_is_read) {
    const Extensions all = everything(), none;
    struct Case {
        std::string_view argument;
        const Extensions& offered;
        std::string want;
    };
    const Case cases[] = {
        {"FROM:<>", none, "MAIL FROM:<>\r\n"},
        {"from:<user@a.example>", none, "MAIL FROM:<user@a.example>\r\n"},
        {"FROM: <user@a.example>", none, "MAIL FROM:<user@a.example>\r\n"},
        {"FROM:<@r.example:user@a.example> SIZE=5", all, "MAIL FROM:<user@a.example> SIZE=5\r\n"},
        {"FROM:<\"a> b\"@a.example> BODY=7BIT", all, "MAIL FROM:<\"a> b\"@a.example> BODY=7BIT\r\n"},
        {"FROM:<user@tenant.example> SIZE=239 AUTH=<> XOORG=tenant.example", all, "MAIL FROM:<user@tenant.example> SIZE=239\r\n"},
        {"FROM:<j\xc3\xbcrgen@a.example> SMTPUTF8", all, "MAIL FROM:<j\xc3\xbcrgen@a.example> SMTPUTF8\r\n"},
        {"FROM:<j\xc3\xbcrgen@a.example>", all, "553 5.6.7"},
        {"FROM:<j\xc3\xbcrgen@a.example> SMTPUTF8", none, "555 5.5.4"},
        {"FROM:<user@a.example>SIZE=5", all, "501 5.1.7"},
        {"FROM:<user@a.example>x", all, "501 5.1.7"},
        {"FROM:user@a.example", all, "501 5.1.7"},
        {"FROM:<user>", all, "501 5.1.7"},
        {"FROM:<Postmaster>", all, "501 5.1.7"},
        {"FROM:", all, "501 5.1.7"},
        {"FROM <user@a.example>", all, "501 5.5.4"},
        {"FROM :<user@a.example>", all, "501 5.5.4"},
        {"TO:<user@a.example>", all, "501 5.5.4"},
        {"", all, "501 5.5.4"},
        {"FROM:<user@a.example> SIZE=1001", all, "552 5.3.4"},
        {"FROM:<user@a.example> XOORG=a.example", none, "555 5.5.4"},
    };
    for (const Case& c : cases) {
        const auto mail = parse_mail(c.argument, c.offered);
        std::string out;
        if (mail) append_mail(out, mail->reverse_path.mailbox, mail->parameters, all);
        EXPECT_EQ(mail ? out : told(mail.error()), c.want) << c.argument;
    }
}

TEST(Command, recipient_is_read) {
    const Extensions all = everything(), none;
    struct Case {
        std::string_view argument;
        bool smtputf8;
        const Extensions& offered;
        std::string want;
    };
    const Case cases[] = {
        {"TO:<user@a.example>", false, none, "RCPT TO:<user@a.example>\r\n"},
        {"to:  <Postmaster>", false, none, "RCPT TO:<Postmaster>\r\n"},
        {"TO:<@r.example,@s.example:user@[192.0.2.1]>", false, none, "RCPT TO:<user@[192.0.2.1]>\r\n"},
        {"TO:<user@a.example> NOTIFY=NEVER ORCPT=rfc822;x", false, all, "RCPT TO:<user@a.example> NOTIFY=NEVER ORCPT=rfc822;x\r\n"},
        {"TO:<user@a.example> NOTIFY=NEVER", false, none, "555 5.5.4"},
        {"TO:<j\xc3\xbcrgen@a.example>", true, all, "RCPT TO:<j\xc3\xbcrgen@a.example>\r\n"},
        {"TO:<j\xc3\xbcrgen@a.example>", false, all, "553 5.6.7"},
        {"TO:<>", false, all, "501 5.1.3"},
        {"TO:<user>", false, all, "501 5.1.3"},
        {"TO:<user@a.example>x", false, all, "501 5.1.3"},
        {"TO:user@a.example", false, all, "501 5.1.3"},
        {"FROM:<user@a.example>", false, all, "501 5.5.4"},
        {"", false, all, "501 5.5.4"},
    };
    for (const Case& c : cases) {
        const auto recipient = parse_recipient(c.argument, c.offered, c.smtputf8);
        std::string out;
        if (recipient) append_recipient(out, recipient->forward_path.mailbox, recipient->parameters, all);
        EXPECT_EQ(recipient ? out : told(recipient.error()), c.want) << c.argument;
    }
}

TEST(Command, mail_says_our_own_XOORG_where_it_is_offered) {
    const Extensions all = everything(), none;
    const mail::Domain tenant = *mail::Domain::parse("tenant.example");
    const auto mail = parse_mail("FROM:<u@a.example> SIZE=5 XOORG=other.example", all);
    ASSERT_TRUE(mail);
    const auto written = [&](const Extensions& next, const mail::Domain* xoorg) {
        std::string out;
        append_mail(out, mail->reverse_path.mailbox, mail->parameters, next, xoorg);
        return out;
    };
    EXPECT_EQ(written(all, &tenant), "MAIL FROM:<u@a.example> SIZE=5 XOORG=tenant.example\r\n");
    EXPECT_EQ(written(all, nullptr), "MAIL FROM:<u@a.example> SIZE=5\r\n");
    EXPECT_EQ(written(none, &tenant), "MAIL FROM:<u@a.example>\r\n");
}

}  // namespace
}  // namespace exota::smtp
