#include "wire/smtp/xtext.h"

#include <gtest/gtest.h>

namespace exota::smtp {
namespace {

using namespace std::string_literals;

static_assert(decoded_octets("a+2Bb") == 3 && decoded_octets("") == 0 && !decoded_octets("+2b"));

TEST(Xtext, is_decoded) {
    struct Case {
        std::string_view text;
        std::optional<std::string> want;
    };
    const Case cases[] = {
        {"", ""},
        {"contoso.example", "contoso.example"},
        {"a+2Bb+3Dc", "a+b=c"},
        {"+41+7E!~", "A~!~"},
        {"+00+0D+0A", "\0\r\n"s},
        {"+C3+A9", "\xc3\xa9"},
        {"+", std::nullopt},
        {"+4", std::nullopt},
        {"a+4", std::nullopt},
        {"+4G", std::nullopt},
        {"+4a", std::nullopt},
        {"a=b", std::nullopt},
        {"a b", std::nullopt},
        {"a\x7f", std::nullopt},
        {"\xc3\xa9", std::nullopt},
    };
    for (const Case& c : cases) EXPECT_EQ(decode_xtext(c.text, 255), c.want) << c.text;
}

TEST(Xtext, has_a_limit_of_what_it_stands_for) {
    EXPECT_TRUE(decode_xtext("+41+42+43", 3));
    EXPECT_FALSE(decode_xtext("+41+42+43", 2));
    EXPECT_FALSE(decode_xtext("abc", 2));
}

TEST(Xtext, of_each_octet_reads_back) {
    std::string all;
    for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
    std::string text;
    append_xtext(text, all);
    EXPECT_EQ(decode_xtext(text, 256), all);
    for (const char c : text) EXPECT_TRUE(c == '+' || is_xchar(c));
}

}  // namespace
}  // namespace exota::smtp
