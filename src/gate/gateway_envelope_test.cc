// What is told, what is repeated and what has changed; how a whole conversation goes on with it is in gateway_backend_test.cc.
#include "gate/gateway_envelope.h"

#include <gtest/gtest.h>

#include "gate/gateway_backend.h"
#include "gate/gateway_wire.h"

namespace exota::gate {
namespace {

using Meaning = GatewayEnvelope::Meaning;

class GatewayEnvelopes : public ::testing::Test {
protected:
    void SetUp() override {
        settings.backend_identity = BackendIdentity::none;
        settings.hostname = "gw.test";
        connect("250-b\r\n250 PIPELINING\r\n");
        envelope.begin("MAIL FROM:<a@a.test>\r\n");
        envelope.add("RCPT TO:<b@b.test> NOTIFY=NEVER\r\n", "b@b.test");
        envelope.add("RCPT TO:<c@c.test>\r\n", "c@c.test");
    }
    void connect(std::string_view offers) {
        link.connect("client.test", out);
        link.opened(nullptr, out);
        feed("220 b\r\n");
        feed(offers);
        link.introduce({}, out);
        out.clear();
    }
    std::vector<smtp::Answer> feed(std::string_view octets) {
        std::vector<smtp::Answer> answers;
        while (auto answer = link.feed(octets, out)) answers.push_back(*std::move(answer));
        return answers;
    }
    std::string sent() {
        envelope.send(link, out);
        return std::exchange(out.far, {});
    }
    /// n: news, r: repeated, c: changed; of an accepted recipient that is news, its mailbox.
    std::string meanings(std::string_view replies) {
        std::string all;
        for (const smtp::Answer& answer : feed(replies)) {
            std::string_view mailbox;
            const Meaning meaning = envelope.answered(answer, mailbox);
            all += std::string_view("nrc")[static_cast<std::size_t>(meaning)];
            all += mailbox;
            all += ' ';
        }
        return all;
    }

    GatewaySettings settings;
    GatewayClient client;
    testing::TestHouse house;
    BackendLink link{settings, client, house};
    GatewayEnvelope envelope;
    LegOut out;
    static constexpr std::string_view all_commands = "MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test> NOTIFY=NEVER\r\nRCPT TO:<c@c.test>\r\n";
};

TEST_F(GatewayEnvelopes, commands_go_together_where_the_backend_pipelines) {
    EXPECT_EQ(envelope.untold(), 3U);
    EXPECT_EQ(sent(), all_commands);
    EXPECT_EQ(sent(), "");
    EXPECT_EQ(meanings("250 ok\r\n250 ok\r\n"), "n nb@b.test ");
    EXPECT_EQ(envelope.untold(), 1U);
    EXPECT_FALSE(envelope.is_settled());
    EXPECT_EQ(meanings("250 ok\r\n"), "nc@c.test ");
    EXPECT_TRUE(envelope.is_settled());
}

TEST_F(GatewayEnvelopes, and_one_by_one_where_it_does_not) {
    link.drop(out);
    connect("250 b\r\n");
    EXPECT_EQ(sent(), "MAIL FROM:<a@a.test>\r\n");
    EXPECT_EQ(meanings("250 ok\r\n"), "n ");
    EXPECT_EQ(sent(), "RCPT TO:<b@b.test> NOTIFY=NEVER\r\n");
    EXPECT_EQ(sent(), "");
}

TEST_F(GatewayEnvelopes, what_was_accepted_is_repeated_and_what_was_refused_is_not) {
    sent();
    EXPECT_EQ(meanings("250 ok\r\n550 no\r\n250 ok\r\n"), "n n nc@c.test ");
    EXPECT_TRUE(envelope.is_settled());
    envelope.forget_connection();
    EXPECT_FALSE(envelope.is_settled());
    EXPECT_EQ(envelope.untold(), 0U);
    link.drop(out);
    connect("250-b\r\n250 PIPELINING\r\n");
    EXPECT_EQ(sent(), "MAIL FROM:<a@a.test>\r\nRCPT TO:<c@c.test>\r\n");
    EXPECT_EQ(meanings("250 ok\r\n450 later\r\n"), "r c ");
}

TEST_F(GatewayEnvelopes, without_mail_no_recipient_is_news_of_acceptance) {
    sent();
    EXPECT_EQ(meanings("550 no\r\n250 ok\r\n503 no\r\n"), "n n n ") << "no mailbox";
    EXPECT_TRUE(envelope.empty());
    EXPECT_FALSE(envelope.is_settled());
}

TEST_F(GatewayEnvelopes, giving_up_is_in_order) {
    sent();
    EXPECT_EQ(meanings("250 ok\r\n"), "n ");
    EXPECT_FALSE(envelope.give_up_first());
    EXPECT_FALSE(envelope.give_up_first());
    EXPECT_EQ(envelope.untold(), 0U);
    EXPECT_TRUE(envelope.has_mail());
    envelope.begin("MAIL FROM:<>\r\n");
    EXPECT_TRUE(envelope.give_up_first());
    EXPECT_TRUE(envelope.empty());
}

}  // namespace
}  // namespace exota::gate
