#include "gate/relay_session.h"

#include <gtest/gtest.h>

#include "gate/relay_session_fixture.h"

namespace exota::gate {
namespace {

using RelaySessions = testing::RelaySessionTest;

TEST_F(RelaySessions, one_message) {
    greet();
    first_recipient();
    message("Subject: hello\r\n\r\n..dot\r\n.\r\n");
    hold(R"(H 250 2.0.0 queued as 17
            S 250 2.0.0 queued as 17
            C QUIT
            S 221
            G QUIT
            closed)");
    ASSERT_EQ(relay.house.deliveries.size(), 1u);
    const auto& delivered = relay.house.deliveries[0];
    EXPECT_EQ(delivered.reply, "250 2.0.0 queued as 17");
    EXPECT_EQ(delivered.host, "mx.test");
    EXPECT_EQ(delivered.destination, "a.test");
    EXPECT_EQ(delivered.sender, "x@client.test");
    EXPECT_EQ(delivered.recipients, 1u);
    EXPECT_EQ(delivered.proof, "none");
    EXPECT_EQ(delivered.policy, "setting");
    EXPECT_EQ(delivered.xoorg, "");
}

TEST_F(RelaySessions, who_may_not_send_here) {
    relay.begin("192.0.2.99");
    hold("S 554 5.7.1\nclosed");
    EXPECT_EQ(relay.house.refused, 1);
}

TEST_F(RelaySessions, who_speaks_before_the_greeting) {
    relay.begin("127.0.0.1", Opening::clients);
    hold("S 421 4.5.1\nclosed");
    relay.closed = false;
    relay.begin("192.0.2.99", Opening::clients);
    hold("S 554 5.7.1\nclosed");
}

TEST_F(RelaySessions, recipients_without_a_next_hop) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"y@null.test", "556 5.1.10"}, {"y@nowhere.test", "550 5.1.2"}, {"y@fails.test", "451 4.4.3"}, {"y@noaddress.test", "451 4.4.4"},
        {"y@loop.test", "554 5.4.6"},  {"Postmaster", "550 5.1.2"},     {"y@[127.0.0.1]", "554 5.4.6"}};
    greet();
    for (const auto& [recipient, reply] : cases) {
        mail();
        hold("C RCPT TO:<" + std::string(recipient) + ">\nS " + std::string(reply) + "\nC DATA\nS 554 5.5.1\nC RSET\nS 250");
    }
    EXPECT_EQ(relay.house.deliveries.size(), std::size(cases) - 1) << "one that names no domain is nobody's delivery";
}

TEST_F(RelaySessions, one_recipient_waits_for_the_search_and_is_woken_by_its_end) {
    greet();
    mail();
    relay.world.silent = true;
    relay.say("RCPT TO:<y@null.test>\r\n");
    EXPECT_EQ(relay.state, LegState::waiting) << "who reads is not woken";
    EXPECT_EQ(relay.near, "");
    relay.world.time_is_up();
    relay.turn();
    hold("S 451 4.4.3");
    EXPECT_EQ(relay.state, LegState::reading);
}

TEST_F(RelaySessions, a_recipient_that_needs_another_hop) {
    greet();
    first_recipient();
    hold(R"(C RCPT TO:<z@b.test>
            S 452 4.5.3
            C RCPT TO:<z@A.test>
            G RCPT TO:<z@A.test>
            H 550 5.1.1 nobody
            S 550 5.1.1 nobody
            C RCPT TO:<w@a.test>
            G RCPT TO:<w@a.test>
            H 250-one\r\n250 two
            S 250-one
            S 250 two)");
    message();
    hold("H 250 done\nS 250 done");
    EXPECT_EQ(relay.house.deliveries.at(0).recipients, 2u);
}

TEST_F(RelaySessions, another_hop_where_the_first_took_nobody) {
    greet();
    mail();
    hold(R"(C RCPT TO:<y@null.test>
            S 556 5.1.10
            C RCPT TO:<y@a.test>
            dial mx.test 192.0.2.1
            H 220 mx
            G EHLO us.test
            H 250 mx
            G MAIL
            H 250 ok
            G RCPT
            H 550 5.1.1 nobody
            S 550 5.1.1 nobody
            C RCPT TO:<y@b.test>
            G RSET
            H 250 ok
            G QUIT
            H 221 bye
            dial mx.test 192.0.2.1
            H 220 mx
            G EHLO us.test
            H 250 mx
            G MAIL
            H 250 ok
            G RCPT TO:<y@b.test>
            H 250 ok
            S 250 ok)");
    EXPECT_EQ(relay.house.deliveries.size(), 2u);
}

TEST_F(RelaySessions, a_refusal_is_told_of_its_own_destination_alone) {
    greet();
    mail();
    hold(R"(C RCPT TO:<y@null.test>
            S 556 5.1.10
            C RCPT TO:<y@a.test>
            dial mx.test 192.0.2.1
            H 220 mx
            G EHLO us.test
            H 250 mx
            G MAIL
            H 250 ok
            G RCPT
            H 250 ok
            S 250 ok
            C RSET
            S 250
            G RSET
            H 250 ok)");
    ASSERT_EQ(relay.house.deliveries.size(), 1u);
    EXPECT_EQ(relay.house.deliveries[0].destination, "null.test");
}

TEST_F(RelaySessions, a_refusal_of_mail_is_the_reply_to_each_recipient) {
    greet();
    mail();
    hold(R"(C RCPT TO:<y@a.test>
            dial mx.test 192.0.2.1
            H 220 mx
            G EHLO us.test
            H 250 mx
            G MAIL
            H 550 5.7.1 not from there
            S 550 5.7.1 not from there
            C RCPT TO:<z@a.test>
            S 550 5.7.1 not from there
            C DATA
            S 554 5.5.1
            C RSET
            S 250)");
    mail();
    hold("C RCPT TO:<y@a.test>\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok");
}

TEST_F(RelaySessions, pipelining_on_both_sides) {
    greet();
    relay.say("MAIL FROM:<x@client.test>\r\nRCPT TO:<y@a.test>\r\nRCPT TO:<z@a.test>\r\nRCPT TO:<w@b.test>\r\nDATA\r\n");
    hold(R"(S 250 2.0.0
            dial mx.test 192.0.2.1
            H 220 mx
            G EHLO us.test
            H 250-mx\r\n250 PIPELINING
            G MAIL
            G RCPT TO:<y@a.test>
            G RCPT TO:<z@a.test>
            H 250 ok
            H 250 y
            S 250 y
            H 450 z
            S 450 z
            S 452 4.5.3
            G DATA
            H 354 go
            S 354)");
}

TEST_F(RelaySessions, mail_refused_with_recipients_behind_it) {
    greet();
    relay.say("MAIL FROM:<x@client.test>\r\nRCPT TO:<y@a.test>\r\nRCPT TO:<z@a.test>\r\nDATA\r\n");
    hold(R"(S 250 2.0.0
            dial mx.test 192.0.2.1
            H 220 mx
            G EHLO us.test
            H 250-mx\r\n250 PIPELINING
            G MAIL
            G RCPT
            G RCPT
            H 451 4.7.1 later
            S 451 4.7.1 later
            S 451 4.7.1 later
            S 554 5.5.1
            H 503 mail first
            H 503 mail first
            C RSET
            S 250)");
}

}  // namespace
}  // namespace exota::gate
