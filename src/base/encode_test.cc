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

TEST(JsonString, table) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"", R"("")"},
        {"a\"b\\c", R"("a\"b\\c")"},
        {"a\nb\r\t", R"("a\nb\r\t")"},
        {std::string_view("\0\x1f", 2), R"("\u0000\u001f")"},
        {"\x7f", R"("\u007f")"},
        {"\xc3\xa4", "\"\xc3\xa4\""},
        {"\xe6\xbc\xa2\xe3\x80\x80", "\"\xe6\xbc\xa2\xe3\x80\x80\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
        {"\xef\xbf\xbd", "\"\xef\xbf\xbd\""},
        {"a\xc2\x85"
         "b",
         R"("a\u0085b")"},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\xc2\xa0\""},
        {"\xe2\x80\xa8\xe2\x80\xa9", R"("\u2028\u2029")"},
        {"\xe2\x80\x8b\xe2\x80\x8f\xe2\x80\x90", "\"\\u200b\\u200f\xe2\x80\x90\""},
        {"\xe2\x80\xaa\xe2\x80\xae\xd8\x9c", R"("\u202a\u202e\u061c")"},
        {"\xe2\x81\xa0\xe2\x81\xa9\xef\xbb\xbf", R"("\u2060\u2069\ufeff")"},
        {"\xef\xb7\x90\xef\xbf\xbf", R"("\ufdd0\uffff")"},
        {"\xf3\xa0\x80\x81\xf0\x9f\xbf\xbe", R"("\udb40\udc01\ud83f\udffe")"},
        {"\xff"
         "a",
         "\"\xef\xbf\xbd"
         "a\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc0\x8a\xe2\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (const Case& c : cases) {
        std::string out = "before ";
        append_json_string(out, c.text);
        EXPECT_EQ(out, "before " + std::string(c.want));
    }
}

TEST(TomlString, differs_beyond_the_basic_plane_only) {
    for (const std::string_view text : {"", "a\"b\\c\n", "\x7f\xc2\x85\xe2\x80\xae", "\xc3\xa4\xf0\x9f\x98\x80\xff"}) {
        std::string json, toml;
        append_json_string(json, text);
        append_toml_string(toml, text);
        EXPECT_EQ(toml, json);
    }
    std::string out;
    append_toml_string(out, "\xf3\xa0\x80\x81\xf4\x8f\xbf\xbf");
    EXPECT_EQ(out, R"("\U000e0001\U0010ffff")");
}

}  // namespace
}  // namespace exota::base
