#include "wire/smtp/reply.h"

#include <gtest/gtest.h>

namespace exota::smtp {
namespace {

std::string written(const auto& reply) {
    std::string out;
    append_reply(out, reply);
    return out;
}

TEST(Reply, has_the_octets_of_a_line) {
    EXPECT_EQ(written(reply::ok), "250 2.0.0 Ok\r\n");
    EXPECT_EQ(written(reply::start_mail_input), "354 End data with <CR><LF>.<CR><LF>\r\n");
    EXPECT_EQ(written(mail::Reply{550, "5.7.1", "no"}), "550 5.7.1 no\r\n");
    EXPECT_EQ(written(mail::Reply{250, "", ""}), "250\r\n");
    EXPECT_EQ(written(mail::Reply{250, "2.0.0\r\n", "a\r\n250 b\n\xc3\xa9"}), "250 2.0.0?? a??250 b???\r\n");
}

TEST(Reply, never_has_a_code_that_is_none) {
    for (const int code : {0, 199, 600, 2500, -250}) EXPECT_EQ(written(mail::Reply{code, "", "x"}), "451 x\r\n") << code;
    for (const int code : {200, 599}) EXPECT_EQ(written(mail::Reply{code, "", "x"}), std::to_string(code) + " x\r\n");
}

TEST(Reply, of_fixed_words_is_the_same_as_a_value) {
    for (const FixedReply& fixed : {reply::ok, reply::bad_line_ends, reply::start_mail_input})
        EXPECT_EQ(written(fixed), written(to_reply(fixed)));
}

}  // namespace
}  // namespace exota::smtp
