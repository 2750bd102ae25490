#include "wire/smtp/lmtp.h"

#include <gtest/gtest.h>

namespace exota::smtp {
namespace {

const mail::Reply fine{250, "2.0.0", "Ok"}, gone{550, "5.1.1", "no such user"}, later{451, "4.4.1", "later"};

std::string ready(RecipientReplies& replies) {
    std::string out;
    replies.append_ready(out);
    return out;
}

TEST(Lmtp, replies_keep_the_order_of_the_recipients) {
    RecipientReplies replies(3);
    EXPECT_EQ(ready(replies), "");
    replies.give(1, gone);
    EXPECT_EQ(ready(replies), "");
    replies.give(0, fine);
    EXPECT_EQ(ready(replies), "250 2.0.0 Ok\r\n550 5.1.1 no such user\r\n");
    EXPECT_EQ(ready(replies), "");
    EXPECT_FALSE(replies.done());
    replies.give(2, later);
    EXPECT_EQ(ready(replies), "451 4.4.1 later\r\n");
    EXPECT_TRUE(replies.done());
}

TEST(Lmtp, one_reply_may_be_for_all_that_are_left) {
    RecipientReplies replies(3);
    replies.give(1, fine);
    replies.give_rest(later);
    EXPECT_EQ(ready(replies), "451 4.4.1 later\r\n250 2.0.0 Ok\r\n451 4.4.1 later\r\n");
    EXPECT_TRUE(replies.done());
}

TEST(Lmtp, the_first_reply_given_stays) {
    RecipientReplies replies(1);
    replies.give(0, fine);
    replies.give(0, gone);
    replies.give_rest(later);
    EXPECT_EQ(ready(replies), "250 2.0.0 Ok\r\n");
    replies.give(0, gone);
    EXPECT_EQ(ready(replies), "");
}

}  // namespace
}  // namespace exota::smtp
