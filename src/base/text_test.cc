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

TEST(Text, nearest_word) {
    const std::array<std::string_view, 3> known{"listen", "proofs", "peer_proof"};
    EXPECT_EQ(nearest_word("lisen", known.data(), known.size()), "listen");
    EXPECT_EQ(nearest_word("peerproof", known.data(), known.size()), "peer_proof");
    EXPECT_EQ(nearest_word("zzz", known.data(), known.size()), "");
}

}  // namespace
}  // namespace exota::base
