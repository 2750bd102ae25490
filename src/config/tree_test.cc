#include "config/tree.h"

#include <gtest/gtest.h>

namespace exota::config {
namespace {

TEST(ConfigToml, KeepsPlaces) {
    const auto tree = parse_toml("[milter]\nlisten = [\"a\",\n  \"b\"]\n");
    ASSERT_TRUE(tree);
    const Member& section = tree->table()->front();
    EXPECT_EQ(section.key, "milter");
    const Member& member = section.value.table()->front();
    EXPECT_EQ(member.line, 2U);
    EXPECT_EQ(member.column, 1U);
    const auto& list = std::get<Node::List>(member.value.value);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[1].line, 3U);
}

TEST(ConfigToml, SyntaxErrorsHavePlaces) {
    const struct {
        std::string text;
        std::size_t line;
    } cases[] = {
        {"a = \n", 1}, {"[x]\na = 1\na = 2\n", 3}, {"[x\n", 1}, {"\n\na = \"open\n", 3}, {"a = 1\n\xff = 2\n", 2}, {"a = 'x\0y'\n", 1},
    };
    for (const auto& c : cases) {
        const auto tree = parse_toml(c.text);
        ASSERT_FALSE(tree) << c.text;
        EXPECT_EQ(tree.error().line, c.line) << c.text << tree.error().text;
        EXPECT_FALSE(tree.error().text.empty());
    }
}

std::string repeated(std::string_view piece, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += piece;
    return out;
}

TEST(ConfigToml, DepthIsBoundedOnBothSides) {
    EXPECT_TRUE(parse_toml("a = " + repeated("[", max_depth) + repeated("]", max_depth)));
    EXPECT_FALSE(parse_toml("a = " + repeated("[", max_depth + 1) + repeated("]", max_depth + 1)));
    EXPECT_TRUE(parse_toml(repeated("a.", max_depth) + "a = 1"));
    const auto deep = parse_toml("\n" + repeated("a . ", max_depth + 1) + "a = 1");
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().line, 2U);
    EXPECT_NE(deep.error().text.find("nested"), std::string::npos);
    EXPECT_FALSE(parse_toml("[" + repeated("a.", 200000) + "a]"));
    EXPECT_FALSE(parse_toml("x = " + repeated("{a=", 100000)));
}

TEST(ConfigToml, BracketsInStringsAndCommentsAreNoDepth) {
    const std::string many = repeated("[.", 100);
    EXPECT_TRUE(parse_toml("a = \"" + many + "\" # " + many + "\nb = '" + many + "'\n"));
    EXPECT_TRUE(parse_toml("a = \"\"\"\n" + many + "\"x\\\"\"\"\"\nb = '''" + many + "'\n''' # " + many));
    EXPECT_TRUE(parse_toml("a = [" + repeated("1.5, ", 100) + "]"));
    // What a string hides must not hide what follows it.
    EXPECT_FALSE(parse_toml("a = \"\\\\\"\nb = " + repeated("[", 100)));
    EXPECT_FALSE(parse_toml("a = ''\nb = " + repeated("[", 100)));
}

TEST(ConfigToml, SizeIsBoundedOnBothSides) {
    std::string text(max_octets, '#');
    EXPECT_TRUE(parse_toml(text));
    text += '#';
    EXPECT_FALSE(parse_toml(text));
}

TEST(ConfigJson, ReadsEveryKind) {
    const auto tree = parse_json(R"({"a": {"b": true, "c": 1, "d": 1.5, "e": "x", "f": [1, "y"], "g": null}})");
    ASSERT_TRUE(tree);
    const Node::Table& inner = *tree->table()->front().value.table();
    const std::string_view kinds[] = {"a boolean", "an integer", "a number with a fraction", "a string", "a list", "null"};
    ASSERT_EQ(inner.size(), std::size(kinds));
    for (std::size_t i = 0; i < inner.size(); ++i) EXPECT_EQ(inner[i].value.kind(), kinds[i]);
}

TEST(ConfigJson, Refuses) {
    const std::string cases[] = {
        "",
        "[]",
        "1",
        "{",
        R"({"a":1} x)",
        R"({"a":1,"a":2})",
        R"({"a":{"b":1,"b":1}})",
        R"({"a":1,})",
        "{\"a\":" + repeated("[", 100) + "1" + repeated("]", 100) + "}",
    };
    for (const std::string& text : cases) {
        const auto tree = parse_json(text);
        ASSERT_FALSE(tree) << text;
        EXPECT_FALSE(tree.error().text.empty());
        EXPECT_GE(tree.error().line, 1U);
    }
    const auto twice = parse_json("{\"a\": 1,\n \"a\": 2}");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().line, 2U);
    EXPECT_NE(twice.error().text.find("twice"), std::string::npos);
}

}  // namespace
}  // namespace exota::config
