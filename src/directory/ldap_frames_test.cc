#include "directory/ldap_frames.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::directory {
namespace {

using Seen = LdapFrames::Seen;
using namespace std::string_literals;

std::string message(std::size_t content) {
    std::string out = "\x30";
    if (content < 0x80)
        out += static_cast<char>(content);
    else
        out += "\x83" + std::string{static_cast<char>(content >> 16), static_cast<char>(content >> 8), static_cast<char>(content)};
    return out + std::string(content, 'x');
}

TEST(LdapFrames, messages_pass_in_pieces_of_any_size) {
    const std::string all = message(0) + message(1) + message(127) + message(128) + message(70000) + message(5);
    for (const std::size_t piece : {1UL, 2UL, 3UL, 1000UL, all.size()}) {
        LdapFrames frames(100000);
        for (std::size_t at = 0; at < all.size(); at += piece) ASSERT_EQ(frames.feed(std::string_view(all).substr(at, piece)), Seen::fine);
        EXPECT_EQ(frames.begun(), 0U);
    }
    LdapFrames frames(1000);
    EXPECT_EQ(frames.feed(message(10).substr(0, 5)), Seen::fine);
    EXPECT_EQ(frames.begun(), 5U);
}

TEST(LdapFrames, the_limit_on_both_sides_by_what_is_announced) {
    for (const std::size_t content : {100UL, 300UL, 65536UL}) {
        const std::string whole = message(content), header = whole.substr(0, whole.size() - content);
        EXPECT_EQ(LdapFrames(whole.size()).feed(header), Seen::fine) << content;
        EXPECT_EQ(LdapFrames(whole.size() - 1).feed(header), Seen::too_long) << content;
    }
    EXPECT_EQ(LdapFrames(1000).feed("\x30\x84\xff\xff\xff\xff"), Seen::too_long);
}

TEST(LdapFrames, another_protocol) {
    for (const std::string& octets : {"220 mx.example.net ESMTP\r\n"s, "HTTP/1.1 400 Bad Request\r\n"s, "\x16\x03\x01"s, "\x30\x80"s,
                                      "\x30\x85\x01\x01\x01\x01\x01"s, "\x30\x00\x31"s, "\x00"s})
        EXPECT_EQ(LdapFrames(1000).feed(octets), Seen::not_ldap) << octets;
}

TEST(LdapFrames, the_end_of_the_first_message) {
    EXPECT_EQ(end_of_message(message(3) + message(4)), 5U);
    EXPECT_EQ(end_of_message(message(300)), 305U);
    EXPECT_EQ(end_of_message(message(3).substr(0, 4)), std::nullopt);
    EXPECT_EQ(end_of_message("nonsense"), std::nullopt);
    EXPECT_EQ(end_of_message(""), std::nullopt);
}

}  // namespace
}  // namespace exota::directory
