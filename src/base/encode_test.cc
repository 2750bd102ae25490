#include "base/encode.h"

#include <gtest/gtest.h>

namespace exota::base {
namespace {

TEST(Base64, rfc4648_vectors_both_ways) {
    struct Case {
        std::string_view plain, encoded;
    };
    const Case cases[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (const Case& c : cases) {
        EXPECT_EQ(base64_encode(c.plain), c.encoded);
        EXPECT_EQ(base64_decode(c.encoded), c.plain);
    }
    EXPECT_EQ(base64_decode("Zm9v\r\n YmFy"), "foobar");
}

TEST(Base64, refuses_what_is_none) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v!", "=", "Zm9vY\x80=="})
        EXPECT_FALSE(base64_decode(text)) << text;
}

TEST(Json, strings_are_always_json) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"a\"b\\c", R"("a\"b\\c")"},
        {"a\nb\r\t", R"("a\nb\r\t")"},
        {std::string_view("\0\x1f", 2), "\"\\u0000\\u001f\""},
        {"\xc3\xa4", "\"\xc3\xa4\""},
        {"\xff"
         "a",
         "\"\xef\xbf\xbd"
         "a\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\x7f", "\"\\u007f\""},
    };
    for (const Case& c : cases) {
        std::string out;
        append_json_string(out, c.text);
        EXPECT_EQ(out, c.want);
    }
}

}  // namespace
}  // namespace exota::base
