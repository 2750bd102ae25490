#include "conversation.h"

#include <gtest/gtest.h>

namespace exota::conversations {
namespace {

TEST(Conversation, is_read_line_by_line) {
    const Conversation c = read_conversation(R"(# why this case exists
[environment]
MILTER_DKIM_ENABLED=true
[tenants]
{"a.test": {}}
[conversation]
mta 8.17.1
connect 192.0.2.1 client.test
tls TLSv1.3 verified mail.example
header Subject: a\x41\r\n\\
	folded
headers 3 X: y
eom
=> accept bypassed reject
=> remove 2 X-A
=> insert 0 X-B: c
=> add X-C: d\n e
=> held
)");
    EXPECT_EQ(c.problems, std::vector<std::string>{});
    EXPECT_EQ(c.environment, std::vector<std::string>{"MILTER_DKIM_ENABLED=true"});
    EXPECT_EQ(c.tenants, "{\"a.test\": {}}\n");
    ASSERT_EQ(c.steps.size(), 6u);
    EXPECT_EQ(c.steps[0].text, "8.17.1");
    EXPECT_EQ(c.steps[1].words, (std::vector<std::string>{"192.0.2.1", "client.test"}));
    EXPECT_EQ(c.steps[3].name, "Subject");
    EXPECT_EQ(c.steps[3].text, " aA\r\n\\\n\tfolded");
    EXPECT_EQ(c.steps[4].count, 3u);
    EXPECT_EQ(c.steps[4].text, " y");
    EXPECT_EQ(described(c.steps[5].expected),
              "=> accept bypassed reject\n=> remove 2 X-A\n=> insert 0 X-B: c\n=> add X-C: d\\n e\n=> held\n");
}

TEST(Conversation, a_file_that_says_nothing_is_a_problem) {
    for (const char* text :
         {"", "[conversation]\n", "[conversation]\neom\n", "[conversation]\nfoo\n", "[what]\n", "text\n[conversation]\nmta x\n",
          "[conversation]\n=> accept authorised\n", "[conversation]\neom\n=> accept\n", "[conversation]\neom\n=> maybe x\n",
          "[conversation]\nheader novalue\n", "[conversation]\n folded\n", "[conversation]\nheader A: \\q\n"})
        EXPECT_FALSE(read_conversation(text).problems.empty()) << text;
}

TEST(Conversation, any_difference_is_seen) {
    const auto expected = [](const char* lines) {
        return read_conversation(std::string("[conversation]\neom\n") + lines).steps.at(0).expected;
    };
    const Expectation base = expected("=> accept authorised\n=> add A: b\n");
    EXPECT_EQ(base, expected("=> accept authorised\n=> add A: b\n"));
    for (const char* lines :
         {"=> reject authorised\n=> add A: b\n", "=> accept bypassed\n=> add A: b\n", "=> accept authorised\n",
          "=> accept authorised\n=> add A: c\n", "=> accept authorised reject\n=> add A: b\n", "=> accept authorised\n=> insert 0 A: b\n",
          "=> accept authorised\n=> add A: b\n=> held\n", "=> accept authorised\n=> reply 550\n=> add A: b\n"}) {
        EXPECT_FALSE(base == expected(lines)) << lines;
        EXPECT_NE(described(base), described(expected(lines))) << lines;
    }
}

}  // namespace
}  // namespace exota::conversations
