#include "directory/redis_url.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

TEST(RedisUrl, reads_what_operators_write) {
    const struct {
        std::string_view text;
        RedisUrl want;
        std::string_view shown;
    } cases[] = {
        {"redis://127.0.0.1", {.host = "127.0.0.1"}, "redis://127.0.0.1:6379"},
        {"redis://127.0.0.1:6380/2", {.host = "127.0.0.1", .port = 6380, .database = 2}, "redis://127.0.0.1:6380"},
        {"REDISS://exota@redis.example.net/",
         {.tls = true, .user = "exota", .host = "redis.example.net"},
         "rediss://redis.example.net:6379"},
        {"redis://[2001:db8::1]:7000/65535", {.host = "2001:db8::1", .port = 7000, .database = 65535}, "redis://[2001:db8::1]:7000"},
    };
    for (const auto& c : cases) {
        const auto url = RedisUrl::parse(c.text);
        ASSERT_TRUE(url) << c.text << ": " << url.error().detail;
        EXPECT_EQ(*url, c.want) << c.text;
        EXPECT_EQ(url->text(), c.shown);
    }
    EXPECT_TRUE(RedisUrl::parse("redis://127.0.0.1")->address());
    EXPECT_FALSE(RedisUrl::parse("redis://localhost")->address()) << "a name";
}

TEST(RedisUrl, says_what_is_wrong_and_quotes_no_password) {
    const struct {
        std::string text, why;
    } cases[] = {
        {"", "must begin with"},
        {"127.0.0.1:6379", "must begin with"},
        {"http://127.0.0.1", "must begin with"},
        {"redis://", "names no host"},
        {"redis://:6379", "names no host"},
        {"redis://user:hunter2@host", "password_file"},
        {"redis://:hunter2@host", "password_file"},
        {"redis://@host", "no name of a user"},
        {"redis://a b@host", "no name of a user"},
        {"redis://host:0", "no port"},
        {"redis://host:65536", "no port"},
        {"redis://host:", "no port"},
        {"redis://host/65536", "no number of a database"},
        {"redis://host/x", "no number of a database"},
        {"redis://host/1?x=y", "more than a server"},
        {"redis://2001:db8::1", "in brackets"},
        {"redis://[2001:db8::1", "lacks the ]"},
        {"redis://[host]", "no IPv6 address"},
        {"redis://[::1]x", "no port"},
        {"redis://ho st", "is no name"},
        {"redis://" + std::string(254, 'a'), "longer than a name"},
    };
    for (const auto& c : cases) {
        const auto url = RedisUrl::parse(c.text);
        ASSERT_FALSE(url) << c.text;
        EXPECT_NE(url.error().detail.find(c.why), std::string::npos) << c.text << ": " << url.error().detail;
        EXPECT_EQ(url.error().detail.find("hunter2"), std::string::npos);
    }
    EXPECT_TRUE(RedisUrl::parse("redis://" + std::string(253, 'a')));
}

}  // namespace
}  // namespace exota::directory
