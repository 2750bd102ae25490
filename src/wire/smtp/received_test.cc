#include "wire/smtp/received.h"

#include <gtest/gtest.h>

namespace exota::smtp {
namespace {

using namespace std::string_view_literals;

constexpr std::chrono::sys_seconds when{std::chrono::seconds(1'795'901'236)};

ReceivedFacts facts() {
    return {.helo = "mail.example",
            .rdns = "mail.example",
            .address = *base::IpAddress::parse("192.0.2.1"),
            .by = "gw.example",
            .id = "A1b2",
            .date = when};
}

TEST(Received, says_from_whom_and_by_whom) {
    EXPECT_EQ(received_value(facts()),
              "from mail.example (mail.example [192.0.2.1])\n\tby gw.example with ESMTP id A1b2;\n\tSat, 28 Nov 2026 21:27:16 +0000");
    ReceivedFacts other = facts();
    other.helo = "[IPv6:2001:db8::1]";
    other.rdns = "";
    other.address = *base::IpAddress::parse("2001:db8::1");
    EXPECT_EQ(received_value(other).substr(0, 64), "from [IPv6:2001:db8::1] (unknown [IPv6:2001:db8::1])\n\tby gw.exam");
    other.helo = other.by = other.id = "";
    EXPECT_EQ(received_value(other).substr(0, 83),
              "from unknown (unknown [IPv6:2001:db8::1])\n\tby localhost with ESMTP id unknown;\n\tSat");
    other.address.reset();
    EXPECT_EQ(received_value(other).substr(0, 54), "from unknown\n\tby localhost with ESMTP id unknown;\n\tSat") << "by a Unix socket";
}

TEST(Received, says_with_what_protocol) {
    struct Case {
        bool lmtp, extended, tls, smtputf8;
        std::string_view want;
    };
    const Case cases[] = {
        {false, false, false, false, "SMTP"}, {false, false, true, false, "SMTP"},    {false, true, false, false, "ESMTP"},
        {false, true, true, false, "ESMTPS"}, {false, true, false, true, "UTF8SMTP"}, {false, true, true, true, "UTF8SMTPS"},
        {true, true, false, false, "LMTP"},   {true, true, true, false, "LMTPS"},     {true, true, true, true, "UTF8LMTPS"},
    };
    for (const Case& c : cases) {
        ReceivedFacts f = facts();
        f.lmtp = c.lmtp, f.extended = c.extended, f.tls = c.tls, f.smtputf8 = c.smtputf8;
        EXPECT_NE(received_value(f).find(" with " + std::string(c.want) + " id "), std::string::npos) << received_value(f);
    }
}

TEST(Received, cannot_be_broken_by_a_stranger_s_words) {
    const std::string blanks = std::string(300, '\n');
    for (const std::string_view evil :
         {"a\r\nBcc: x"sv, "a) by evil.example (b"sv, "a;b\"c\\d<e>"sv, "a\0b\x7f\xc3\xa9"sv, std::string_view(blanks)}) {
        ReceivedFacts f = facts();
        f.helo = f.rdns = f.by = f.id = evil;
        const std::string value = received_value(f);
        EXPECT_EQ(value.find_first_of("\r\"\\<>\0"sv), std::string::npos) << value;
        for (std::size_t at = value.find('\n'); at != std::string::npos; at = value.find('\n', at + 1)) EXPECT_EQ(value[at + 1], '\t');
        EXPECT_EQ(value.find('('), value.rfind('('));
        EXPECT_EQ(value.find(')'), value.rfind(')'));
        EXPECT_EQ(value.find(';'), value.rfind(';'));
        EXPECT_LE(value.size(), 4 * 255u + 150);
    }
}

TEST(Received, is_folded_at_78_octets) {
    for (std::size_t octets = 1; octets < 90; ++octets) {
        const std::string name(octets, 'a');
        ReceivedFacts f = facts();
        f.helo = f.rdns = f.by = name;
        std::string field = "Received: " + received_value(f) + "\n";
        for (std::size_t end = field.find('\n'); end != std::string::npos; end = field.find('\n')) {
            const std::string line = field.substr(0, end);
            if (end > 78) EXPECT_EQ(line.find(' ', 1), std::string::npos) << line;  // one word
            EXPECT_NE(line, "\t");
            field.erase(0, end + 1);
        }
    }
}

TEST(Received, dates_are_of_RFC_5322) {
    struct Case {
        std::int64_t seconds;
        std::string_view want;
    };
    const Case cases[] = {
        {0, "Thu, 1 Jan 1970 00:00:00 +0000"},
        {951'782'400, "Tue, 29 Feb 2000 00:00:00 +0000"},
        {1'798'761'599, "Thu, 31 Dec 2026 23:59:59 +0000"},
        {253'402'300'799, "Fri, 31 Dec 9999 23:59:59 +0000"},
    };
    for (const Case& c : cases) EXPECT_EQ(mail_date(std::chrono::sys_seconds(std::chrono::seconds(c.seconds))), c.want);
}

}  // namespace
}  // namespace exota::smtp
