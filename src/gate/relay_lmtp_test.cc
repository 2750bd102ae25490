#include <gtest/gtest.h>

#include "gate/relay_conversation.h"
#include "gate/relay_hop.h"

namespace exota::gate {
namespace {

using testing::Conversation;
using testing::Relay;
using testing::Zone;

constexpr std::string_view zone =
    "a.test MX 1 mx.a.test\nmx.a.test A 192.0.2.1\nb.test MX 1 mx.b.test\nmx.b.test A 192.0.2.2\nc.test MX 1 mx.c.test\nmx.c.test A "
    "192.0.2.3\nnull.test MX 0 .";

class Lmtp : public ::testing::Test {
protected:
    Relay relay;
    void SetUp() override {
        relay.world.zone = Zone(zone);
        relay.settings->protocol = RelayProtocol::lmtp;
    }
    void hold(std::string_view script) { Conversation(relay).hold(script); }
    void begin(std::string_view script) { Conversation(relay).begin(script); }
    void envelope(std::initializer_list<std::string_view> recipients) {
        relay.begin();
        hold(R"(S 220 us.test LMTP
                C LHLO client.test
                S 250-us.test
                S 250-PIPELINING
                S 250-SIZE
                S 250-ENHANCEDSTATUSCODES
                S 250 8BITMIME
                C MAIL FROM:<x@client.test>
                S 250)");
        for (const auto recipient : recipients) hold("C RCPT TO:<" + std::string(recipient) + ">\nS 250");
        hold("C DATA\nS 354");
    }
    void message() { relay.say("Subject: hello\r\n\r\nbody\r\n.\r\n"); }
    using Lines = std::vector<std::string>;
    /// What was written down of each: destination, recipients that it took, codes of the reply.
    Lines log() const {
        Lines lines;
        for (const testing::Delivered& one : relay.house.deliveries) {
            const std::size_t end = one.reply.find(' ', 4);
            lines.push_back(one.destination + " " + std::to_string(one.recipients) + " " + one.reply.substr(0, end));
        }
        return lines;
    }
    void message_came() {
        EXPECT_TRUE(relay.far.ends_with("Subject: hello\r\n\r\nbody\r\n.\r\n")) << relay.far;
        EXPECT_TRUE(relay.far.starts_with("Received: from client.test (unknown [127.0.0.1])\r\n\tby us.test with LMTP id ID1;\r\n"));
        relay.far.clear();
    }
};

TEST_F(Lmtp, each_recipient_has_his_hops_reply) {
    envelope({"y@a.test", "z@b.test", "w@a.test", "v@null.test", "Postmaster"});
    message();
    begin(R"(dial mx.a.test 192.0.2.1
            H 220 a
            G EHLO us.test
            H 250-a\r\n250 PIPELINING
            G MAIL FROM:<x@client.test>
            G RCPT TO:<y@a.test>
            G RCPT TO:<w@a.test>
            H 250 ok
            H 250 ok
            H 550 5.1.1 no such w
            G DATA
            H 354 go)");
    message_came();
    begin(R"(H 250 2.0.0 a has it
            S 250 2.0.0 a has it
            G QUIT
            H 221 bye
            dial mx.b.test 192.0.2.2
            H 220 b
            G EHLO us.test
            H 250 b
            G MAIL FROM:<x@client.test>
            H 250 ok
            G RCPT TO:<z@b.test>
            H 250 ok
            G DATA
            H 354 go)");
    message_came();
    hold(R"(H 452 4.3.1 b is full
            S 452 4.3.1 b is full
            S 550 5.1.1 no such w
            G QUIT
            H 221 bye
            S 556 5.1.10
            S 550 5.1.2
            C MAIL FROM:<>
            S 250)");
    EXPECT_EQ(log(), (Lines{"a.test 0 550 5.1.1", "a.test 1 250 2.0.0", "b.test 0 452 4.3.1", "null.test 0 556 5.1.10", " 0 550 5.1.2"}));
}

TEST_F(Lmtp, recipients_whom_a_hop_refuses_for_different_reasons) {
    envelope({"y@a.test", "z@a.test", "w@a.test", "v@a.test"});
    message();
    begin("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250-a\\r\\n250 PIPELINING\nG MAIL\nG RCPT\nG RCPT\nG RCPT\nG RCPT");
    begin("H 250 ok\nH 550 5.1.1 nobody\nH 452 4.2.2 full\nH 550 5.1.1 nobody\nH 550 5.7.1 not you");
    hold("S 550 5.1.1 nobody\nS 452 4.2.2 full\nS 550 5.1.1 nobody\nS 550 5.7.1 not you\nG RSET\nH 250 ok");
    EXPECT_EQ(log(), (Lines{"a.test 0 452 4.2.2", "a.test 0 550 5.1.1", "a.test 0 550 5.7.1"})) << "each once";
}

TEST_F(Lmtp, recipients_whose_syntax_is_wrong) {
    relay.begin();
    hold(R"(S 220
            C HELO x
            S 500 5.5.1
            C LHLO x
            S 250-
            S 250-
            S 250-
            S 250-
            S 250 8BITMIME
            C MAIL FROM:<x@client.test>
            S 250
            C RCPT TO:<>
            S 501 5.1.3
            C DATA
            S 503 5.5.1)");
}

TEST_F(Lmtp, a_message_that_is_refused_is_so_for_each_recipient) {
    envelope({"y@a.test", "z@b.test"});
    relay.say("A: b\r\n\r\nx\ny\r\n.\r\n");
    hold("S 550 5.6.11\nS 550 5.6.11\nC NOOP\nS 250");
    EXPECT_TRUE(relay.world.asked.empty()) << "nobody is looked for";
    ASSERT_EQ(relay.house.deliveries.size(), 1u);
    EXPECT_TRUE(relay.house.deliveries[0].reply.starts_with("550 5.6.11 ")) << relay.house.deliveries[0].reply;
    EXPECT_EQ(relay.house.deliveries[0].sender, "x@client.test");
    EXPECT_EQ(relay.house.deliveries[0].recipients, 0u);
}

TEST_F(Lmtp, a_refusal_names_nothing_of_the_message_before) {
    envelope({"y@null.test"});
    message();
    hold("S 556 5.1.10\nC MAIL FROM:<w@client.test>\nS 250\nC RCPT TO:<z@b.test>\nS 250\nC DATA\nS 354");
    relay.say("A: b\r\n\r\nx\ny\r\n.\r\n");
    hold("S 550 5.6.11");
    ASSERT_EQ(relay.house.deliveries.size(), 2u);
    EXPECT_EQ(relay.house.deliveries[0].destination, "null.test");
    EXPECT_EQ(relay.house.deliveries[1].destination, "");
    EXPECT_EQ(relay.house.deliveries[1].sender, "w@client.test");
}

TEST_F(Lmtp, no_room) {
    relay.house.spool_room = 10;
    envelope({"y@a.test", "z@b.test"});
    message();
    hold("S 452 4.3.1\nS 452 4.3.1\nC NOOP\nS 250");
    ASSERT_EQ(relay.house.deliveries.size(), 1u);
    EXPECT_TRUE(relay.house.deliveries[0].reply.starts_with("452 4.3.1 "));
    EXPECT_EQ(relay.house.deliveries[0].why, "full");
}

TEST_F(Lmtp, a_message_that_cannot_be_read_back) {
    relay.house.spool_unreadable = true;
    envelope({"y@a.test"});
    message();
    hold("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA\nH 354 go\nS 451 4.3.0");
    EXPECT_FALSE(relay.far_open);
    ASSERT_EQ(relay.house.deliveries.size(), 1u);
    EXPECT_EQ(relay.house.deliveries[0].why, "unreadable");
}

TEST_F(Lmtp, a_client_that_leaves_before_its_message_is_whole) {
    envelope({"y@a.test"});
    relay.say("A: b\r\n");
    relay.near_ends();
    ASSERT_EQ(relay.house.deliveries.size(), 1u);
    EXPECT_EQ(relay.house.deliveries[0].destination, "");
}

TEST_F(Lmtp, a_client_that_leaves_behind_its_dot_has_one_hop_answer_and_no_other_asked) {
    envelope({"y@a.test", "z@b.test", "Postmaster", "w@b.test"});
    message();
    begin("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA\nH 354 go");
    message_came();
    relay.near_ends();
    EXPECT_FALSE(relay.closed);
    hold("H 250 2.0.0 a has it\nG QUIT\nclosed");
    EXPECT_FALSE(relay.dialling);
    EXPECT_EQ(log(), (Lines{"a.test 1 250 2.0.0", "b.test 0 421 4.3.0", " 0 421 4.3.0"})) << "nobody is forgotten";
    for (const testing::Delivered& one : relay.house.deliveries) EXPECT_EQ(one.why, "the client had gone");
    EXPECT_EQ(relay.house.deliveries[0].host, "mx.a.test");
    EXPECT_EQ(relay.house.deliveries[1].host, "") << "that was another's";
}

TEST_F(Lmtp, a_client_that_leaves_before_the_hop_has_the_message_ends_it) {
    envelope({"y@a.test", "x@a.test", "z@b.test"});
    message();
    begin(
        "dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT\nH 550 5.1.1 no y\nG RCPT\nH 250 ok\nG DATA");
    relay.near_ends();
    EXPECT_TRUE(relay.closed);
    EXPECT_EQ(log(), (Lines{"a.test 0 550 5.1.1", "a.test 0 421 4.3.0", "b.test 0 421 4.3.0"}));
}

TEST_F(Lmtp, a_client_that_leaves_while_the_first_hop_is_looked_for) {
    envelope({"y@a.test", "z@b.test"});
    relay.world.silent = true;
    message();
    ASSERT_FALSE(relay.dialling);
    relay.near_ends();
    EXPECT_TRUE(relay.closed);
    EXPECT_EQ(log(), (Lines{"a.test 0 421 4.3.0", "b.test 0 421 4.3.0"}));
}

TEST_F(Lmtp, a_hop_that_answers_no_more_to_a_client_that_has_left) {
    envelope({"y@a.test", "z@b.test"});
    message();
    begin("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA\nH 354 go");
    message_came();
    relay.near_ends();
    hold("hop late\nclosed");
    EXPECT_EQ(log(), (Lines{"a.test 0 451 4.4.1", "b.test 0 421 4.3.0"}));
}

TEST_F(Lmtp, eight_bit_for_a_hop_without_8bitmime) {
    envelope({"y@a.test"});
    relay.say("A: b\r\n\r\n\xe4\r\n.\r\n");
    hold(R"(dial mx.a.test 192.0.2.1
            H 220 a
            G EHLO us.test
            H 250 a
            G MAIL
            H 250 ok
            G RCPT
            H 250 ok
            S 554 5.6.3
            G RSET
            H 250 ok)");
}

TEST_F(Lmtp, a_destination_that_takes_its_time_leaves_the_next_its_own) {
    relay.settings->delivery_timeout = std::chrono::seconds(60);
    envelope({"y@a.test", "Postmaster", "z@b.test", "w@a.test", "v@c.test"});
    message();
    hold("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT TO:<y@a.test>");
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(20)) << "a third";
    relay.pass(std::chrono::seconds(20) - std::chrono::milliseconds(1));
    EXPECT_EQ(relay.near, "");
    relay.pass(std::chrono::milliseconds(1));
    hold(
        "S 451 4.4.1\nS 550 5.1.2\ndial mx.b.test 192.0.2.2\nH 220 b\nG EHLO us.test\nH 250 b\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA");
    relay.pass(std::chrono::seconds(5));
    Conversation(relay).begin("H 354 go");
    message_came();
    hold("H 250 2.0.0 b has it\nS 250 2.0.0 b has it\nS 451 4.4.1\nG QUIT\nH 221 bye");
    ASSERT_TRUE(relay.dialling);
    EXPECT_EQ(relay.dialled->host, "mx.c.test");
    Conversation(relay).begin("dial mx.c.test 192.0.2.3\nH 220 c\nG EHLO us.test\nH 250 c\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA");
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(35)) << "all that the others left";
    hold("hop late\nS 451 4.4.1\nC NOOP\nS 250");
    EXPECT_EQ(log(), (Lines{"a.test 0 451 4.4.1", " 0 550 5.1.2", "b.test 1 250 2.0.0", "c.test 0 451 4.4.1"}));
}

/// It may have taken the message already: whoever hangs up then makes his client send it twice (RFC 1047).
TEST_F(Lmtp, a_hop_that_has_the_whole_message_may_answer_beyond_its_share) {
    relay.settings->delivery_timeout = std::chrono::seconds(200);
    envelope({"y@a.test", "z@b.test"});
    message();
    begin("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA");
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(100)) << "half of it, until the message is sent";
    begin("H 354 go");
    message_came();
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(140)) << "a minute is left for the other";
    relay.pass(std::chrono::seconds(120));
    EXPECT_EQ(relay.near, "");
    ASSERT_TRUE(relay.far_open);
    hold("H 250 2.0.0 a has it\nS 250 2.0.0 a has it\nG QUIT\nH 221 bye");
    ASSERT_TRUE(relay.dialling) << "the next has what is left";
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(30)) << "for one connection, of the 80 that are left";
    begin("dial mx.b.test 192.0.2.2\nH 220 b\nG EHLO us.test\nH 250 b\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA\nH 354 go");
    message_came();
    relay.pass(std::chrono::seconds(80));
    hold("S 451 4.4.1\nC NOOP\nS 250");
    EXPECT_FALSE(relay.far_open) << "nobody has more than all of them together";
    ASSERT_EQ(relay.house.deliveries.size(), 2u);
    EXPECT_EQ(relay.house.deliveries[0].recipients, 1u);
    EXPECT_EQ(relay.house.deliveries[1].recipients, 0u);
}

TEST_F(Lmtp, a_hop_that_never_answers_keeps_nobody_from_being_tried) {
    relay.settings->delivery_timeout = std::chrono::seconds(300);
    envelope({"y@a.test", "z@b.test"});
    message();
    begin("dial mx.a.test 192.0.2.1\nH 220 a\nG EHLO us.test\nH 250 a\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA\nH 354 go");
    message_came();
    relay.pass(std::chrono::seconds(240));
    EXPECT_TRUE(relay.near.starts_with("451 4.4.1")) << relay.near;
    EXPECT_TRUE(relay.dialling) << "the next has the minute that was kept for it";
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(30)) << "for one connection";
}

TEST_F(Lmtp, time_runs_out_for_all_hops_together) {
    relay.settings->delivery_timeout = std::chrono::seconds(20);  // and 30 for one connection
    envelope({"y@a.test", "z@b.test"});
    message();
    ASSERT_TRUE(relay.dialling);
    EXPECT_EQ(relay.session->deadline().after, std::chrono::seconds(10));
    relay.pass(std::chrono::seconds(20));
    hold("S 451 4.4.1\nS 451 4.4.1\nC NOOP\nS 250");
    EXPECT_FALSE(relay.dialling || relay.far_open) << "who has no time left is not dialled";
    EXPECT_EQ(log(), (Lines{"a.test 0 451 4.4.1", "b.test 0 451 4.4.1"}));
}

TEST_F(Lmtp, a_hop_that_fails_does_not_harm_the_next) {
    envelope({"y@a.test", "z@b.test"});
    message();
    begin(R"(dial mx.a.test 192.0.2.1 fails
            S 451 4.4.1
            dial mx.b.test 192.0.2.2
            H 220 b
            G EHLO us.test
            H 250 b
            G MAIL
            H 250 ok
            G RCPT
            H 250 ok
            G DATA
            H 354 go)");
    message_came();
    hold("hop closes\nS 451 4.4.2\nC NOOP\nS 250");
}

}  // namespace
}  // namespace exota::gate
