#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::base {
namespace {

/// By arithmetic alone, to compare with.
std::string utf8(char32_t point) {
    const auto octet = [](char32_t bits) { return static_cast<char>(bits); };
    if (point < 0x80) return {octet(point)};
    if (point < 0x800) return {octet(0xc0 + point / 64), octet(0x80 + point % 64)};
    if (point < 0x10000) return {octet(0xe0 + point / 4096), octet(0x80 + point / 64 % 64), octet(0x80 + point % 64)};
    return {octet(0xf0 + point / 262144), octet(0x80 + point / 4096 % 64), octet(0x80 + point / 64 % 64), octet(0x80 + point % 64)};
}

TEST(Utf8, every_character_is_read_as_it_is_written) {
    for (char32_t point = 0; point <= 0x10ffff; ++point) {
        const std::string written = utf8(point);
        const Character read = first_character(written + "x");
        if (point >= 0xd800 && point <= 0xdfff) {
            ASSERT_EQ(read.octets, 0U) << std::hex << static_cast<unsigned>(point);
            ASSERT_FALSE(is_utf8(written));
        } else {
            ASSERT_EQ(read.octets, written.size()) << std::hex << static_cast<unsigned>(point);
            ASSERT_EQ(read.point, point);
            ASSERT_FALSE(read.unfinished);
            ASSERT_TRUE(is_utf8(written));
            ASSERT_EQ(encode_utf8(point).text(), written);
        }
    }
}

TEST(Utf8, what_is_none) {
    struct Case {
        std::string_view name, text;
        bool unfinished;
    };
    const Case cases[] = {
        {"nothing", "", true},
        {"a lone continuation", "\x80", false},
        {"the highest one", "\xbf", false},
        {"two octets without the second", "\xc3", true},
        {"two octets, the second ASCII", "\xc3(", false},
        {"two octets, the second a first one", "\xc3\xc3", false},
        {"three octets without the third", "\xe2\x80", true},
        {"three octets, the third a line end", "\xe2\x80\n", false},
        {"four octets without the second", "\xf0", true},
        {"four octets without the fourth", "\xf0\x9f\x98", true},
        {"four octets, the fourth a first one", "\xf0\x9f\x98\xf0", false},
        {"overlong: slash in two", "\xc0\xaf", false},
        {"overlong: NUL in two", "\xc0\x80", false},
        {"overlong: DEL in two", "\xc1\xbf", false},
        {"overlong: slash in three", "\xe0\x80\xaf", false},
        {"overlong: U+07FF in three", "\xe0\x9f\xbf", false},
        {"overlong and cut off: more could not mend it", "\xe0\x80", false},
        {"overlong: slash in four", "\xf0\x80\x80\xaf", false},
        {"overlong: U+FFFF in four", "\xf0\x8f\xbf\xbf", false},
        {"the first surrogate", "\xed\xa0\x80", false},
        {"the last surrogate", "\xed\xbf\xbf", false},
        {"a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80", false},
        {"a surrogate cut off", "\xed\xa0", false},
        {"U+110000", "\xf4\x90\x80\x80", false},
        {"U+110000 cut off", "\xf4\x90", false},
        {"U+140000", "\xf5\x80\x80\x80", false},
        {"five octets", "\xf8\x88\x80\x80\x80", false},
        {"six octets", "\xfc\x84\x80\x80\x80\x80", false},
        {"0xFE", "\xfe", false},
        {"0xFF", "\xff", false},
    };
    for (const Case& c : cases) {
        const Character read = first_character(c.text);
        EXPECT_EQ(read.octets, 0U) << c.name;
        EXPECT_EQ(read.unfinished, c.unfinished) << c.name;
        EXPECT_EQ(is_utf8(c.text), c.text.empty()) << c.name;
    }
}

TEST(Utf8, what_cuts_a_character_off_is_unfinished) {
    for (const std::string_view whole :
         {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_TRUE(first_character(whole.substr(0, size)).unfinished);
        EXPECT_EQ(first_character(whole).octets, whole.size());
    }
}

TEST(Utf8, is_checked_wherever_it_stands) {  // ASCII is passed eight octets at a time
    for (std::size_t before = 0; before < 18; ++before) {
        const std::string text(before, 'a');
        EXPECT_TRUE(is_utf8(text + "\xc3\xa9" + text)) << before;
        EXPECT_FALSE(is_utf8(text + "\xc3" + text)) << before;
        EXPECT_FALSE(is_utf8(text + "\xa9" + text)) << before;
    }
}

TEST(Utf8, truncation_never_cuts_a_sequence) {
    EXPECT_EQ(truncate_utf8("a\xe2\x82\xac", 3), "a");
    EXPECT_EQ(truncate_utf8("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
    EXPECT_EQ(truncate_utf8("abc", 2), "ab");
}

}  // namespace
}  // namespace exota::base
