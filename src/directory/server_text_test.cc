#include "directory/server_text.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

TEST(ServerText, has_no_secret) {
    const std::string long_secret = "correct horse battery staple";
    const struct {
        std::string said, secret, want;
    } cases[] = {
        {"ERR unknown command 'AUTH', with args beginning with: 'hunter2' ", "hunter2",
         "ERR unknown command 'AUTH', with args beginning with: '***'"},
        {"hunter2", "hunter2", "***"},
        {"hunter2hunter2 and Hunter2", "hunter2", "****** and Hunter2"},
        {"hunter hunter", "hunter2", "hunter hunter"},
        {"huhunter2", "hunter2", "hu***"},
        {"with '" + long_secret.substr(0, min_part_of_secret) + "...'", long_secret, "with '***...'"},
        {"with '" + long_secret.substr(0, min_part_of_secret - 1) + "...'", long_secret, "with 'correct horse b...'"},
        {"a \x80\xff\n secret", "\x80\xff\n", "a *** secret"},
        {"nothing was told", "", "nothing was told"},
        {"", "hunter2", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(server_text(c.said, c.secret, 300), c.want);
}

TEST(ServerText, is_one_line_of_printable_ascii) {
    EXPECT_EQ(server_text("\n a\nb\tc\r\x7f\x80\x1b[0m\n", "", 300), std::string("a b c ???[0m"));
    EXPECT_EQ(server_text(std::string("a\0b", 3), "", 300), "a?b");
}

TEST(ServerText, is_not_too_long) {
    EXPECT_EQ(server_text(std::string(200, 'x'), "", 200).size(), 200U);
    EXPECT_EQ(server_text(std::string(201, 'x'), "", 200).size(), 200U);
    // The limit is one of what is shown: it cuts no secret, so that a part of it would stay.
    EXPECT_EQ(server_text("xxhunter2", "hunter2", 4), "xx**");
    EXPECT_EQ(server_text("xxhunter2hunter2", "hunter2", 7), "xx*****");
}

}  // namespace
}  // namespace exota::directory
