// Conversations of a client, a gateway and its backend: what passes, in which order, and what is offered.
#include "gate/gateway_session.h"

#include <gtest/gtest.h>

#include <set>

#include "gate/gateway_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

constexpr std::string_view hello = R"(
    S: 220 gw.test ESMTP
    C: EHLO client.test
    is dial 0
    do far-opened
    B: 220 backend.test ESMTP
    G: EHLO gw.test
    B: 250-backend.test
    B: 250-PIPELINING
    B: 250-SIZE 1000000
    B: 250-8BITMIME
    B: 250 DSN
    S: 250-gw.test
    S: 250-PIPELINING
    S: 250-SIZE 1000000
    S: 250-STARTTLS
    S: 250-8BITMIME
    S: 250 DSN
)";

class Gateway : public GatewayTest {
protected:
    void SetUp() override { accept_all(); }
    /// Behind EHLO, by a backend that offers nothing.
    void one_recipient() {
        wire->client("MAIL FROM:<a@contoso.test>\r\n");
        wire->backend("250 ok\r\n");
        wire->client("RCPT TO:<b@dest.test>\r\n");
        wire->backend("250 ok\r\n");
    }
    std::chrono::milliseconds left() const { return wire->session.deadline().after; }
};

TEST(GatewaySession, each_failure_of_a_backend_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < backend_failure_count; ++i) names.insert(name_of(static_cast<BackendFailure>(i)));
    EXPECT_EQ(names.size(), backend_failure_count);
    EXPECT_TRUE(names.contains("xclient-missing"));
    EXPECT_FALSE(names.contains(""));
}

TEST_F(Gateway, a_message_passes_and_the_client_gets_the_backends_reply) {
    play(hello);
    play(R"(
        C: MAIL FROM:<a@contoso.test> SIZE=500 BODY=8BITMIME
        G: MAIL FROM:<a@contoso.test> SIZE=500 BODY=8BITMIME
        B: 250 2.1.0 Sender ok
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<b@dest.test> NOTIFY=NEVER
        G: RCPT TO:<b@dest.test> NOTIFY=NEVER
        B: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        C: DATA
        S: 354 End data with <CR><LF>.<CR><LF>
        C: From: jane@contoso.test
        C: Subject: hello
        C:
        G: DATA
        B: 354 go on
        G: From: jane@contoso.test
        G: Subject: hello
        G:
        C: A line.
        G: A line.
        C: ..dotted
        G: ..dotted
        C: .
        G: .
        B: 250 2.0.0 Queued as 4ABC
        S: 250 2.0.0 Queued as 4ABC
        C: QUIT
        S: 221 2.0.0 Bye
        G: QUIT
        is closed
    )");
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].delivery, "inet:backend.test:25|250 2.0.0 Queued as 4ABC|250 2.0.0 Queued as 4ABC");
    EXPECT_EQ(recorder.messages[0].front.name, "gateway");
    EXPECT_EQ(recorder.messages[0].stage, Stage::header);
    const evidence::Evidence& evidence = recorder.messages[0].evidence;
    EXPECT_EQ(evidence.envelope.queue_id, "Q1");
    EXPECT_EQ(evidence.envelope.reverse_path, "a@contoso.test");
    EXPECT_EQ(evidence.envelope.recipients, std::vector<std::string>{"b@dest.test"});
    EXPECT_EQ(evidence.session.helo, "client.test");
    EXPECT_EQ(house.works, 1);
}

TEST_F(Gateway, refused_at_the_end_of_its_header_a_message_never_meets_data) {
    judge.use(shared(snapshot_of(tenants)));
    play(hello);
    play(R"(
        C: MAIL FROM:<a@contoso.test>
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
        C: RCPT TO:<b@dest.test>
        G: RCPT TO:<b@dest.test>
        B: 250 ok
        S: 250 ok
        C: DATA
        S: 354 End data with <CR><LF>.<CR><LF>
        C: From: jane@stranger.test
        C:
        G: RSET
        C: the body
        B: 250 ok
        C: .
        S: 550 5.7.1 no-policy: no tenant may use this domain here (domain stranger.test, id Q1)
        C: MAIL FROM:<a@contoso.test>
        G: MAIL FROM:<a@contoso.test>
    )");
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].decision.verdict, decision::Verdict::reject);
}

/// Whoever must say more before he hears from us must not be kept from it by a delayed acknowledgement.
TEST_F(Gateway, who_has_said_all_is_told_from_who_may_say_more) {
    play(hello);
    wire->client("MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\n");
    EXPECT_TRUE(wire->near_waits) << "the backend's answers will carry it";
    wire->backend("250 ok\r\n");
    EXPECT_FALSE(wire->far_waits) << "one answer is owed";
    wire->backend("250 ");
    EXPECT_FALSE(wire->far_waits);
    wire->backend("ok\r\n");
    EXPECT_TRUE(wire->far_waits);
    wire->client("DATA\r\nFrom: jane@contoso.test\r\n\r\nHello\r\n");
    EXPECT_FALSE(wire->near_waits);
    wire->backend("354 go on\r\n");
    EXPECT_TRUE(wire->far_waits);
    wire->far_written();
    wire->client(".\r\n");
    EXPECT_TRUE(wire->near_waits);
    wire->backend("250 done\r\n");
    EXPECT_TRUE(wire->far_waits);
    EXPECT_TRUE(wire->to_client.ends_with("250 done\r\n"));

    wire->client("MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\n");
    wire->backend("250 ok\r\n250 ok\r\n");
    wire->client("DATA\r\nFrom: jane@contoso.test\r\n\r\nHello\r\n.\r\n");
    EXPECT_TRUE(wire->near_waits) << "its end is there, though the body cannot be taken yet";
    wire->noted.clear();
}

TEST_F(Gateway, single_octets_of_a_command_extend_nothing) {
    play("S: 220 gw.test ESMTP");
    for (int octet = 0; octet < 3; ++octet) {
        world.clock += settings.command_timeout / 4;
        play("C: x\\");
    }
    world.clock += settings.command_timeout / 4;
    wire->late();
    play(R"(
        S: 421 4.4.2 Timeout; closing
        is closed
    )");
}

TEST_F(Gateway, time_that_the_backend_takes_is_none_of_the_clients) {
    settings.command_timeout = std::chrono::seconds(10);
    start();
    wire->client("EHLO client.test\r\n");
    world.clock += std::chrono::seconds(20);
    wire->far_opened();
    world.clock += std::chrono::seconds(20);
    wire->backend("220 backend.test\r\n");
    world.clock += std::chrono::seconds(20);
    wire->backend("250 backend.test\r\n");
    EXPECT_EQ(left(), settings.command_timeout) << "for the command behind EHLO";

    one_recipient();
    world.clock += std::chrono::seconds(3);
    EXPECT_EQ(left(), settings.command_timeout);
    wire->client("DATA\r\nFrom: jane@contoso.test\r\n\r\n");
    world.clock += settings.data_timeout + std::chrono::seconds(1);
    wire->backend("354 go on\r\n");
    wire->far_written();
    EXPECT_EQ(left(), settings.data_timeout) << "for the line behind the header";

    wire->client(".\r\n");
    world.clock += settings.backend_timeout;
    wire->backend("250 done\r\n");
    EXPECT_EQ(left(), settings.command_timeout) << "for the next message";
    EXPECT_TRUE(wire->to_client.ends_with("250 done\r\n"));
    wire->noted.clear();
}

TEST_F(Gateway, a_client_that_is_late_in_a_message_is_logged_with_what_it_was_told) {
    start();
    wire->client("EHLO client.test\r\n");
    wire->far_opened();
    wire->backend("220 backend.test\r\n");
    wire->backend("250 backend.test\r\n");
    one_recipient();
    wire->client("DATA\r\nFrom: jane@contoso.test\r\n\r\n");
    wire->backend("354 go on\r\n");
    wire->far_written();
    wire->noted.clear();
    play(R"(
        do late
        is close-far
        S: 421 4.4.2 Timeout; closing
        is closed
    )");
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].delivery, "inet:backend.test:25||421 4.4.2 Timeout; closing");
}

TEST_F(Gateway, what_follows_a_refused_mail_is_borne_up_to_a_limit) {
    settings.max_recipients = 5;
    settings.max_errors = 3;
    play(hello);
    play(R"(
        C: MAIL FROM:<a@contoso.test>
        G: MAIL FROM:<a@contoso.test>
        B: 550 no
        S: 550 no
    )");
    for (int i = 0; i < 7; ++i) play("C: RCPT TO:<b@dest.test>\nS: 503 5.5.1 MAIL first");
    play(R"(
        C: RCPT TO:<b@dest.test>
        S: 421 4.7.0 Too many errors
        G: QUIT
        is closed
    )");
}

}  // namespace
}  // namespace exota::gate
