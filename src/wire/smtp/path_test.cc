#include "wire/smtp/path.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::smtp {
namespace {

using namespace std::string_literals;

TEST(Path, knows_domain_names) {
    const std::string label(63, 'a');
    const std::string long_name = label + "." + label + "." + label + "." + std::string(61, 'a');
    for (const std::string& good : {"a"s, "example.org"s, "a-b.c_d.e9"s, "192.0.2.1"s, "1.example"s, label + ".x", long_name + "aa",
                                    "b\xc3\xbc"
                                    "cher.example"s})
        EXPECT_TRUE(is_domain_name(good)) << good;
    for (const std::string& bad : {""s, "."s, "a."s, ".a"s, "a..b"s, "-a.b"s, "a-.b"s, "a b"s, "a,b"s, "[192.0.2.1]"s, "a\0b"s, "a\r"s,
                                   label + "a.x", long_name + "aaa", "a\xff.example"s,
                                   "b\xc3\xbc"
                                   "cher.example."s,
                                   "a:b"s, "a/b"s})
        EXPECT_FALSE(is_domain_name(bad)) << bad;
}

TEST(Path, knows_address_literals) {
    for (const std::string& good : {"[192.0.2.1]"s, "[255.255.255.255]"s, "[IPv6:2001:db8::1]"s, "[ipv6:::]"s, "[IPv6:::ffff:192.0.2.1]"s})
        EXPECT_TRUE(is_address_literal(good)) << good;
    for (const std::string& bad : {""s, "[]"s, "192.0.2.1"s, "[192.0.2.1"s, "192.0.2.1]"s, "[192.0.2]"s, "[192.0.2.256]"s, "[192.0.2.1.1]"s,
                                   "[192.0.2.0001]"s, "[2001:db8::1]"s, "[IPv6:192.0.2.1]"s, "[IPv6:2001:db8::g]"s, "[IPv6:]"s,
                                   "[IPv6:IPv6:::1]"s, "[IPv6:fe80::1%eth0]"s, "[tag:x]"s, "[[192.0.2.1]]"s, "[192.0.2.1 ]"s})
        EXPECT_FALSE(is_address_literal(bad)) << bad;
}

/// What a path is read as: "kind local|domain rest", or "wrong".
std::string read_as(std::expected<Path, base::Errc> (*read)(base::Cursor&), std::string_view text) {
    base::Cursor in(text);
    const auto path = read(in);
    if (!path) return "wrong";
    const char* const kinds[] = {"null", "postmaster", "mailbox"};
    std::string out = kinds[static_cast<int>(path->kind)];
    if (path->kind == Path::Kind::mailbox) {
        out += " " + std::string(path->local_part) + "|" + std::string(path->domain);
        EXPECT_EQ(path->mailbox, std::string(path->local_part) + "@" + std::string(path->domain));
    } else {
        out += path->mailbox.empty() ? "" : " " + std::string(path->mailbox);
    }
    if (!path->ascii) out += " utf8";
    if (!in.at_end()) out += " rest:" + std::string(in.rest());
    return out;
}

TEST(Path, is_read) {
    struct Case {
        std::string text, reverse, forward;
    };
    const std::string long_part(512, 'a'), long_route = "@" + std::string(60, 'r') + ".example,";
    std::string route;
    for (int i = 0; i < 15; ++i) route += long_route;  // 15 * 70 = 1050 octets
    route.back() = ':';
    const Case cases[] = {
        {"<>", "null", "wrong"},
        {"<> SIZE=1", "null rest: SIZE=1", "wrong"},
        {"<Postmaster>", "wrong", "postmaster Postmaster"},
        {"<postMASTER>x", "wrong", "postmaster postMASTER rest:x"},
        {"<Postmaster@a.example>", "mailbox Postmaster|a.example", "mailbox Postmaster|a.example"},
        {"<user@a.example>", "mailbox user|a.example", "mailbox user|a.example"},
        {"<user+tag=x#!$%&'*-/?^_`{|}~@a>", "mailbox user+tag=x#!$%&'*-/?^_`{|}~|a", "mailbox user+tag=x#!$%&'*-/?^_`{|}~|a"},
        {"<.a..b.@a.example>", "mailbox .a..b.|a.example", "mailbox .a..b.|a.example"},
        {"<\"a b\"@a.example>", "mailbox \"a b\"|a.example", "mailbox \"a b\"|a.example"},
        {"<\"a@b> SIZE=1\"@a.example>", "mailbox \"a@b> SIZE=1\"|a.example", "mailbox \"a@b> SIZE=1\"|a.example"},
        {R"(<"a\"b\\"@a.example>)", R"(mailbox "a\"b\\"|a.example)", R"(mailbox "a\"b\\"|a.example)"},
        {"<\"\"@a.example>", "mailbox \"\"|a.example", "mailbox \"\"|a.example"},
        {"<u@[192.0.2.1]>", "mailbox u|[192.0.2.1]", "mailbox u|[192.0.2.1]"},
        {"<u@[IPv6:2001:db8::1]>", "mailbox u|[IPv6:2001:db8::1]", "mailbox u|[IPv6:2001:db8::1]"},
        {"<@r.example:u@a.example>", "mailbox u|a.example", "mailbox u|a.example"},
        {"<@r.example,@[192.0.2.1]:u@a.example>", "mailbox u|a.example", "mailbox u|a.example"},
        {"<j\xc3\xbcrgen@a.example>", "mailbox j\xc3\xbcrgen|a.example utf8", "mailbox j\xc3\xbcrgen|a.example utf8"},
        {"<u@b\xc3\xbc"
         "cher.example>",
         "mailbox u|b\xc3\xbc"
         "cher.example utf8",
         "mailbox u|b\xc3\xbc"
         "cher.example utf8"},
        {"<" + long_part + "@a>", "mailbox " + long_part + "|a", "mailbox " + long_part + "|a"},
        {"<" + long_part + "a@a>", "wrong", "wrong"},
        {"<" + route + "u@a.example>", "wrong", "wrong"},
        {"<" + route.substr(70) + "u@a.example>", "mailbox u|a.example", "mailbox u|a.example"},
        {"", "wrong", "wrong"},
        {"<", "wrong", "wrong"},
        {"user@a.example", "wrong", "wrong"},
        {"<user>", "wrong", "wrong"},
        {"<user@>", "wrong", "wrong"},
        {"<@a.example>", "wrong", "wrong"},
        {"<@r.example,:u@a.example>", "wrong", "wrong"},
        {"<@r.example u@a.example>", "wrong", "wrong"},
        {"<u@a.example", "wrong", "wrong"},
        {"<u@a.example.>", "wrong", "wrong"},
        {"<u@a@b>", "wrong", "wrong"},
        {"<u v@a.example>", "wrong", "wrong"},
        {"< u@a.example>", "wrong", "wrong"},
        {"<u@a.example >", "wrong", "wrong"},
        {"<u@[192.0.2.1>]>", "wrong", "wrong"},
        {"<\"a@a.example>", "wrong", "wrong"},
        {"<\"a\"b@a.example>", "wrong", "wrong"},
        {"<\"a\\\"@a.example>", "wrong", "wrong"},
        {"<\"a\tb\"@a.example>", "wrong", "wrong"},
        {"<\"a\\\xc3\xbc\"@a.example>", "wrong", "wrong"},
        {"<a\xff@a.example>", "wrong", "wrong"},
        {"<a\x7f@a.example>", "wrong", "wrong"},
        {"<<u@a.example>>", "wrong", "wrong"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(read_as(read_reverse_path, c.text), c.reverse) << c.text;
        EXPECT_EQ(read_as(read_forward_path, c.text), c.forward) << c.text;
    }
}

}  // namespace
}  // namespace exota::smtp
