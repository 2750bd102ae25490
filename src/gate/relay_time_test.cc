// Whose time passes when, and who is blamed when it is up.
#include <gtest/gtest.h>

#include "gate/relay_session_fixture.h"

namespace exota::gate {
namespace {

using namespace std::chrono_literals;
using testing::Zone;

class RelayTime : public testing::RelaySessionTest {
protected:
    /// A body that does not end.
    void lines(int count) {
        for (int i = 0; i < count; ++i) relay.say("some more of it\r\n");
    }
};

TEST_F(RelayTime, half_a_command_extends_nothing) {
    greet();
    relay.pass(relay.settings->command_timeout - 1ms);
    relay.say("N");
    EXPECT_FALSE(relay.closed);
    relay.pass(1ms);
    hold("S 421 4.4.2\nclosed");
}

TEST_F(RelayTime, a_whole_command_extends_it) {
    greet();
    for (int i = 0; i < 3; ++i) {
        relay.pass(relay.settings->command_timeout - 1ms);
        hold("C NOOP\nS 250");
    }
    relay.pass(relay.settings->command_timeout - 1ms);
    EXPECT_FALSE(relay.closed);
    relay.pass(1ms);
    hold("S 421 4.4.2\nclosed");
}

TEST_F(RelayTime, half_a_line_of_a_message_extends_nothing) {
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp}) {
        relay.settings->protocol = protocol;
        if (protocol == RelayProtocol::smtp) {
            greet();
            first_recipient();
            data();
        } else {
            relay.closed = relay.far_open = false;
            relay.begin();
            testing::Conversation(relay).begin("S 220\nC LHLO x\nC MAIL FROM:<>\nC RCPT TO:<y@a.test>\nC DATA");
            relay.near.clear();
        }
        relay.say("A: b\r\n\r\n");
        relay.pass(relay.settings->data_timeout - 1ms);
        lines(1);
        relay.pass(relay.settings->data_timeout - 1ms);
        relay.say("x");
        EXPECT_FALSE(relay.closed);
        relay.pass(1ms);
        relay.far.clear();
        hold("S 421 4.4.2\nclosed");
    }
}

TEST_F(RelayTime, a_connection_without_work_does_not_extend_the_clients_time) {
    greet();
    first_recipient();
    message();
    hold("H 250 done\nS 250 done\nhop late\nG QUIT\nH 221 bye");
    relay.pass(relay.settings->command_timeout - relay.settings->reuse_timeout - 1ms);
    EXPECT_FALSE(relay.closed);
    relay.pass(1ms);
    hold("S 421 4.4.2\nclosed");
}

TEST_F(RelayTime, the_clients_time_does_not_pass_while_the_hop_is_waited_for) {
    greet();
    mail();
    hold("C RCPT TO:<y@a.test>\ndial mx.test 192.0.2.1\nH 220 mx\nG EHLO us.test\nH 250 mx\nG MAIL");
    relay.pass(relay.settings->recipient_timeout - 2ms);
    hold("H 250 ok\nG RCPT");
    relay.pass(1ms);
    hold("H 250 ok\nS 250 ok");
    relay.pass(relay.settings->command_timeout - 1ms);
    hold("C NOOP\nS 250");
}

TEST_F(RelayTime, a_hop_that_does_not_greet) {
    greet();
    mail();
    hold("C RCPT TO:<y@two.test>\ndial one.two.test 192.0.2.11");
    EXPECT_EQ(relay.session->deadline().after, relay.settings->dial_timeout);
    hold("hop late\ndial two.two.test 192.0.2.12\nH 220 two\nG EHLO us.test");
    relay.pass(relay.settings->dial_timeout - 1ms);
    EXPECT_TRUE(relay.far_open);
    relay.pass(1ms);
    EXPECT_FALSE(relay.far_open);
    hold("S 451 4.4.1");
}

TEST_F(RelayTime, a_host_that_stalls_before_mail_does_not_keep_the_next_from_being_tried) {
    for (const std::string_view last : {"H 220 one\nG EHLO us.test", "H 220 one\nG EHLO us.test\nH 250-one\\r\\n250 STARTTLS\nG STARTTLS",
                                        "H 220 one\nG EHLO us.test\nH 250-one\\r\\n250 STARTTLS\nG STARTTLS\nH 220 go",
                                        "H 220 one\nG EHLO us.test\nH 250-one\\r\\n250 STARTTLS\nG STARTTLS\nH 220 go\ntls good\nG EHLO"}) {
        SCOPED_TRACE(std::string(last));
        relay.closed = relay.far_open = false;
        greet();
        mail();
        hold("C RCPT TO:<y@two.test>\ndial one.two.test 192.0.2.11\n" + std::string(last));
        relay.pass(relay.settings->dial_timeout - 1ms);
        EXPECT_TRUE(relay.far_open);
        relay.pass(1ms);
        hold("dial two.two.test 192.0.2.12\nH 220 two\nG EHLO us.test\nH 250 two\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok");
        ASSERT_FALSE(relay.house.failures.empty());
        EXPECT_EQ(relay.house.failures.back(), "one.two.test 192.0.2.11 late: no answer in time");
    }
}

TEST_F(RelayTime, connecting_ends_however_many_hosts_there_are) {
    std::string zone = "many.test MX 1 mx.many.test\n";
    for (int i = 1; i <= 16; ++i) zone += "mx.many.test A 192.0.2." + std::to_string(i) + "\n";
    relay.world.zone = Zone(zone + std::string(testing::relay_zone));
    relay.settings->dial_timeout = 40s;  // 16 of them would take more than ten minutes
    greet();
    mail();
    hold("C RCPT TO:<y@many.test>");
    for (int i = 1; i <= 5; ++i) hold("dial mx.many.test 192.0.2." + std::to_string(i) + "\nhop late");
    hold("dial mx.many.test 192.0.2.6\nhop late\nS 451 4.4.1");
    EXPECT_FALSE(relay.dialling || relay.far_open);
    EXPECT_EQ(relay.house.failures.size(), 6u);
    EXPECT_EQ(relay.house.failures.back(), "mx.many.test 192.0.2.6 late: no connection in the time that all of them have");
    hold("C RSET\nS 250\nC NOOP\nS 250");
    mail();
    hold("C RCPT TO:<y@many.test>\ndial mx.many.test 192.0.2.1");
}

TEST_F(RelayTime, a_search_counts_as_connecting) {
    relay.world.silent = true;
    greet();
    mail();
    hold("C RCPT TO:<y@a.test>");
    relay.pass(relay.settings->connect_timeout - 1ms);
    EXPECT_EQ(relay.near, "");
    relay.pass(1ms);
    hold("S 451 4.4.1");
    EXPECT_EQ(relay.state, LegState::reading);
}

TEST_F(RelayTime, a_hop_that_reads_nothing_is_late_not_the_client) {
    greet();
    first_recipient();
    data();
    relay.hop_takes_all = false;
    relay.say("A: b\r\n\r\n");
    ASSERT_TRUE(relay.behind);
    relay.pass(relay.settings->data_timeout / 2);
    lines(3);
    relay.pass(relay.settings->data_timeout / 2 - 1ms);
    EXPECT_TRUE(relay.far_open);
    relay.pass(1ms);
    EXPECT_FALSE(relay.closed);
    EXPECT_FALSE(relay.far_open);
    EXPECT_EQ(relay.house.failures, std::vector<std::string>{"mx.test 192.0.2.1 late: no answer in time"});
    EXPECT_EQ(relay.near, "") << "its end is waited for";
    lines(1);
    hold("C .\nS 451 4.4.2\nC NOOP\nS 250");
}

/// A tarpit answers whatever it is told, each time just before it would be late. Our client waits five minutes for its reply, no longer.
TEST_F(RelayTime, a_recipient_has_his_reply_while_the_client_waits) {
    ASSERT_LT(RelaySettings{}.recipient_timeout, 300s);
    for (const bool in_time : {true, false}) {
        SCOPED_TRACE(in_time);
        relay.closed = relay.far_open = relay.dialling = false;
        relay.house.failures.clear();
        greet();
        mail();
        hold("C RCPT TO:<y@a.test>\ndial mx.test 192.0.2.1\nH 220 mx\nG EHLO us.test\nH 250 mx\nG MAIL");
        relay.pass(relay.settings->recipient_timeout - 10s);
        hold("H 250 ok\nG RCPT");
        relay.pass(10s - 1ms);
        EXPECT_EQ(relay.near, "");
        if (in_time) {
            hold("H 250 ok\nS 250 ok");
            continue;
        }
        relay.pass(1ms);
        hold("S 451 4.4.2\nC DATA\nS 554\nC NOOP\nS 250");
        EXPECT_FALSE(relay.far_open);
        EXPECT_EQ(relay.house.failures,
                  std::vector<std::string>{"mx.test 192.0.2.1 late: no reply to a recipient in the time that clients wait"});
    }
}

TEST_F(RelayTime, that_begins_anew_with_each_reply_and_what_was_taken_before_is_not_acknowledged) {
    greet();
    first_recipient("H 250-mx\\r\\n250 PIPELINING");
    hold("C RCPT TO:<z@a.test>\nG RCPT\nC RCPT TO:<w@a.test>\nG RCPT");
    relay.pass(relay.settings->recipient_timeout - 1ms);
    hold("H 250 z\nS 250 z");
    relay.pass(relay.settings->recipient_timeout - 1ms);
    EXPECT_TRUE(relay.far_open);
    relay.pass(1ms);
    hold("S 451 4.4.2\nC DATA\nS 451 4.4.2\nC NOOP\nS 250");
}

TEST_F(RelayTime, connecting_and_the_reply_together_last_no_longer) {
    greet();
    mail();
    hold("C RCPT TO:<y@two.test>\ndial one.two.test 192.0.2.11");
    relay.pass(relay.settings->dial_timeout);
    hold("dial two.two.test 192.0.2.12\nH 220 two\nG EHLO us.test\nH 250 two\nG MAIL");
    relay.pass(relay.settings->recipient_timeout - relay.settings->dial_timeout - 1ms);
    EXPECT_EQ(relay.near, "");
    relay.pass(1ms);
    hold("S 451 4.4.2");
}

TEST_F(RelayTime, a_search_whose_time_is_longer_than_a_recipients) {
    relay.settings->connect_timeout = relay.settings->find_timeout = 600s;
    relay.world.silent = true;
    greet();
    mail();
    hold("C RCPT TO:<y@a.test>");
    relay.pass(relay.settings->recipient_timeout);
    hold("S 451 4.4.1\nC NOOP\nS 250");
}

TEST_F(RelayTime, the_reply_to_data_has_less) {
    ASSERT_LT(RelaySettings{}.data_reply_timeout, 120s);
    greet();
    first_recipient();
    hold("C DATA\nG DATA");
    relay.pass(relay.settings->data_reply_timeout - 1ms);
    EXPECT_EQ(relay.near, "");
    relay.pass(1ms);
    hold("S 451 4.4.2\nC NOOP\nS 250");
}

TEST_F(RelayTime, a_late_answer_behind_the_dot) {
    greet();
    first_recipient();
    message();
    relay.pass(2 * relay.settings->hop_timeout - 1ms);
    EXPECT_EQ(relay.near, "");
    relay.pass(1ms);
    hold("S 451 4.4.2\nC NOOP\nS 250");
}

TEST_F(RelayTime, a_hop_that_takes_its_time_leaves_the_client_his) {
    greet();
    first_recipient();
    data();
    relay.hop_takes_all = false;
    for (int i = 0; i < 5; ++i) {
        lines(1);
        relay.pass(relay.settings->data_timeout - 1ms);
        relay.hop_takes();
    }
    relay.pass(relay.settings->data_timeout - 1ms);
    EXPECT_FALSE(relay.closed);
    relay.pass(1ms);
    relay.far.clear();
    hold("S 421 4.4.2\nclosed");
}

TEST_F(RelayTime, octets_that_the_hop_takes_at_once_extend_nothing_either) {
    greet();
    first_recipient("H 250-mx\\r\\n250 8BITMIME");
    data();
    lines(1);
    relay.say("\r\n");
    for (int i = 0; i < 4; ++i) {
        relay.pass(relay.settings->data_timeout / 4 - 1ms);
        relay.say("x");
    }
    relay.pass(4ms);
    EXPECT_TRUE(relay.closed);
}

/// One recipient, whose message is kept and then sent in many pieces.
class RelayHeldTime : public RelayTime {
protected:
    void begin_to_send() {
        relay.settings->protocol = RelayProtocol::lmtp;
        relay.begin();
        hold(
            "S 220\nC LHLO x\nS 250-\nS 250-\nS 250-\nS 250-\nS 250 8BITMIME\nC MAIL FROM:<x@client.test>\nS 250\n"
            "C RCPT TO:<y@a.test>\nS 250\nC DATA\nS 354");
        relay.say("A: b\r\n\r\n");
        lines(10);
        relay.hop_takes_all = false;
        hold("C .\ndial mx.test 192.0.2.1\nH 220 mx\nG EHLO us.test\nH 250 mx\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nG DATA");
        relay.hop_says("354 go\r\n");
        ASSERT_TRUE(relay.behind);
    }
};

TEST_F(RelayHeldTime, each_piece_of_a_held_message_has_its_time) {
    begin_to_send();
    for (int pieces = 0; relay.behind; ++pieces) {
        ASSERT_LT(pieces, 100);
        relay.pass(std::min<std::chrono::milliseconds>(relay.settings->data_timeout - 1ms, 20s));
        ASSERT_TRUE(relay.far_open) << pieces;
        relay.hop_takes();
    }
    EXPECT_TRUE(relay.far.ends_with("some more of it\r\n.\r\n"));
    relay.far.clear();
    hold("H 250 done\nS 250 done");
}

TEST_F(RelayHeldTime, but_all_of_it_no_more_than_a_delivery_has) {
    begin_to_send();
    const Instant begun = relay.world.clock;
    while (relay.behind) {
        relay.pass(100s);
        if (relay.behind) relay.hop_takes();
    }
    EXPECT_EQ(relay.world.clock - begun, 600s);
    EXPECT_FALSE(relay.far_open);
    relay.far.clear();
    hold("S 451 4.4.1\nC NOOP\nS 250");
}

TEST_F(RelayHeldTime, a_hop_that_takes_none_of_it) {
    begin_to_send();
    relay.pass(relay.settings->data_timeout - 1ms);
    EXPECT_TRUE(relay.far_open);
    relay.pass(1ms);
    EXPECT_FALSE(relay.far_open);
    hold("S 451 4.4.2\nC NOOP\nS 250");
    EXPECT_EQ(relay.house.failures, std::vector<std::string>{"mx.test 192.0.2.1 late: no answer in time"});
}

TEST_F(RelayHeldTime, nobody_waits_for_the_recipients_of_a_held_message) {
    relay.settings->protocol = RelayProtocol::lmtp;
    relay.settings->recipient_timeout = 10s;
    relay.begin();
    hold(
        "S 220\nC LHLO x\nS 250-\nS 250-\nS 250-\nS 250-\nS 250 8BITMIME\nC MAIL FROM:<x@client.test>\nS 250\n"
        "C RCPT TO:<y@a.test>\nS 250\nC DATA\nS 354");
    relay.say("A: b\r\n\r\n");
    hold("C .\ndial mx.test 192.0.2.1\nH 220 mx\nG EHLO us.test\nH 250 mx\nG MAIL");
    relay.pass(relay.settings->recipient_timeout * 2);
    hold("H 250 ok\nG RCPT\nH 250 ok\nG DATA");
}

}  // namespace
}  // namespace exota::gate
