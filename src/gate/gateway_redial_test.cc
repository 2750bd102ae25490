// A backend that is lost, refuses, or closes in the middle: what is repeated, what is passed on, what keeps it awake.
#include "gate/gateway_backend_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

class GatewayRedial : public BackendTest {
protected:
    /// Up to the repeated RCPT.
    void lost_while_held() {
        plain_hello();
        mail();
        play(recipient_and_data);
        play(R"(
            do far-closed
            C: From: a@contoso.test
            C:
            is dial 0
            do far-opened
            B: 220 backend.test
            G: EHLO gw.test
            B: 250 backend.test
            G: MAIL FROM:<a@contoso.test>
            B: 250 again
            G: RCPT TO:<b@dest.test>
        )");
    }
};

TEST_F(GatewayRedial, lost_between_messages_it_is_dialled_at_the_next_mail) {
    plain_hello();
    play(R"(
        do far-closed
        C: NOOP
        S: 250 2.0.0 Ok
        C: MAIL FROM:<a@contoso.test>
        is dial 0
        do far-opened
        B: 220 backend.test
        G: EHLO gw.test
        B: 250 backend.test
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
    )");
}

TEST_F(GatewayRedial, lost_before_data_mail_and_recipients_are_repeated) {
    lost_while_held();
    play(R"(
        B: 250 again
        G: DATA
        B: 354 go on
        G: From: a@contoso.test
        G:
        C: .
        G: .
        B: 250 done
        S: 250 done
    )");
}

TEST_F(GatewayRedial, an_answer_that_changed_is_a_temporary_failure) {
    for (const std::string_view changed : {"550 no such user", "451 later", "421 going down"}) {
        restart();
        lost_while_held();
        play("B: " + std::string(changed) + R"(
            is close-far
            C: .
            S: 451 4.4.2 Next server failed; try again
        )");
        EXPECT_EQ(house.failures.back(), "0 changed-answer");
    }
}

TEST_F(GatewayRedial, another_one_that_lacks_what_was_announced) {
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 SMTPUTF8
        S: 250-gw.test
        S: 250-SIZE
        S: 250-STARTTLS
        S: 250 SMTPUTF8
        do far-closed
        C: MAIL FROM:<a@contoso.test>
        is dial 0
        do far-opened
        B: 220 backend.test
        G: EHLO gw.test
        B: 250 backend.test
        is close-far
        S: 451 4.4.2 Next server failed; try again
    )");
    EXPECT_EQ(house.failures.back(), "0 lacks-extension");
}

TEST_F(GatewayRedial, lost_in_the_message_it_is_lost) {
    plain_hello();
    mail();
    play(recipient_and_data);
    play(R"(
        C: From: a@contoso.test
        C:
        G: DATA
        B: 354 go on
        G: From: a@contoso.test
        G:
        C: a line
        G: a line
        do far-closed
        C: another
        C: .
        S: 451 4.4.2 Next server failed; try again
        C: QUIT
        S: 221 2.0.0 Bye
        is closed
    )");
    EXPECT_EQ(recorder.messages.back().delivery, "inet:backend.test:25||451 4.4.2 Next server failed; try again");
}

TEST_F(GatewayRedial, its_refusals_and_its_421_are_passed_on) {
    plain_hello();
    play(R"(
        C: MAIL FROM:<a@contoso.test>
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
        C: RCPT TO:<b@dest.test>
        G: RCPT TO:<b@dest.test>
        B: 550-5.1.1 no such user
        B: 550 5.1.1 really
        S: 550-5.1.1 no such user
        S: 550 5.1.1 really
        C: DATA
        S: 554 5.5.1 No valid recipients
        C: RCPT TO:<c@dest.test>
        G: RCPT TO:<c@dest.test>
        B: 421 4.3.2 shutting down
        S: 421 4.3.2 shutting down
        is closed
    )");
}

TEST_F(GatewayRedial, its_421_that_nobody_asked_for_is_passed_on_and_ends_the_session) {
    plain_hello();
    play(R"(
        B: 421 4.4.2 timeout
        is close-far
        S: 421 4.4.2 timeout
        is closed
    )");
    EXPECT_EQ(house.failures.back(), "0 closed");
}

TEST_F(GatewayRedial, or_when_the_client_has_said_all_of_its_message) {
    plain_hello();
    mail();
    play(recipient_and_data);
    play(R"(
        C: From: a@contoso.test
        B: 421 4.3.2 shutting down
        is close-far
        C:
        C: body
        C: .
        S: 421 4.3.2 shutting down
        is closed
    )");
}

TEST_F(GatewayRedial, but_not_before_it_said_what_it_offers) {
    play(greeted);
    play(R"(
        B: 421 4.3.2 shutting down
        is close-far
        S: 421 4.3.2 Next server is not available; closing
        is closed
    )");
}

TEST_F(GatewayRedial, it_hears_a_noop_while_a_message_is_held) {
    settings.data_timeout = std::chrono::minutes(5);
    plain_hello();
    mail();
    play(recipient_and_data);
    play(R"(
        C: From: a@contoso.test
        do late
        G: NOOP
        B: 250 ok
        do late
        G: NOOP
        B: 250 ok
        do late
        S: 421 4.4.2 Timeout; closing
        G: QUIT
        is closed
    )");
    EXPECT_EQ(house.noop_after, std::chrono::seconds(100));
}

TEST_F(GatewayRedial, what_the_client_says_meanwhile_is_nothing_to_it) {
    plain_hello();
    mail();
    play(recipient_and_data);
    for (int seconds = 0; seconds < 90; seconds += 30) {
        world.clock += std::chrono::seconds(30);
        play("C: X: slowly");
    }
    world.clock += std::chrono::seconds(10);
    wire->late();
    play("G: NOOP");
}

TEST_F(GatewayRedial, one_that_bears_less_silence_hears_it_sooner) {
    plain_hello();
    mail();
    play(recipient_and_data);
    play("C: From: a@contoso.test");
    world.clock += std::chrono::seconds(30);
    play("do far-closed");
    EXPECT_EQ(house.noop_after, std::chrono::seconds(15));
}

TEST_F(GatewayRedial, what_it_closes_for_in_the_middle_of_a_message_says_nothing_of_silence) {
    plain_hello();
    mail();
    play(recipient_and_data);
    play(R"(
        C: From: a@contoso.test
        C:
        G: DATA
        B: 354 go on
        G: From: a@contoso.test
        G:
    )");
    world.clock += std::chrono::seconds(30);
    play("do far-closed");
    EXPECT_EQ(house.noop_after, std::chrono::seconds(100));
}

TEST_F(GatewayRedial, silence_that_is_borne_again_may_grow) {
    house.noop_after = std::chrono::seconds(8);
    plain_hello();
    mail();
    play(recipient_and_data);
    play(R"(
        C: From: a@contoso.test
        do late
        G: NOOP
        B: 250 ok
    )");
    EXPECT_EQ(house.noop_after, std::chrono::seconds(9));
}

TEST_F(GatewayRedial, lost_before_it_knew_the_client) {
    settings.backend_identity = BackendIdentity::xclient;
    play(greeted);
    play(xclient_offered);
    play(R"(
        C: MAIL FROM:<a@contoso.test>
        G: XCLIENT NAME=[TEMPUNAVAIL] ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=client.test
        do far-closed
        is dial 0
        do far-opened
        B: 220 backend.test
        G: EHLO gw.test
        do far-closed
        S: 451 4.3.2 Next server is not available; try again
    )");
}

TEST_F(GatewayRedial, one_that_takes_nothing_more_of_a_message_is_late_and_not_the_client) {
    plain_hello();
    mail();
    play(recipient_and_data);
    play(R"(
        C: From: a@contoso.test
        C:
        G: DATA
        B: 354 go on
        G: From: a@contoso.test
        G:
        is more-far
        do late
        is close-far
        C: .
        S: 451 4.4.2 Next server did not answer in time; try again
    )");
    EXPECT_EQ(house.failures, std::vector<std::string>{"0 late"});
}

}  // namespace
}  // namespace exota::gate
