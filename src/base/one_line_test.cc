#include "base/one_line.h"

#include <gtest/gtest.h>

namespace exota::base {
namespace {

TEST(InOneLine, escapes_what_does_not_show_and_nothing_else) {
    const struct {
        std::string_view text, want;
    } cases[] = {
        {"", ""},
        {R"(a "b" c\d)", R"(a "b" c\d)"},
        {"a\nerror: b\r\t\x1b[31m", R"(a\nerror: b\r\t\u001b[31m)"},
        {std::string_view("\0", 1), R"(\u0000)"},
        {"m\xc3\xbcller \xe2\x80\xae\xf3\xa0\x80\x81", "m\xc3\xbcller \\u202e\\udb40\\udc01"},
        {"a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (const auto& c : cases) EXPECT_EQ(in_one_line(c.text), c.want);
}

}  // namespace
}  // namespace exota::base
