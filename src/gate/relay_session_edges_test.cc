// Next hops that fail, clients that break the rules, time that runs out.
#include <gtest/gtest.h>

#include "gate/relay_session_fixture.h"

namespace exota::gate {
namespace {

using testing::Conversation;
using testing::Relay;
using testing::Zone;
using RelaySessions = testing::RelaySessionTest;

TEST_F(RelaySessions, the_next_host_where_one_does_not_answer) {
    greet();
    mail();
    hold(R"(C RCPT TO:<y@two.test>
            dial one.two.test 192.0.2.11 fails
            dial two.two.test 192.0.2.12
            H 554 no service
            S 451 4.4.1)");
    EXPECT_EQ(relay.house.failures, (std::vector<std::string>{"one.two.test 192.0.2.11 unreachable: refused",
                                                              "two.two.test 192.0.2.12 refused: 554 no service"}));
}

TEST_F(RelaySessions, a_hop_that_does_not_answer_in_time) {
    greet();
    mail();
    hold(R"(C RCPT TO:<y@two.test>
            dial one.two.test 192.0.2.11
            hop late
            dial two.two.test 192.0.2.12
            H 220 mx
            G EHLO us.test
            H 502 what
            G HELO us.test
            H 250 mx
            G MAIL
            H 250 ok
            G RCPT
            hop late
            S 451 4.4.2)");
}

TEST_F(RelaySessions, long_lines_are_counted_and_passed_on) {
    greet();
    first_recipient();
    message("A: b\r\n\r\n" + std::string(998, 'x') + "\r\n" + std::string(999, 'y') + "\r\n.\r\n");
    hold("H 250 done\nS 250 done");
    EXPECT_EQ(relay.house.long_ones, 1u);
}

TEST_F(RelaySessions, a_hop_without_8bitmime) {
    greet();
    first_recipient();
    data();
    relay.say("A: b\r\n\r\nx\xe4\r\n.\r\n");
    hold("S 554 5.6.3");
    EXPECT_FALSE(relay.far_open);
    mail();
    hold("C RCPT TO:<y@a.test>\ndial mx.test 192.0.2.1");
}

TEST_F(RelaySessions, what_is_refused_is_cut_off_and_the_session_goes_on) {
    greet();
    first_recipient("H 250-mx\\r\\n250 8BITMIME");
    data();
    relay.say("A: b\r\n\r\nx\n.\r\nMAIL FROM:<>\r\n.\r\n");
    relay.far.clear();
    hold("S 550 5.6.11");
    EXPECT_FALSE(relay.far_open);
    hold("C MAIL FROM:<>\nS 250");
}

TEST_F(RelaySessions, a_hop_that_is_lost_in_the_message) {
    greet();
    first_recipient();
    data();
    relay.say("A: b\r\n");
    relay.far.clear();
    hold("hop closes\nC\nC body\nC .\nS 451 4.4.2\nC NOOP\nS 250");
    EXPECT_EQ(relay.house.deliveries.at(0).recipients, 0u);
}

TEST_F(RelaySessions, a_hop_that_is_lost_behind_the_dot) {
    greet();
    first_recipient();
    message();
    hold("hop closes\nS 451 4.4.2\nC NOOP\nS 250");
}

TEST_F(RelaySessions, a_hop_that_stops) {
    greet();
    first_recipient();
    message();
    hold("H 421 4.3.2 stopping\nS 451 4.3.2 stopping");
    mail();
    hold("C RCPT TO:<y@a.test>\ndial mx.test 192.0.2.1");
}

TEST_F(RelaySessions, a_hop_that_answers_what_nobody_asked) {
    greet();
    first_recipient();
    hold("H 250 more\nC DATA\nS 451 4.4.2");
    EXPECT_FALSE(relay.far_open);
}

TEST_F(RelaySessions, data_that_is_refused) {
    greet();
    first_recipient();
    hold("C DATA\nG DATA\nH 452 4.3.1 full\nS 452 4.3.1 full\nG RSET\nH 250 ok\nC DATA\nS 503 5.5.1");
}

TEST_F(RelaySessions, a_connection_is_used_again_in_one_session) {
    greet();
    first_recipient();
    message();
    hold("H 250 done\nS 250 done");
    mail();
    hold("C RCPT TO:<y@a.test>\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok");
    message();
    hold("H 250 done\nS 250 done\nhop late\nG QUIT\nH 221 bye");
    EXPECT_FALSE(relay.far_open) << "30 seconds without work";
    mail();
    hold("C RCPT TO:<y@a.test>\ndial mx.test 192.0.2.1");
}

TEST_F(RelaySessions, not_for_longer_than_it_may_nor_for_more_messages) {
    relay.settings->reuse_messages = 1;
    greet();
    first_recipient();
    message();
    hold("H 250 done\nS 250 done");
    mail();
    hold("C RCPT TO:<y@a.test>\nG QUIT\nhop closes\ndial mx.test 192.0.2.1");
}

TEST_F(RelaySessions, one_found_dead_before_mail_is_answered_is_replaced_silently) {
    for (const std::string_view death : {"hop closes", "H 421 bye"}) {
        Relay fresh;
        fresh.world.zone = Zone(testing::relay_zone);
        fresh.settings->hostname = "us.test";
        fresh.begin();
        Conversation talk(fresh);
        const auto send = [&](std::string_view before_mail_is_answered) {
            talk.begin("C MAIL FROM:<x@client.test>\nS 250\nC RCPT TO:<y@a.test>" + std::string(before_mail_is_answered) +
                       "\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok\nC DATA\nG DATA\nH 354 go\nS 354");
            fresh.say("A: b\r\n\r\n.\r\n");
            EXPECT_TRUE(fresh.far.ends_with("A: b\r\n\r\n.\r\n"));
            fresh.far.clear();
            talk.hold("H 250 done\nS 250 done");
        };
        const std::string dial = "\ndial mx.test 192.0.2.1\nH 220 mx\nG EHLO us.test\nH 250 mx";
        talk.hold("S 220\nC HELO client.test\nS 250");
        send(dial);
        send("\nG MAIL\n" + std::string(death) + dial);
    }
}

TEST_F(RelaySessions, parameters_that_are_not_offered_are_not_taken) {
    greet();
    hold(R"(C MAIL FROM:<x@client.test> XOORG=client.test
            S 555 5.5.4
            C MAIL FROM:<x@client.test> BODY=BINARYMIME
            S 555 5.5.4
            C MAIL FROM:<x@client.test> AUTH=<> SIZE=10 BODY=8BITMIME
            S 250)");
}

TEST_F(RelaySessions, commands_that_break_the_rules) {
    greet();
    hold(R"(C DATA
            S 503 5.5.1
            C RCPT TO:<y@a.test>
            S 503 5.5.1
            C MAIL FROM:x
            S 501 5.1.7
            C STARTTLS
            S 502 5.5.1
            C BDAT 1
            S 502 5.5.1
            C VRFY x
            S 252
            C NOOP\nx
            S 500 5.5.2
            C WHAT
            S 500 5.5.1
            C LHLO x
            S 500 5.5.1
            C MAIL FROM:<x@client.test> NOTIFY=NEVER
            S 555 5.5.4
            C MAIL FROM:<x@client.test> SIZE=999999999999
            S 552 5.3.4
            C RSET x
            S 501 5.5.4)");
}

TEST_F(RelaySessions, rset_and_a_second_hello_end_the_transaction) {
    greet();
    first_recipient();
    hold(R"(C RSET
            S 250
            G RSET
            H 250 ok
            C DATA
            S 503 5.5.1)");
    mail();
    hold(R"(C RCPT TO:<y@a.test>
            G MAIL
            H 250 ok
            G RCPT
            H 250 ok
            S 250 ok
            C HELO again
            S 250 us.test
            G RSET
            H 502 what
            C RCPT TO:<y@a.test>
            S 503 5.5.1)");
    EXPECT_FALSE(relay.far_open) << "it may have kept the recipients";
}

TEST_F(RelaySessions, time_runs_out_for_the_client) {
    greet();
    EXPECT_EQ(relay.session->deadline().after, relay.settings->command_timeout);
    hold("client late\nS 421 4.4.2\nclosed");
}

/// What became of a transaction is logged whoever ends it, and how.
TEST_F(RelaySessions, a_session_that_ends_within_a_transaction) {
    const auto log_of = [this](const std::string& answer, std::string_view end) {
        relay.closed = relay.far_open = false;
        relay.house.deliveries.clear();
        greet();
        first_recipient("H 250 mx.test", answer);
        if (end == "errors")
            for (std::size_t i = 0; i < relay.settings->max_errors; ++i) relay.say("WHAT\r\n");
        else if (end == "late")
            relay.late();
        else
            relay.near_ends(end == "drained" ? LegEnding::drained : LegEnding::peer_closed);
        EXPECT_TRUE(relay.closed);
        EXPECT_TRUE(relay.far.ends_with("QUIT\r\n")) << relay.far;
        relay.near.clear();
        relay.far.clear();
        const auto& logged = relay.house.deliveries;
        return logged.size() == 1 ? logged[0].reply : std::to_string(logged.size()) + " lines";
    };
    const std::string taken = "250 2.1.5 fine", refused = "550 5.1.1 nobody";
    EXPECT_EQ(log_of(taken, "errors"), "421 4.7.0 Too many errors");
    EXPECT_EQ(log_of(taken, "late"), "421 4.4.2 Nothing heard for long");
    EXPECT_EQ(log_of(taken, "drained"), "421 4.3.2 We are stopping; try again");
    EXPECT_EQ(log_of(taken, "gone"), "421 4.3.0 Session is over");
    for (const std::string_view end : {"errors", "late", "drained", "gone"}) EXPECT_EQ(log_of(refused, end), refused) << end;
}

TEST_F(RelaySessions, what_was_pipelined_behind_a_refusal_is_no_error_of_the_client) {
    relay.settings->max_errors = 2;
    relay.settings->max_recipients = 3;
    greet();
    for (const char* const connected : {"\ndial mx.test 192.0.2.1\nH 220 mx\nG EHLO us.test\nH 250 mx", "", ""})
        hold(R"(C MAIL FROM:<x@client.test>\r\nRCPT TO:<y@a.test>\r\nDATA
                S 250 2.0.0)" +
             std::string(connected) + R"(
                G MAIL
                H 250 ok
                G RCPT
                H 550 nobody
                S 550 nobody
                S 554 5.5.1
                C RSET
                S 250 2.0.0
                G RSET
                H 250 ok)");
    hold("C MAIL FROM:<x@client.test> SIZE=999999999999\nS 552 5.3.4");
    for (int i = 0; i < 3; ++i) hold("C RCPT TO:<y@a.test>\nS 503 5.5.1");
    hold("C RCPT TO:<y@a.test>\nS 421 4.7.0\nG QUIT\nclosed");
}

TEST_F(RelaySessions, a_drain_between_transactions) {
    greet();
    EXPECT_FALSE(relay.session->busy());
    relay.near_ends(LegEnding::drained);
    hold("S 421 4.3.2\nclosed");
}

TEST_F(RelaySessions, a_client_that_goes_before_the_end_leaves_a_message_without_a_dot) {
    greet();
    first_recipient();
    data();
    relay.say("A: b\r\n");
    EXPECT_TRUE(relay.session->busy());
    relay.near_ends();
    EXPECT_TRUE(relay.closed);
    EXPECT_EQ(relay.far.find(".\r\n"), std::string::npos);
}

TEST_F(RelaySessions, a_client_that_goes_behind_its_dot_leaves_the_hop_its_time_to_answer) {
    for (const std::string_view then : {"H 250 2.0.0 queued as 17\nG QUIT", "H 451 later\nG QUIT", "hop closes", "hop late"}) {
        SCOPED_TRACE(std::string(then));
        relay.closed = relay.far_open = false;
        relay.house.deliveries.clear();
        greet();
        first_recipient();
        message();
        relay.near_ends();
        EXPECT_FALSE(relay.closed);
        EXPECT_TRUE(relay.session->busy()) << "a drain waits for it";
        EXPECT_EQ(relay.session->deadline().after, 2 * relay.settings->hop_timeout);
        EXPECT_TRUE(relay.house.deliveries.empty());
        hold(std::string(then) + "\nclosed");
        ASSERT_EQ(relay.house.deliveries.size(), 1u);
        const bool taken = then.starts_with("H 250");
        EXPECT_EQ(relay.house.deliveries[0].recipients, taken ? 1u : 0u);
        EXPECT_TRUE(relay.house.deliveries[0].reply.starts_with(taken ? "250 2.0.0 queued as 17" : "451 "))
            << relay.house.deliveries[0].reply;
        EXPECT_EQ(relay.house.deliveries[0].why, "the client had gone");
    }
}

TEST_F(RelaySessions, a_fixed_next_hop_is_asked_what_it_offers) {
    relay.settings->next_hop = NextHop::parse("192.0.2.1:25").value();
    relay.begin();
    hold(R"(S 220
            C EHLO client.test
            dial 192.0.2.1 192.0.2.1
            H 220 ex
            G EHLO us.test
            H 250-ex\r\n250-DSN\r\n250 SMTPUTF8
            S 250-us.test
            S 250-PIPELINING
            S 250-SIZE
            S 250-ENHANCEDSTATUSCODES
            S 250-8BITMIME
            S 250-DSN
            S 250 SMTPUTF8
            C MAIL FROM:<x@client.test> RET=HDRS ENVID=17
            S 250
            C RCPT TO:<y@anywhere.test> NOTIFY=NEVER
            G MAIL FROM:<x@client.test> RET=HDRS ENVID=17
            H 250 ok
            G RCPT TO:<y@anywhere.test> NOTIFY=NEVER
            H 250 ok
            S 250 ok
            C RCPT TO:<z@elsewhere.test>
            G RCPT TO:<z@elsewhere.test>
            H 250 ok
            S 250 ok)");
}

TEST_F(RelaySessions, a_fixed_next_hop_that_is_away_offers_nothing_besides) {
    relay.settings->next_hop = NextHop::parse("192.0.2.1:25").value();
    relay.begin();
    hold(R"(S 220
            C EHLO client.test
            dial 192.0.2.1 192.0.2.1 fails
            S 250-us.test
            S 250-PIPELINING
            S 250-SIZE
            S 250-ENHANCEDSTATUSCODES
            S 250 8BITMIME
            C MAIL FROM:<x@client.test>
            S 250
            C RCPT TO:<y@anywhere.test>
            dial 192.0.2.1 192.0.2.1
            H 220 ex
            G EHLO us.test
            H 250 ex
            G MAIL
            H 550 no
            S 550 no)");
}

}  // namespace
}  // namespace exota::gate
