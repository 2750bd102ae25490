#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace exota::base {
namespace {

static_assert(iequals("X-MS-Exchange", "x-ms-exchange") && !iequals("a", "ab"));
static_assert(trim(" \t a b\r\n ") == "a b" && trim("  ").empty());
static_assert(ifind("abc X-ExOTA", "x-exota") == 4 && ifind("abc", "x") == std::string_view::npos);
static_assert(istarts_with("Postfix 3.7", "postfix") && iends_with("a.Example", ".example"));

TEST(Text, take_until_walks_through_a_list) {
    std::string_view rest = "a,b,,c";
    EXPECT_EQ(take_until(rest, ','), "a");
    EXPECT_EQ(take_until(rest, ','), "b");
    EXPECT_EQ(take_until(rest, ','), "");
    EXPECT_EQ(take_until(rest, ','), "c");
    EXPECT_TRUE(rest.empty());
}

TEST(Text, lower_touches_ascii_only) { EXPECT_EQ(lower("ÄB-Z@[`"), "Äb-z@[`"); }

TEST(Text, utf8) {
    struct Case {
        std::string_view text;
        bool want;
    };
    const Case cases[] = {
        {"plain", true},
        {"\xc3\xa4", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x98\x80", true},
        {"\x80", false},
        {"\xc3", false},
        {"\xc0\xaf", false},
        {"\xe0\x80\xaf", false},
        {"\xed\xa0\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf8\x88\x80\x80\x80", false},
        {"", true},
        {"\xef\xbf\xbd", true},
        {"\xf0\x80\x80\xaf", false},
    };
    for (const Case& c : cases) EXPECT_EQ(is_utf8(c.text), c.want) << c.text;
}

TEST(Text, truncation_never_cuts_a_sequence) {
    EXPECT_EQ(truncate_utf8("a\xe2\x82\xac", 3), "a");
    EXPECT_EQ(truncate_utf8("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
    EXPECT_EQ(truncate_utf8("abc", 2), "ab");
}

TEST(Text, nearest_word) {
    const std::array<std::string_view, 3> known{"listen", "proofs", "peer_proof"};
    EXPECT_EQ(nearest_word("lisen", known.data(), known.size()), "listen");
    EXPECT_EQ(nearest_word("peerproof", known.data(), known.size()), "peer_proof");
    EXPECT_EQ(nearest_word("zzz", known.data(), known.size()), "");
}

}  // namespace
}  // namespace exota::base
