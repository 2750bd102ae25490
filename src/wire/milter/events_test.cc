#include "wire/milter/events.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace exota::milter {
namespace {

using namespace std::string_view_literals;

std::vector<std::string> strings(const StringList& list) { return {list.begin(), list.end()}; }

/// An event as text, so that a table can say what is expected.
std::string described(const Event& event) {
    const auto joined = [](const StringList& list) {
        std::string text;
        for (const std::string_view s : list) text += std::string(s) + '|';
        return text;
    };
    struct Describe {
        decltype(joined)& join;
        std::string operator()(const Offer& e) const {
            return "offer " + std::to_string(e.version) + ' ' + std::to_string(e.actions) + ' ' + std::to_string(e.steps);
        }
        std::string operator()(const Connect& e) const {
            return "connect " + std::string(e.host) + ' ' + static_cast<char>(e.family) + ' ' + std::to_string(e.port) + ' ' +
                   std::string(e.address);
        }
        std::string operator()(const Helo& e) const { return "helo " + std::string(e.name); }
        std::string operator()(const Mail& e) const { return "mail " + join(e.arguments); }
        std::string operator()(const Recipient& e) const { return "rcpt " + join(e.arguments); }
        std::string operator()(const Data&) const { return "data"; }
        std::string operator()(const Header& e) const { return "header " + std::string(e.name) + '=' + std::string(e.value); }
        std::string operator()(const EndOfHeader&) const { return "eoh"; }
        std::string operator()(const Body& e) const { return "body " + std::string(e.octets); }
        std::string operator()(const EndOfMessage& e) const { return "eom " + std::string(e.octets); }
        std::string operator()(const Abort&) const { return "abort"; }
        std::string operator()(const Quit&) const { return "quit"; }
        std::string operator()(const QuitNewConnection&) const { return "quit_nc"; }
        std::string operator()(const MacroDefinitions& e) const {
            return std::string("macros ") + static_cast<char>(e.stage) + ' ' + join(e.name_values);
        }
        std::string operator()(const UnknownCommand& e) const { return "unknown " + std::string(e.line); }
    };
    return std::visit(Describe{joined}, event);
}

TEST(Events, every_payload_is_read_or_refused) {
    struct Case {
        char command;
        std::string_view payload;
        std::string_view want;
    };  // empty: malformed
    const Case cases[] = {
        {'O', "\0\0\0\6\0\0\1\377\0\37\377\377"sv, "offer 6 511 2097151"},
        {'O', "\0\0\0\6\0\0\1\377\0\37\377"sv, ""},
        {'O', "\0\0\0\6\0\0\1\377\0\37\377\377future"sv, "offer 6 511 2097151"},
        {'C',
         "gw.test\0004\1\2"
         "192.0.2.1\0"sv,
         "connect gw.test 4 258 192.0.2.1"},
        {'C', "gw.test\0006\0\0IPv6:2001:db8::1\0"sv, "connect gw.test 6 0 IPv6:2001:db8::1"},
        {'C', "localhost\0L\0\0/run/x\0"sv, "connect localhost L 0 /run/x"},
        {'C', "localhost\0U"sv, "connect localhost U 0 "},
        {'C', "localhost\0U\0\0whatever"sv, "connect localhost U 0 "},
        {'C', "\0004\0\0\0"sv, "connect  4 0 "},
        {'C', "gw.test"sv, ""},
        {'C', "gw.test\0"sv, ""},
        {'C', "gw.test\0X"sv, ""},
        {'C', "gw.test\0004\1"sv, ""},
        {'C',
         "gw.test\0004\1\2"
         "192.0.2.1"sv,
         ""},
        {'C',
         "gw.test\0004\1\2"
         "192.0.2.1\0more"sv,
         ""},
        {'C', ""sv, ""},
        {'H', "helo.test\0"sv, "helo helo.test"},
        {'H', "\0"sv, "helo "},
        {'H', ""sv, ""},
        {'H', "helo.test"sv, ""},
        {'H', "helo.test\0again\0"sv, ""},
        {'M', "<a@b.test>\0SIZE=10\0"sv, "mail <a@b.test>|SIZE=10|"},
        {'M', "<>\0"sv, "mail <>|"},
        {'M', ""sv, ""},
        {'M', "<a@b.test>"sv, ""},
        {'R', "<c@d.test>\0"sv, "rcpt <c@d.test>|"},
        {'R', "<c@d.test>\0NOTIFY=NEVER"sv, ""},
        {'L', "From\0 a@b.test\0"sv, "header From= a@b.test"},
        {'L', "X\0\0"sv, "header X="},
        {'L', "\0value\0"sv, ""},
        {'L', "From\0"sv, ""},
        {'L', "From\0a"sv, ""},
        {'L', "From\0a@b.test\0evil@c.test\0"sv, ""},
        {'B', ""sv, "body "},
        {'B', "a\0b"sv, "body a\0b"sv},
        {'E', "last"sv, "eom last"},
        {'E', ""sv, "eom "},
        {'T', ""sv, "data"},
        {'T', "x"sv, ""},
        {'N', ""sv, "eoh"},
        {'A', ""sv, "abort"},
        {'Q', ""sv, "quit"},
        {'K', ""sv, "quit_nc"},
        {'Q', "\0"sv, ""},
        {'D', "Mi\0ABC\0{x}\0\0"sv, "macros M i|ABC|{x}||"},
        {'D', "C"sv, "macros C "},
        {'D', "?i\0A\0"sv, "macros ? i|A|"},
        {'D', ""sv, ""},
        {'D', "Mi\0"sv, ""},
        {'D', "Mi\0ABC"sv, ""},
        {'D', "Mi\0ABC\0j\0"sv, ""},
        {'U', "FOO bar\0"sv, "unknown FOO bar"},
        {'U', "FOO"sv, ""},
    };
    for (const Case& c : cases) {
        const auto event = decode(Frame{c.command, c.payload, 0});
        if (c.want.empty()) {
            ASSERT_FALSE(event) << c.command << ' ' << described(*event);
            EXPECT_EQ(event.error(), ProtocolError::malformed_payload) << c.command;
        } else {
            ASSERT_TRUE(event) << c.command << ' ' << c.want;
            EXPECT_EQ(described(*event), c.want);
        }
    }
}

TEST(Events, every_other_command_is_unknown) {
    constexpr std::string_view known = "ABCDEHKLMNOQRTU";
    for (int c = 0; c < 256; ++c) {
        if (known.find(static_cast<char>(c)) != std::string_view::npos) continue;
        const auto event = decode(Frame{static_cast<char>(c), {}, 0});
        ASSERT_FALSE(event);
        EXPECT_EQ(event.error(), ProtocolError::unknown_command);
    }
}

TEST(Events, a_header_says_whether_its_name_is_plain) {
    struct Case {
        std::string_view payload, name;
        bool plain;
    };
    const Case cases[] = {
        {"To\0 a\0"sv, "To", true},
        {"X-MS-Exchange-CrossTenant-AuthAs\0 Internal\0"sv, "X-MS-Exchange-CrossTenant-AuthAs", true},
        {"Subject \0 a\0"sv, "Subject ", true},
        {"Sub\tject\0 a\0"sv, "Sub\tject", false},
        {"A name of some length with DEL\x7f\0a\0"sv, "A name of some length with DEL\x7f", false},
        {"S\xc3\xbc"
         "bject\0a\0"sv,
         "S\xc3\xbc"
         "bject",
         false},
        {"X-Thirty-two-octets-of-a-name-\xc3\xbc\0a\0"sv, "X-Thirty-two-octets-of-a-name-\xc3\xbc", false},
    };
    for (const Case& c : cases) {
        const auto header = decode_header(c.payload);
        ASSERT_TRUE(header) << c.name;
        EXPECT_EQ(header->name, c.name);
        EXPECT_EQ(header->plain_name, c.plain) << c.name;
    }
    for (const std::string_view broken : {""sv, "\0a\0"sv, "To"sv, "T\xc3"sv, "To\0"sv, "To\0a"sv, "To\0a\0b\0"sv, "T\xc3\0a\0b\0"sv})
        EXPECT_FALSE(decode_header(broken)) << broken;
}

TEST(Events, a_list_of_strings_keeps_empty_ones) {
    EXPECT_EQ(strings(StringList("a\0\0b\0"sv)), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_TRUE(strings(StringList()).empty());
}

TEST(Events, errors_and_commands_have_names) {
    EXPECT_EQ(name_of(ProtocolError::empty_frame), "empty frame");
    EXPECT_EQ(name_of(ProtocolError::header_changes_not_offered), "the MTA does not offer header changes");
    EXPECT_EQ(name_of(ProtocolError::macros_too_long), "macros above the limit");
    EXPECT_EQ(name_of(Command::end_of_message), "EOM");
}

}  // namespace
}  // namespace exota::milter
