#include "net/https_base.h"

#include <gtest/gtest.h>

namespace exota::net {
namespace {

TEST(HttpsBase, IsReadOrRefused) {
    EXPECT_EQ(*parse_https_base("https://Login.Example.Test"), (HttpsBase{"login.example.test", 443, ""}));
    EXPECT_EQ(*parse_https_base("HTTPS://Login.Example.Test/A"), (HttpsBase{"login.example.test", 443, "/A"}));
    EXPECT_EQ(*parse_https_base("https://localhost:8443/a/b/"), (HttpsBase{"localhost", 8443, "/a/b/"}));
    EXPECT_EQ(*parse_https_base("https://" + std::string(253, 'a')), (HttpsBase{std::string(253, 'a'), 443, ""}));
    for (const std::string& bad :
         {std::string(), std::string("login.example.test"), std::string("http://login.example.test"),
          std::string("HTTP://login.example.test"), std::string("https://"), std::string("https:///x"), std::string("https://a:"),
          std::string("https://a:0"), std::string("https://a:65536"), std::string("https://a:1x"), std::string("https://u@a"),
          std::string("https://127.0.0.1"), std::string("https://[::1]"), std::string("https://a/?q"), std::string("https://a/#f"),
          std::string("https://a/ b"), std::string("https://a\r\n"), "https://" + std::string(254, 'a')})
        EXPECT_FALSE(parse_https_base(bad)) << bad;
    EXPECT_TRUE(parse_https_base("http://a").error().detail.starts_with("\"http://a\" is no https://HOST"));
    for (const char* secret : {"https://user:hunter2@a", "http://hunter2@a", "https://user:hunter2@a/?q"})
        EXPECT_EQ(parse_https_base(secret).error().detail.find("hunter2"), std::string::npos) << secret;
}

}  // namespace
}  // namespace exota::net
