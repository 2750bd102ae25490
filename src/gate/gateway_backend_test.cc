// The far leg of a gateway: who is dialled, how it learns of the client, TLS.
#include "gate/gateway_backend.h"

#include "gate/gateway_backend_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

class GatewayBackend : public BackendTest {};

TEST_F(GatewayBackend, xclient_says_who_the_client_is_before_the_first_mail) {
    settings.backend_identity = BackendIdentity::xclient;
    world.asks = true;
    play(greeted);
    play(xclient_offered);
    play(R"(
        C: MAIL FROM:<a@contoso.test>
        do reverse Mail.client.test
        G: XCLIENT NAME=mail.client.test ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=client.test
        B: 220 backend.test
        G: EHLO gw.test
        B: 250 backend.test
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
        C: RSET
        S: 250 2.0.0 Ok
        G: RSET
        C: MAIL FROM:<b@contoso.test>
        B: 250 ok
        G: MAIL FROM:<b@contoso.test>
        B: 250 ok
        S: 250 ok
    )");
}

TEST_F(GatewayBackend, a_name_that_is_not_there_or_not_in_time) {
    settings.backend_identity = BackendIdentity::xclient;
    world.asks = true;
    play(greeted);
    play(xclient_offered);
    play(R"(
        do no-reverse
        C: MAIL FROM:<a@contoso.test>
        G: XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=client.test
    )");
    restart();
    play(greeted);
    play(xclient_offered);
    play("C: MAIL FROM:<a@contoso.test>");
    world.time_is_up();
    play(R"(
        do turn
        G: XCLIENT NAME=[TEMPUNAVAIL] ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=client.test
    )");
}

TEST_F(GatewayBackend, one_that_does_not_take_the_address_is_not_used) {
    settings.backend_identity = BackendIdentity::xclient;
    settings.backend = {"one", "two"};
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 XCLIENT NAME HELO
        is dial 1
        do far-opened
        B: 220 other
        G: EHLO gw.test
        B: 250 no XCLIENT at all
        is close-far
        S: 421 4.3.2 Next server is not available; closing
        is closed
    )");
    EXPECT_EQ(house.failures, (std::vector<std::string>{"0 xclient-missing", "1 xclient-missing"}));
    EXPECT_EQ(house.works, 0);
}

TEST_F(GatewayBackend, one_that_refuses_xclient) {
    settings.backend_identity = BackendIdentity::xclient;
    for (const std::string_view answer : {"550 no", "250 ok", "501 no", "421 go away"}) {
        restart();
        play(greeted);
        play(xclient_offered);
        play(R"(
            C: MAIL FROM:<a@contoso.test>
            G: XCLIENT NAME=[TEMPUNAVAIL] ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=client.test
        )");
        play("B: " + std::string(answer) + R"(
            is close-far
            S: 451 4.3.2 Next server is not available; try again
            C: RCPT TO:<b@dest.test>
            S: 503 5.5.1 MAIL first
        )");
        EXPECT_EQ(house.failures.back(), "0 xclient-refused");
    }
}

TEST_F(GatewayBackend, a_later_and_different_hello_takes_a_new_connection) {
    settings.backend_identity = BackendIdentity::xclient;
    play(greeted);
    play(xclient_offered);
    play(R"(
        C: HELO other.test
        S: 250 gw.test
        C: MAIL FROM:<a@contoso.test>
        G: XCLIENT NAME=[TEMPUNAVAIL] ADDR=192.0.2.1 PORT=40000 PROTO=SMTP HELO=other.test
        B: 220 backend.test
        G: EHLO gw.test
        B: 250 backend.test
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
        C: EHLO client.test
        S: 250-gw.test
        S: 250-SIZE
        S: 250 STARTTLS
        G: RSET
        C: MAIL FROM:<a@contoso.test>
        is dial 0
        do far-opened
        B: 220 backend.test
        G: EHLO gw.test
        B: 250-backend.test
        B: 250 XCLIENT ADDR HELO
        G: XCLIENT ADDR=192.0.2.1 HELO=client.test
    )");
}

TEST_F(GatewayBackend, an_identity_of_two_commands) {
    settings.backend_identity = BackendIdentity::xclient;
    world.asks = true;
    std::string label(60, 'n');
    const std::string name = label + '.' + label + '.' + label + '.' + label + ".test";
    std::string helo(60, 'h');
    helo = helo + '.' + helo + '.' + helo + '.' + helo + ".test";
    play("S: 220 gw.test ESMTP\nC: EHLO " + helo + R"(
        is dial 0
        do far-opened
        B: 220 backend.test
        G: EHLO gw.test
    )");
    play(xclient_offered);
    play("do reverse " + name + "\nC: MAIL FROM:<a@contoso.test>\nG: XCLIENT NAME=" + name + " ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP\n" +
         R"(
        B: 220 backend.test
        G: EHLO gw.test
        B: 250-backend.test
        B: 250 XCLIENT NAME ADDR PORT PROTO HELO
    )" +
         "G: XCLIENT HELO=" + helo + R"(
        B: 220 backend.test
        G: EHLO gw.test
        B: 250 backend.test
        G: MAIL FROM:<a@contoso.test>
    )");
}

TEST_F(GatewayBackend, proxy_says_who_the_client_is_before_anything_else) {
    settings.backend_identity = BackendIdentity::proxy;
    play(R"(
        S: 220 gw.test ESMTP
        C: EHLO client.test
        is dial 0
    )");
    wire->far_opened();
    EXPECT_EQ(wire->to_backend.size(), 28U);
    EXPECT_TRUE(wire->to_backend.starts_with(std::string_view("\r\n\r\n\0\r\nQUIT\n", 12)));
    EXPECT_EQ(wire->to_backend.substr(16), std::string_view("\xc0\0\x02\x01\xc0\0\x02\x19\x9c\x40\0\x19", 12));
    wire->noted.clear();
    wire->backend("220 backend.test\r\n");
    EXPECT_TRUE(wire->to_backend.ends_with("EHLO client.test\r\n")) << "for it, we are the client";
}

TEST_F(GatewayBackend, the_list_is_tried_in_order) {
    settings.backend = {"one", "two", "three", "four"};
    play(R"(
        S: 220 gw.test ESMTP
        C: EHLO client.test
        is dial 0
        do far-unreachable
        is dial 1
        do far-opened
        B: 554 no service
        is dial 2
        do far-opened
        B: what
        is dial 3
        do far-opened
        B: 220 four
        G: EHLO gw.test
        B: 500 what is EHLO
        G: HELO gw.test
        B: 250 four
        S: 250-gw.test
        S: 250-SIZE
        S: 250 STARTTLS
    )");
    EXPECT_EQ(house.failures, (std::vector<std::string>{"0 unreachable", "1 refused", "2 bad-reply"}));
}

TEST_F(GatewayBackend, our_size_is_none_of_its_extensions) {
    plain_hello();
    play(R"(
        C: MAIL FROM:<a@contoso.test> SIZE=500
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
    )");
    restart();
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 SIZE 1000
        S: 250-gw.test
        S: 250-SIZE 1000
        S: 250 STARTTLS
        C: MAIL FROM:<a@contoso.test> SIZE=500
        G: MAIL FROM:<a@contoso.test> SIZE=500
        do far-closed
        is dial 0
        do far-opened
        B: 220 backend.test
        G: EHLO gw.test
        B: 250 backend.test
        is close-far
        S: 451 4.4.2 Next server failed; try again
    )");
    EXPECT_EQ(house.failures.back(), "0 lacks-extension") << "SIZE was said to one that has it";
}

TEST_F(GatewayBackend, with_the_proxy_protocol_helo_names_the_client_too) {
    settings.backend_identity = BackendIdentity::proxy;
    start();
    wire->client("EHLO client.test\r\n");
    wire->far_opened();
    wire->backend("220 old.test\r\n502 what?\r\n");
    EXPECT_TRUE(wire->to_backend.ends_with("EHLO client.test\r\nHELO client.test\r\n")) << wire->to_backend;
}

TEST_F(GatewayBackend, one_that_says_nothing_is_left_for_the_next) {
    settings.backend = {"one", "two"};
    play(R"(
        S: 220 gw.test ESMTP
        C: EHLO client.test
        is dial 0
        do late
        is dial 1
        do far-opened
        do late
        is close-far
        S: 421 4.3.2 Next server is not available; closing
        is closed
    )");
    EXPECT_EQ(house.failures, (std::vector<std::string>{"0 late", "1 late"}));
}

TEST_F(GatewayBackend, tls_that_is_wanted) {
    settings.backend_tls = BackendTls::encrypt;
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 STARTTLS
        G: STARTTLS
        B: 220 go
        is tls far
        do far-tls-unknown
        G: EHLO gw.test
        B: 250 backend.test
        S: 250-gw.test
        S: 250-SIZE
        S: 250 STARTTLS
    )");
    settings.backend_tls = BackendTls::verify;
    restart();
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 STARTTLS
        G: STARTTLS
        B: 220 go
        is tls far
        do far-tls-unknown
        is close-far
        S: 421 4.3.2 Next server is not available; closing
        is closed
    )");
    restart();
    play(greeted);
    play(R"(
        B: 250 backend.test
        is close-far
        S: 421 4.3.2 Next server is not available; closing
        is closed
    )");
    restart();
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 STARTTLS
        G: STARTTLS
        B: 220 go
        is tls far
        do far-no-tls
        S: 421 4.3.2 Next server is not available; closing
        is closed
    )");
    EXPECT_EQ(house.failures, (std::vector<std::string>{"0 not-verified", "0 no-tls", "0 no-tls"}));
    restart();
    play(greeted);
    play(R"(
        B: 250-backend.test
        B: 250 STARTTLS
        G: STARTTLS
        B: 220 go
        is tls far
        do far-tls
        G: EHLO gw.test
    )");
}

}  // namespace
}  // namespace exota::gate
