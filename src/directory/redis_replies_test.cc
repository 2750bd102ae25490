// Replies cut anywhere, of every kind, and those that are none or have no end.
#include "directory/redis_replies.h"

#include <gtest/gtest.h>

#include <functional>

namespace exota::directory {
namespace {

using namespace std::string_literals;
using Is = RedisReply::Is;

/// All that comes of the octets in pieces of `piece`, as text; what ends it stands in brackets.
std::string read(std::string_view octets, std::size_t piece) {
    RedisReplies replies;
    std::string out;
    const std::function<void(const RedisReply&)> print = [&](const RedisReply& reply) {
        switch (reply.is) {
            case Is::nil:
                out += "nil ";
                break;
            case Is::text:
                out += "'" + reply.text + "' ";
                break;
            case Is::status:
                out += "+" + reply.text + " ";
                break;
            case Is::error:
                out += "!" + reply.text + " ";
                break;
            case Is::integer:
                out += std::to_string(reply.integer) + " ";
                break;
            case Is::array:
                out += "( ";
                for (const RedisReply& element : reply.elements) print(element);
                out += ") ";
                break;
        }
    };
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        replies.feed(octets.substr(at, piece));
        for (;;) {
            const auto next = replies.next();
            if (!next) return out + (next.error().code == base::Errc::too_long ? "[too long]" : "[none]");
            if (!*next) break;
            print(**next);
        }
    }
    return out;
}

TEST(RedisReplies, of_every_kind_and_cut_anywhere) {
    const struct {
        std::string octets, want;
    } cases[] = {
        {"+OK\r\n", "+OK "},
        {"-ERR no\r\n:12\r\n", "!ERR no 12 "},
        {":-9223372036854775808\r\n", "-9223372036854775808 "},
        {"$5\r\nhel\r\n\r\n$0\r\n\r\n", "'hel\r\n' '' "},
        {"$-1\r\n*-1\r\n", "nil nil "},
        {"*0\r\n", "( ) "},
        {"*3\r\n:0\r\n:17\r\n:0\r\n+PONG\r\n", "( 0 17 0 ) +PONG "},
        {"*2\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n-E x\r\n", "( ( 'a' ( 1 ) ) !E x ) "},
        {"$3\r\na\0b\r\n"s, "'a\0b' "s},
        {"?what\r\n", "[none]"},
        {">2\r\n+push\r\n:1\r\n", "[none]"},  // RESP 3: never asked for
        {"%1\r\n+a\r\n:1\r\n", "[none]"},
        {"#t\r\n", "[none]"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "[none]"},
        {":12x\r\n", "[none]"},
        {":\r\n", "[none]"},
        {"$x\r\n", "[none]"},
        {"$-2\r\n", "[none]"},
        {"*-2\r\n", "[none]"},
        {"*99999999999\r\n", "[none]"},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "[none]"},  // too deep
        {"+OK\r\n?\r\n+OK\r\n", "+OK [none]"},
    };
    for (const auto& c : cases)
        for (std::size_t piece = 1; piece <= c.octets.size(); ++piece) EXPECT_EQ(read(c.octets, piece), c.want) << c.octets << ' ' << piece;
}

TEST(RedisReplies, have_limits) {
    const std::string largest = "$1048000\r\n" + std::string(1'048'000, 'x') + "\r\n";
    RedisReplies replies;
    for (int twice = 0; twice < 2; ++twice) {
        replies.feed(largest);
        const auto next = replies.next();
        ASSERT_TRUE(next && *next);
        EXPECT_EQ((*next)->text.size(), 1'048'000U);
    }
    const std::string piece(100'000, 'x');
    replies.feed("$2000000\r\n");
    for (int i = 0; i < 10; ++i) {
        replies.feed(piece);
        EXPECT_TRUE(replies.next()) << i;
    }
    replies.feed(piece);
    EXPECT_EQ(replies.next().error().code, base::Errc::too_long);
    replies.feed("\r\n+OK\r\n");
    EXPECT_EQ(replies.next().error().code, base::Errc::too_long) << "and nothing after it";

    RedisReplies huge;
    huge.feed("*2147483647\r\n");  // takes no memory
    EXPECT_TRUE(huge.next());
    std::string many = "*100000\r\n";
    for (int i = 0; i < 99'999; ++i) many += ":1\r\n";
    EXPECT_EQ(read(many, many.size()), "");
    EXPECT_TRUE(read(many + ":1\r\n", many.size() + 4).ends_with("[too long]")) << "the array itself is one";
    std::string endless = "*100000\r\n";
    const std::string text = "$60000\r\n" + std::string(60'000, 'x') + "\r\n";
    for (int i = 0; i < 20; ++i) endless += text;
    EXPECT_EQ(read(endless, 65'536), "[too long]") << "octets of the whole reply are counted";
}

TEST(RedisReplies, errors_have_codes) {
    const RedisReply moved{.is = Is::error, .text = "MOVED 3999 127.0.0.1:6381"};
    EXPECT_TRUE(moved.is_error("MOVED"));
    EXPECT_FALSE(moved.is_error("MOVE"));
    EXPECT_FALSE(moved.is_error("ERR"));
    EXPECT_TRUE((RedisReply{.is = Is::error, .text = "NOSCRIPT"}.is_error("NOSCRIPT")));
    EXPECT_FALSE((RedisReply{.is = Is::text, .text = "NOSCRIPT x"}.is_error("NOSCRIPT")));
    EXPECT_EQ(error_text({.is = Is::error, .text = "ERR a\nb\x80"}), "ERR a?b?");
    EXPECT_EQ(error_text({.is = Is::error, .text = std::string(1000, 'x')}).size(), 200U);
}

TEST(RedisCommand, takes_any_octets) {
    EXPECT_EQ(redis_command({"SET", "a b", "\r\n"s, "\0"s, ""}), "*5\r\n$3\r\nSET\r\n$3\r\na b\r\n$2\r\n\r\n\r\n$1\r\n\0\r\n$0\r\n\r\n"s);
    RedisReplies replies;
    replies.feed(redis_command({"EVALSHA", "x"}));
    EXPECT_EQ((*replies.next())->elements[1].text, "x") << "a command reads as an array of texts";
}

}  // namespace
}  // namespace exota::directory
