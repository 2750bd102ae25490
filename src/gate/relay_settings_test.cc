#include "gate/relay_settings.h"

#include <gtest/gtest.h>

namespace exota::gate {
namespace {

using Kind = NextHop::Kind;

TEST(NextHop, the_forms_that_a_setting_has) {
    struct Case {
        std::string_view text;
        NextHop hop;
    };
    const Case cases[] = {
        {"mx", {Kind::mx, "", 25}},
        {"mx:Partner.Example", {Kind::mx_of, "partner.example", 25}},
        {"exchange.example:2525", {Kind::fixed, "exchange.example", 2525}},
        {"192.0.2.1:25", {Kind::fixed, "192.0.2.1", 25}},
        {"[2001:DB8::1]:587", {Kind::fixed, "2001:db8::1", 587}},
        {"localhost:65535", {Kind::fixed, "localhost", 65535}},
    };
    for (const Case& c : cases) EXPECT_EQ(NextHop::parse(c.text), c.hop) << c.text;
    for (const std::string_view text :
         {"", "MX", "mx:", "mx:a b", "exchange.example", "exchange.example:", "exchange.example:0", "exchange.example:65536",
          "exchange.example:25x", ":25", "2001:db8::1:25", "[192.0.2.1]:25", "[2001:db8::1]", "[x]:25", "300.0.2.1:25", "a b:25"})
        EXPECT_FALSE(NextHop::parse(text)) << text;
}

TEST(XoorgFor, the_longest_prefix_of_a_client_names_its_organisation) {
    std::vector<XoorgFor> entries;
    for (const std::string_view text : {"10.0.0.0/8 wide.example", "10.1.0.0/16 Narrow.Example", "10.1.2.3  one.example",
                                        "::/0 all.example", "2001:db8::/32 six.example", "0.0.0.0/0 four.example"}) {
        auto entry = XoorgFor::parse(text);
        ASSERT_TRUE(entry) << text;
        entries.push_back(*std::move(entry));
    }
    const auto named = [&](std::string_view client) {
        const auto* organization = organization_for(entries, base::IpAddress::parse(client).value());
        return organization != nullptr ? organization->text() : "";
    };
    EXPECT_EQ(named("10.9.9.9"), "wide.example");
    EXPECT_EQ(named("10.1.9.9"), "narrow.example");
    EXPECT_EQ(named("10.1.2.3"), "one.example");
    EXPECT_EQ(named("::ffff:10.1.2.3"), "one.example");
    EXPECT_EQ(named("192.0.2.1"), "four.example");
    EXPECT_EQ(named("2001:db8::1"), "six.example");
    EXPECT_EQ(named("2001:db9::1"), "all.example");
    entries.erase(entries.begin() + 1, entries.end());
    EXPECT_EQ(named("192.0.2.1"), "");
    for (const std::string_view text :
         {"", "10.0.0.0/8", "10.0.0.0/8 ", "example.com", "10.0.0.0/8 a b", "10.0.0.1/8 a.example", "10.0.0.0/33 a.example"})
        EXPECT_FALSE(XoorgFor::parse(text)) << text;
}

}  // namespace
}  // namespace exota::gate
