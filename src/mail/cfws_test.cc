#include "mail/cfws.h"

#include <gtest/gtest.h>

namespace exota::mail {
namespace {

constexpr std::string_view after_cfws(std::string_view text) {
    base::Cursor in(text);
    return skip_cfws(in) ? in.rest() : "(open)";
}
static_assert(after_cfws(" (spf=pass; dkim=pass) dkim=fail") == "dkim=fail");  // a comment is no result
static_assert(after_cfws("(a (\\) \\( (b))) \r\n\t(c)x") == "x");
static_assert(after_cfws("((((((((a))))))))x") == "x");
static_assert(after_cfws("(((((((((a)))))))))x") == "(open)");
static_assert(after_cfws("(a \\)") == "(open)");
static_assert(after_cfws("(a \\") == "(open)");
static_assert(after_cfws("(\"a)x") == "x");  // a quote means nothing in a comment
static_assert(after_cfws("") == "");

TEST(Cfws, quoted_strings) {
    struct Case {
        std::string_view text, want, rest;
    };
    const Case good[] = {{"\"\"x", "", "x"},     {"\"a b\" c", "a b", " c"}, {"\"a\\\"b\\\\\"", "a\"b\\", ""},
                         {"\"(a\";", "(a", ";"}, {"\"a\r\n b\"", "a b", ""}, {"\"a;b=c\"", "a;b=c", ""}};
    for (const Case& c : good) {
        base::Cursor in(c.text);
        std::string_view content;
        ASSERT_TRUE(take_quoted_string(in, content)) << c.text;
        EXPECT_EQ(unquote(content), c.want);
        EXPECT_EQ(in.rest(), c.rest);
    }
    for (const std::string_view text : {"\"", "\"a", "\"a\\\"", "\"a\\"}) {
        base::Cursor in(text);
        std::string_view content;
        EXPECT_FALSE(take_quoted_string(in, content)) << text;
    }
}

TEST(Cfws, forbidden_octets) {
    EXPECT_EQ(find_forbidden_octet("a\r\n b\n\tc\t\xC3\xA4"), "");
    for (int octet = 0; octet < 0x20; ++octet) {
        if (octet == '\t') continue;
        EXPECT_NE(find_forbidden_octet(std::string("a") + static_cast<char>(octet) + "b"), "") << octet;
        EXPECT_NE(find_forbidden_octet(std::string("a") + static_cast<char>(octet)), "") << octet;
    }
    EXPECT_NE(find_forbidden_octet("a\x7f"), "");
    EXPECT_NE(find_forbidden_octet("a\r b"), "");
    EXPECT_NE(find_forbidden_octet("a\n\r\n b"), "");
    EXPECT_NE(find_forbidden_octet("a\r\r\n b"), "");
}

}  // namespace
}  // namespace exota::mail
