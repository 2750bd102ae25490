#include "wire/smtp/xclient.h"

#include <gtest/gtest.h>

namespace exota::smtp {
namespace {

constexpr XclientNames all{.name = true, .addr = true, .port = true, .proto = true, .helo = true};
using State = XclientFacts::NameState;

XclientFacts facts(State state, std::string_view name, std::string_view address, std::uint16_t port, bool extended, std::string_view helo) {
    return {state, name, *base::IpAddress::parse(address), port, extended, helo};
}

TEST(Xclient, names_are_read_in_any_case_and_others_ignored) {
    EXPECT_EQ(XclientNames::parse("NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"), all);
    EXPECT_EQ(XclientNames::parse("helo proto  port addr name"), all);
    EXPECT_EQ(XclientNames::parse("ADDRESS XADDR"), XclientNames{});
    EXPECT_EQ(XclientNames::parse(""), XclientNames{});
    EXPECT_EQ(XclientNames::parse("ADDR"), XclientNames{.addr = true});
}

TEST(Xclient, command_says_whose_session_it_is) {
    const std::string long_name =
        std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
    const std::string blanks(86, ' '), fewer_blanks(85, ' '), letters(256, 'a');
    std::string escaped;
    for (int i = 0; i < 85; ++i) escaped += "+20";
    struct Case {
        XclientNames taken;
        XclientFacts facts;
        std::vector<std::string> want;
    };
    const Case cases[] = {
        {all,
         facts(State::known, "mail.example", "192.0.2.1", 25000, true, "mail.example"),
         {"XCLIENT NAME=mail.example ADDR=192.0.2.1 PORT=25000 PROTO=ESMTP HELO=mail.example\r\n"}},
        {all,
         facts(State::unavailable, "not.this", "2001:db8::1", 1, false, "[IPv6:2001:db8::1]"),
         {"XCLIENT NAME=[UNAVAILABLE] ADDR=IPv6:2001:db8::1 PORT=1 PROTO=SMTP HELO=[IPv6:2001:db8::1]\r\n"}},
        {all,
         facts(State::temporarily_unavailable, "", "::ffff:192.0.2.1", 0, true, ""),
         {"XCLIENT NAME=[TEMPUNAVAIL] ADDR=192.0.2.1 PORT=[UNAVAILABLE] PROTO=ESMTP HELO=[UNAVAILABLE]\r\n"}},
        {all,
         facts(State::known, "", "192.0.2.1", 5, true, "a=b\r\nc+d e"),
         {"XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=5 PROTO=ESMTP HELO=a+3Db+0D+0Ac+2Bd+20e\r\n"}},
        {{.addr = true}, facts(State::known, "mail.example", "192.0.2.1", 25, true, "x"), {"XCLIENT ADDR=192.0.2.1\r\n"}},
        {{.name = true, .port = true, .proto = true, .helo = true}, facts(State::known, "mail.example", "192.0.2.1", 25, true, "x"), {}},
        {{.name = true, .addr = true, .helo = true},
         facts(State::known, long_name, "192.0.2.1", 25, true, long_name),
         {"XCLIENT NAME=" + long_name + " ADDR=192.0.2.1\r\n", "XCLIENT HELO=" + long_name + "\r\n"}},
        {{.addr = true, .helo = true},
         facts(State::known, "", "192.0.2.1", 25, true, fewer_blanks),
         {"XCLIENT ADDR=192.0.2.1 HELO=" + escaped + "\r\n"}},
        {{.addr = true, .helo = true},
         facts(State::known, "", "192.0.2.1", 25, true, blanks),
         {"XCLIENT ADDR=192.0.2.1 HELO=[UNAVAILABLE]\r\n"}},
        {{.addr = true, .helo = true},
         facts(State::known, "", "192.0.2.1", 25, true, letters),
         {"XCLIENT ADDR=192.0.2.1 HELO=[UNAVAILABLE]\r\n"}},
    };
    XclientFacts by_socket = facts(State::unavailable, "", "192.0.2.1", 0, true, "x.example");
    by_socket.address.reset();
    EXPECT_EQ(xclient_commands(all, by_socket),
              std::vector<std::string>{"XCLIENT NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] PROTO=ESMTP HELO=x.example\r\n"});
    for (const Case& c : cases) {
        const auto commands = xclient_commands(c.taken, c.facts);
        EXPECT_EQ(commands, c.want);
        for (const std::string& command : commands) EXPECT_LE(command.size(), max_xclient_octets);
    }
}

}  // namespace
}  // namespace exota::smtp
