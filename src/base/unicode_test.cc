#include "base/unicode.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::base {
namespace {

TEST(Unicode, what_does_not_show) {
    struct Case {
        std::string_view name;
        char32_t first, last;  // both hidden, both neighbours not
    };
    const Case cases[] = {
        {"soft hyphen", 0xad, 0xad},
        {"combining grapheme joiner", 0x34f, 0x34f},
        {"Arabic letter mark", 0x61c, 0x61c},
        {"Hangul fillers", 0x115f, 0x1160},
        {"zero width space to right-to-left mark", 0x200b, 0x200f},
        {"line separator to right-to-left override", 0x2028, 0x202e},
        {"word joiner to nominal digit shapes, isolates between", 0x2060, 0x206f},
        {"noncharacters", 0xfdd0, 0xfdef},
        {"variation selectors", 0xfe00, 0xfe0f},
        {"byte order mark", 0xfeff, 0xfeff},
        {"interlinear annotation", 0xfff0, 0xfffb},
        {"musical beams", 0x1d173, 0x1d17a},
        {"tags and the selectors behind them", 0xdfffe, 0xe0fff},
    };
    for (const Case& c : cases) {
        EXPECT_FALSE(is_hidden(c.first - 1)) << c.name;
        EXPECT_TRUE(is_hidden(c.first)) << c.name;
        EXPECT_TRUE(is_hidden(c.last)) << c.name;
        EXPECT_FALSE(is_hidden(c.last + 1)) << c.name;
    }
    for (char32_t control = 0; control < 0x20; ++control) EXPECT_TRUE(is_hidden(control));
    for (char32_t shown = 0x20; shown < 0x7f; ++shown) EXPECT_FALSE(is_hidden(shown));
    for (char32_t control = 0x7f; control < 0xa0; ++control) EXPECT_TRUE(is_hidden(control));
    for (char32_t plane = 0; plane <= 0x10; ++plane) {
        EXPECT_TRUE(is_hidden(plane << 16 | 0xfffe));
        EXPECT_TRUE(is_hidden(plane << 16 | 0xffff));
    }
    EXPECT_FALSE(is_hidden(0xfffd));
}

// perl 5.36 counts 4332 of them (Unicode 14); 15.0 made seven hieroglyph controls of what was unassigned.
TEST(Unicode, as_many_as_the_standard_has) {
    std::size_t count = 0;
    for (char32_t point = 0; point <= 0x10ffff; ++point) count += is_hidden(point) ? 1 : 0;
    EXPECT_EQ(count, 4339U);
}

TEST(Unicode, blanks_outside_ascii) {
    std::size_t count = 0;
    for (char32_t point = 0; point <= 0x10ffff; ++point) count += is_wide_blank(point) ? 1 : 0;
    EXPECT_EQ(count, 16U);  // general category Zs, without U+0020
    for (const char32_t blank : {0xa0, 0x1680, 0x2000, 0x200a, 0x202f, 0x205f, 0x3000}) {
        EXPECT_TRUE(is_wide_blank(blank));
        EXPECT_FALSE(is_hidden(blank));
    }
}

TEST(Unicode, plain_text) {
    for (const std::string_view text : {"", "a b", "m\xc3\xbcller", "\xf0\x9f\x98\x80", "\xc2\xa0"})
        EXPECT_TRUE(is_plain_text(text)) << text;
    for (const std::string_view text : {"a\n", "\x7f", "\xc2\x85", "\xe2\x80\xae", "a\xff", "\xe2\x80", "\xf3\xa0\x81\x81"})
        EXPECT_FALSE(is_plain_text(text)) << text;
}

}  // namespace
}  // namespace exota::base
