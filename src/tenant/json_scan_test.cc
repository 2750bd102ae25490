#include "tenant/json_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::tenant {
namespace {

using enum Scan::Found;
using namespace std::string_view_literals;

TEST(JsonScan, numbers) {
    struct Case {
        std::string_view text;
        Scan want;
    };
    const Case cases[] = {
        {"0,", {whole, 1}},      {"-0,", {whole, 2}},      {"10 ", {whole, 2}},     {"1.5e+30]", {whole, 7}}, {"0E0}", {whole, 3}},
        {"01", {whole, 1}},  // and then something that may not follow
        {"12", {unfinished, 2}}, {"-", {unfinished, 1}},   {"1.", {unfinished, 2}}, {"1e-", {unfinished, 3}}, {"-x", {wrong, 1}},
        {"1.x", {wrong, 2}},     {"1ex", {wrong, 2}},      {"1e+x", {wrong, 3}},    {"+1", {wrong, 0}},       {".5", {wrong, 0}},
        {"NaN", {wrong, 0}},     {"Infinity", {wrong, 0}}, {"1.e5", {wrong, 2}},
    };
    for (const Case& c : cases) EXPECT_EQ(scan_number(c.text), c.want) << c.text;
}

TEST(JsonScan, escapes) {
    struct Case {
        std::string_view text;
        Scan want;
        std::string_view character;
    };
    const Case cases[] = {
        {"\\n", {whole, 2}, "\n"},
        {"\\/x", {whole, 2}, "/"},
        {"\\\"", {whole, 2}, "\""},
        {"\\u0000", {whole, 6}, "\0"sv},
        {"\\u007f", {whole, 6}, "\x7f"},
        {"\\u0080", {whole, 6}, "\xc2\x80"},
        {"\\u07FF", {whole, 6}, "\xdf\xbf"},
        {"\\u0800", {whole, 6}, "\xe0\xa0\x80"},
        {"\\uffff", {whole, 6}, "\xef\xbf\xbf"},
        {"\\ud800\\udc00", {whole, 12}, "\xf0\x90\x80\x80"},
        {"\\uDBFF\\uDFFF", {whole, 12}, "\xf4\x8f\xbf\xbf"},
        {"\\", {unfinished, 1}, ""},
        {"\\u", {unfinished, 2}, ""},
        {"\\u12", {unfinished, 4}, ""},
        {"\\ud800", {unfinished, 6}, ""},
        {"\\ud800\\udc", {unfinished, 10}, ""},
        {"\\x41", {wrong, 1}, ""},
        {"\\U0041", {wrong, 1}, ""},
        {"\\\n", {wrong, 1}, ""},
        {"\\u12g4", {wrong, 4}, ""},
        {"\\ud800\"", {wrong, 6}, ""},
        {"\\ud800\\n", {wrong, 7}, ""},
        {"\\ud800\\u0041", {wrong, 11}, ""},
        {"\\ud800\\ud800", {wrong, 11}, ""},
        {"\\udc00", {wrong, 5}, ""},
    };
    for (const Case& c : cases) {
        const Escape escape = scan_escape(c.text);
        EXPECT_EQ(escape.scan, c.want) << c.text;
        EXPECT_EQ(escape.character.text(), c.character) << c.text;
    }
}

TEST(JsonScan, characters) {
    struct Case {
        std::string_view text;
        Scan want;
    };
    const Case cases[] = {
        {"a", {whole, 1}},
        {"\x7f", {whole, 1}},
        {"\xc2\x80", {whole, 2}},
        {"\xe0\xa0\x80", {whole, 3}},
        {"\xf4\x8f\xbf\xbf", {whole, 4}},
        {"\xc3", {unfinished, 1}},
        {"\xf0\x9f\x98", {unfinished, 3}},
        {"\xe0\x80\x80", {wrong, 0}},  // what is no UTF-8: base/utf8_test.cc has all of it
        {"\xed\xa0", {wrong, 0}},
        {"\x80", {wrong, 0}},
        {"\xff", {wrong, 0}},
        {"\xe2\n", {wrong, 0}},
        {"\x1f", {wrong, 0}},
        {"\n", {wrong, 0}},
    };
    for (const Case& c : cases) EXPECT_EQ(scan_character(c.text), c.want) << testing::PrintToString(c.text);
}

TEST(JsonScan, words) {
    EXPECT_EQ(scan_word("true,", "true"), (Scan{whole, 4}));
    EXPECT_EQ(scan_word("tr", "true"), (Scan{unfinished, 2}));
    EXPECT_EQ(scan_word("tr ", "true").found, wrong);
    EXPECT_EQ(scan_word("True", "true").found, wrong);
}

/// Each octet at each place of texts below, at and above the width of a step.
TEST(JsonScan, every_octet_that_is_not_plain_is_found_first) {
    for (std::size_t size = 1; size < 40; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (int octet = 0; octet < 256; ++octet) {
                std::string text(size, 'x');
                text[at] = static_cast<char>(octet);
                if (at + 1 < size) text.back() = '"';
                const bool plain = octet >= 0x20 && octet < 0x80 && octet != '"' && octet != '\\';
                const std::size_t want = !plain ? at : at + 1 < size ? size - 1 : size;
                EXPECT_EQ(end_of_plain(text.data(), text.data() + size) - text.data(), std::ptrdiff_t(want)) << octet << ' ' << at;
            }
}

TEST(JsonScan, blanks_end_at_anything_else) {
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string text = std::string(size, ' ') + "\t ";
        EXPECT_EQ(end_of_blanks(text.data(), text.data() + text.size()) - text.data(), std::ptrdiff_t(size));
        EXPECT_EQ(end_of_blanks(text.data(), text.data() + size) - text.data(), std::ptrdiff_t(size));
    }
}

}  // namespace
}  // namespace exota::tenant
