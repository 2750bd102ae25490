#include "authn/tag_list.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::authn {
namespace {

std::string joined(std::string_view text, std::size_t max_tags = TagList::default_max_tags) {
    const auto list = TagList::parse(text, max_tags);
    if (!list) return "error: " + list.error().detail;
    std::string out;
    for (const Tag& tag : list->tags()) out.append(tag.name).append("=[").append(tag.value).append("]");
    return out;
}

TEST(TagList, follows_the_grammar_and_breaks_where_it_is_broken) {
    struct Case {
        const char* name;
        std::string_view text;
        const char* want;
    };
    const Case cases[] = {
        {"plain", "a=1; b=2", "a=[1]b=[2]"},
        {"final_semicolon", "a=1;", "a=[1]"},
        {"blank_behind_final_semicolon", "a=1; ", "a=[1]"},
        {"white_space_everywhere", " a \t=\r\n 1 2\r\n\t3 ;b=", "a=[1 2\r\n\t3]b=[]"},
        {"empty_value", "p=", "p=[]"},
        {"equal_signs_in_a_value", "bh=ab==", "bh=[ab==]"},
        {"names_have_case", "a=1; A=2", "a=[1]A=[2]"},
        {"digits_and_underscore", "a_9=x", "a_9=[x]"},
        {"utf8_value",
         "d=b\xc3\xbc"
         "cher.example",
         "d=[b\xc3\xbc"
         "cher.example]"},
        {"nothing", "", "error: empty tag at octet 0"},
        {"blank_only", "  ", "error: empty tag at octet 2"},
        {"semicolon_only", ";", "error: empty tag at octet 0"},
        {"two_semicolons", "a=1;;b=2", "error: empty tag at octet 4"},
        {"twice", "a=1; b=2; a=3", "error: tag 'a' twice at octet 13"},
        {"no_equal_sign", "a=1; omg", "error: '=' expected at octet 8"},
        {"no_name", "=1", "error: tag name expected at octet 0"},
        {"name_begins_with_digit", "1a=1", "error: tag name expected at octet 0"},
        {"hyphen_in_name", "a-b=1", "error: '=' expected at octet 1"},
        {"bare_line_feed", "a=1\n b", "error: bare line end at octet 3"},
        {"bare_carriage_return", "a=1\r b", "error: bare line end at octet 3"},
        {"line_end_without_white_space", "a=1\r\nb", "error: bare line end at octet 3"},
        {"line_end_at_the_end", "a=1\r\n", "error: bare line end at octet 3"},
        {"control", "a=1\x01", "error: control character at octet 3"},
        {"delete", "a=\x7f", "error: control character at octet 2"},
        {"nul", std::string_view("a=\0b", 4), "error: control character at octet 2"},
    };
    for (const Case& c : cases) EXPECT_EQ(joined(c.text), c.want) << c.name;
}

TEST(TagList, has_a_limit_of_tags) {
    EXPECT_EQ(joined("a=1;b=2;c=3", 3), "a=[1]b=[2]c=[3]");
    EXPECT_EQ(joined("a=1;b=2;c=3", 2), "error: more than 2 tags");
}

TEST(TagList, shows_not_more_of_a_name_than_an_error_needs) {
    const std::string name(1000, 'n');
    EXPECT_EQ(joined(name + "=1;" + name + "=2"), "error: tag '" + name.substr(0, max_shown_name_octets) + "' twice at octet 2005");
}

TEST(TagList, says_where_the_value_with_its_white_space_lies) {
    const std::string_view text = "a=1; b = x y \t; c=3";
    const auto list = TagList::parse(text);
    ASSERT_TRUE(list);
    const Tag* tag = list->find("b");
    ASSERT_NE(tag, nullptr);
    EXPECT_EQ(text.substr(tag->raw_begin, tag->raw_end - tag->raw_begin), " x y \t");
    EXPECT_EQ(list->find("B"), nullptr);
    EXPECT_EQ(list->value("c"), "3");
    EXPECT_EQ(list->value("d"), std::nullopt);
}

TEST(TagNumber, takes_digits_only) {
    EXPECT_EQ(parse_tag_number("0", 12), 0U);
    EXPECT_EQ(parse_tag_number("123456789012", 12), 123456789012U);
    EXPECT_EQ(parse_tag_number("1234567890123", 12), std::nullopt);
    EXPECT_EQ(parse_tag_number(std::string(76, '9'), 76), UINT64_MAX);
    EXPECT_EQ(parse_tag_number("18446744073709551615", 76), UINT64_MAX);
    EXPECT_EQ(parse_tag_number("18446744073709551614", 76), UINT64_MAX - 1);
    EXPECT_EQ(parse_tag_number("18446744073709551616", 76), UINT64_MAX);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "a"}) EXPECT_EQ(parse_tag_number(bad, 12), std::nullopt) << bad;
}

TEST(TagItems, are_trimmed_and_may_be_empty) {
    std::string out;
    for_each_item(" a : b\r\n :: c", [&](std::string_view item) {
        out.append("[").append(item).append("]");
        return true;
    });
    EXPECT_EQ(out, "[a][b][][c]");
}

}  // namespace
}  // namespace exota::authn
