#include "mail/reply.h"

#include <gtest/gtest.h>

namespace exota::mail {
namespace {

TEST(Reply, line) {
    EXPECT_EQ((Reply{550, "5.7.1", "no"}.line()), "550 5.7.1 no");
    EXPECT_EQ((Reply{250, "", "ok"}.line()), "250 ok");
    EXPECT_EQ((Reply{250, "", ""}.line()), "250");
}

TEST(Reply, strangers_text_stays_one_line_of_ascii) {
    EXPECT_EQ(safe_reply_text("plain ~ text"), "plain ~ text");
    EXPECT_EQ(safe_reply_text("a\r\n250 ok"), "a??250 ok");
    EXPECT_EQ(safe_reply_text(std::string_view("a\0b\t\x7f\xC3\xA4", 7)), "a?b????");
    EXPECT_EQ(safe_reply_text(""), "");
}

TEST(Reply, limit_on_both_sides) {
    const std::string longest(max_reply_text_octets, 'a');
    EXPECT_EQ(safe_reply_text(longest), longest);
    const std::string cut = safe_reply_text(longest + 'a');
    EXPECT_EQ(cut.size(), max_reply_text_octets);
    EXPECT_TRUE(cut.ends_with("aaa..."));
    EXPECT_LE((Reply{550, "5.7.123", cut}.line().size()), 510U);
}

}  // namespace
}  // namespace exota::mail
