// What the client is offered and answered before DATA: order, TLS, XOORG, early refusal, pipelining, limits.
#include "gate/gateway_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

constexpr std::string_view connected = R"(
    S: 220 gw.test ESMTP
    C: EHLO client.test
    is dial 0
    do far-opened
    B: 220 backend.test
    G: EHLO gw.test
)";
constexpr std::string_view secured = R"(
    B: 250 backend.test
    S: 250-gw.test
    S: 250-SIZE 157286400
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    is tls near
)";

class GatewayCommands : public GatewayTest {
protected:
    void SetUp() override { accept_all(); }
    void hello(std::string_view offers = "250 PIPELINING") {
        play(connected);
        wire->backend("250-backend.test\r\n" + std::string(offers) + "\r\n");
        wire->noted.clear();
    }
    std::string told(std::string_view command) {
        const std::size_t before = wire->to_client.size();
        wire->client(std::string(command) + "\r\n");
        return wire->to_client.substr(before);
    }
};

TEST_F(GatewayCommands, order) {
    play("S: 220 gw.test ESMTP");
    EXPECT_EQ(told("MAIL FROM:<a@contoso.test>"), "503 5.5.1 Say hello first\r\n");
    EXPECT_EQ(told("RCPT TO:<b@dest.test>"), "503 5.5.1 Say hello first\r\n");
    EXPECT_EQ(told("DATA"), "503 5.5.1 Say hello first\r\n");
    EXPECT_EQ(told("STARTTLS"), "503 5.5.1 Say hello first\r\n");
    EXPECT_EQ(told("NOOP"), "250 2.0.0 Ok\r\n");
    EXPECT_EQ(told("RSET"), "250 2.0.0 Ok\r\n");
    EXPECT_EQ(told("VRFY postmaster"), "252 2.0.0 Cannot verify; send mail and see\r\n");
    EXPECT_EQ(told("EHLO"), "501 5.5.4 Name a domain or an address literal\r\n");
    EXPECT_EQ(told("LHLO x"), "500 5.5.1 Command not recognized\r\n");
    EXPECT_EQ(told("WHAT"), "500 5.5.1 Command not recognized\r\n");
    wire->client("NO\rOP\r\nNO\nOP\r\n");
    EXPECT_TRUE(
        wire->to_client.ends_with("500 5.5.2 Bare CR, bare LF or NUL in a command\r\n500 5.5.2 Bare CR, bare LF or NUL in a command\r\n"));
    EXPECT_EQ(told(std::string(3000, 'x')), "500 5.5.2 Line too long\r\n");
    EXPECT_EQ(wire->far_is, Wire::Far::none) << "nobody was dialled for that";
}

TEST_F(GatewayCommands, what_is_never_offered) {
    hello();
    for (const std::string_view command :
         {"AUTH PLAIN AAAA", "BDAT 10 LAST", "ETRN x", "XCLIENT ADDR=1.2.3.4", "XFORWARD ADDR=1.2.3.4", "EXPN x"})
        EXPECT_EQ(told(command), "502 5.5.1 Command not offered\r\n") << command;
    EXPECT_EQ(told("MAIL FROM:<a@contoso.test> XOORG=contoso.test"), "555 5.5.4 Parameter not offered\r\n");
    EXPECT_EQ(told("MAIL FROM:<a@contoso.test> BODY=8BITMIME"), "555 5.5.4 Parameter not offered\r\n");
    EXPECT_EQ(wire->to_backend, "EHLO gw.test\r\n") << "none of it reached the backend";
}

TEST_F(GatewayCommands, twenty_errors_end_a_session) {
    play("S: 220 gw.test ESMTP");
    for (int i = 0; i < 19; ++i) EXPECT_EQ(told("WHAT"), "500 5.5.1 Command not recognized\r\n");
    EXPECT_EQ(told("WHAT"), "421 4.7.0 Too many errors\r\n");
    EXPECT_TRUE(wire->is_closed());
}

TEST_F(GatewayCommands, what_follows_a_mail_of_which_we_refuse_a_parameter_is_no_error) {
    settings.max_errors = 2;
    hello();
    EXPECT_EQ(told("MAIL FROM:<a@contoso.test> FOO=bar"), "555 5.5.4 Parameter not offered\r\n");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(told("RCPT TO:<b@dest.test>"), "503 5.5.1 MAIL first\r\n");
    EXPECT_EQ(told("DATA"), "503 5.5.1 MAIL first\r\n");
    EXPECT_EQ(told("WHAT"), "421 4.7.0 Too many errors\r\n");
}

TEST_F(GatewayCommands, xoorg_is_announced_by_rule) {
    const struct {
        AnnounceXoorg rule;
        std::vector<std::string> names;
        std::string_view certificate;  // empty: no TLS
        bool announced;
    } cases[] = {
        {AnnounceXoorg::verified, {}, "mail.protection.outlook.com", true},
        {AnnounceXoorg::verified, {}, "stranger.test", false},
        {AnnounceXoorg::verified, {"partner.test"}, "mail.protection.outlook.com", false},
        {AnnounceXoorg::verified, {"partner.test"}, "Partner.TEST", true},
        {AnnounceXoorg::verified, {}, "", false},
        {AnnounceXoorg::always, {}, "", true},
        {AnnounceXoorg::always, {}, "stranger.test", true},
        {AnnounceXoorg::never, {}, "mail.protection.outlook.com", false},
    };
    for (const auto& c : cases) {
        restart();
        settings.announce_xoorg = c.rule;
        settings.xoorg_names = c.names;
        play(connected);
        wire->backend("250 backend.test\r\n");
        if (!c.certificate.empty()) {
            wire->client("STARTTLS\r\n");
            wire->near_secured(tls_of_client(std::string(c.certificate)));
            EXPECT_EQ(told("MAIL FROM:<a@contoso.test>"), "503 5.5.1 Say hello first\r\n") << "what was said in the clear is forgotten";
            told("EHLO client.test");
        }
        wire->noted.clear();
        EXPECT_EQ(wire->to_client.find("XOORG") != std::string::npos, c.announced) << c.certificate;
        const std::string answer = told("MAIL FROM:<a@contoso.test> AUTH=<> XOORG=Contoso.test");
        EXPECT_EQ(answer, c.announced ? "" : "555 5.5.4 Parameter not offered\r\n");
        if (c.announced) EXPECT_TRUE(wire->to_backend.ends_with("\r\nMAIL FROM:<a@contoso.test>\r\n")) << "never passed on";
    }
}

TEST_F(GatewayCommands, a_certificate_that_does_not_count_is_announced_nothing) {
    LegTls unverified = tls_of_client("mail.protection.outlook.com");
    unverified.certificate->verified = false;
    LegTls expired = tls_of_client("mail.protection.outlook.com");
    expired.certificate->valid_until = {};
    LegTls purpose = tls_of_client("mail.protection.outlook.com");
    purpose.certificate->purpose = CertificatePurpose::neither;
    for (const LegTls& tls : {unverified, expired, purpose}) {
        restart();
        play(connected);
        play(secured);
        wire->near_secured(tls);
        EXPECT_EQ(told("EHLO client.test"), "250-gw.test\r\n250 SIZE 157286400\r\n");
        wire->noted.clear();
    }
}

TEST_F(GatewayCommands, tls_may_be_required) {
    settings.require_tls = true;
    play(connected);
    play(R"(
        B: 250 backend.test
        S: 250-gw.test
        S: 250-SIZE 157286400
        S: 250 STARTTLS
        C: MAIL FROM:<a@contoso.test>
        S: 530 5.7.0 Must issue a STARTTLS command first
        C: STARTTLS
        S: 220 2.0.0 Ready to start TLS
        is tls near
        do near-tls-nobody
        C: STARTTLS
        S: 503 5.5.1 TLS is active already
        C: EHLO client.test
        S: 250-gw.test
        S: 250 SIZE 157286400
        C: MAIL FROM:<a@contoso.test>
        G: MAIL FROM:<a@contoso.test>
    )");
}

TEST_F(GatewayCommands, a_foreign_organisation_is_refused_at_mail) {
    settings.early_refusal = true;
    Snapshot snapshot = snapshot_of(
        index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "organizations": ["contoso.example"]}}})"));
    judge.use(shared(std::move(snapshot)));
    play(connected);
    play(secured);
    play(R"(
        do near-tls mail.protection.outlook.com
        C: EHLO client.test
        S: 250-gw.test
        S: 250-SIZE 157286400
        S: 250 XOORG
        C: MAIL FROM:<a@contoso.test> XOORG=stranger.example\r\nRCPT TO:<b@dest.test>\r\nDATA
        S: 550 5.7.1 no-policy: no tenant may use this domain here (domain none, id Q1)
        S: 503 5.5.1 MAIL first
        S: 503 5.5.1 MAIL first
        C: MAIL FROM:<a@contoso.test> XOORG=contoso.example
        G: MAIL FROM:<a@contoso.test>
    )");
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].decision.why, "no-policy: no tenant has the organisation stranger.example");
    EXPECT_EQ(recorder.messages[0].stage, Stage::mail);
    EXPECT_TRUE(recorder.messages[0].delivery.starts_with("||550 5.7.1 no-policy"));
    EXPECT_EQ(wire->session.busy(), true);
}

TEST_F(GatewayCommands, pipelined_commands_are_answered_in_their_order) {
    hello();
    play(R"(
        C: MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nRCPT TO:<no address>\r\nRCPT TO:<c@dest.test>\r\nDATA
        G: MAIL FROM:<a@contoso.test>
        G: RCPT TO:<b@dest.test>
        B: 250 one
        S: 250 one
        B: 250 two
        S: 250 two
        S: 501 5.1.3 Bad recipient address syntax
        G: RCPT TO:<c@dest.test>
        B: 550 three
        S: 550 three
        S: 354 End data with <CR><LF>.<CR><LF>
    )");
}

TEST_F(GatewayCommands, a_refused_mail_takes_what_was_pipelined_behind_it_along) {
    hello();
    play(R"(
        C: MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\nNOOP
        G: MAIL FROM:<a@contoso.test>
        G: RCPT TO:<b@dest.test>
        B: 550 5.7.1 not you
        S: 550 5.7.1 not you
        B: 250 what mail
        S: 503 5.5.1 MAIL first
        S: 503 5.5.1 MAIL first
        S: 250 2.0.0 Ok
    )");
    restart();
    hello("250 DSN");
    play(R"(
        C: MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\nNOOP
        G: MAIL FROM:<a@contoso.test>
        B: 550 5.7.1 not you
        S: 550 5.7.1 not you
        S: 503 5.5.1 MAIL first
        S: 503 5.5.1 MAIL first
        S: 250 2.0.0 Ok
    )");
}

TEST_F(GatewayCommands, recipients_have_a_limit) {
    settings.max_recipients = 2;
    hello();
    play(R"(
        C: MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nRCPT TO:<c@dest.test>\r\nRCPT TO:<d@dest.test>
        G: MAIL FROM:<a@contoso.test>
        G: RCPT TO:<b@dest.test>
        B: 250 ok
        S: 250 ok
        G: RCPT TO:<c@dest.test>
        B: 250 ok
        S: 250 ok
        B: 250 ok
        S: 250 ok
        S: 452 4.5.3 Too many recipients
    )");
}

TEST_F(GatewayCommands, rset_and_hello_drop_a_transaction_anywhere) {
    hello();
    play(R"(
        C: MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>
        G: MAIL FROM:<a@contoso.test>
        G: RCPT TO:<b@dest.test>
        C: RSET
        B: 250 ok\r\n250 ok
        S: 250 ok
        S: 250 ok
        S: 250 2.0.0 Ok
        G: RSET
        C: DATA
        S: 503 5.5.1 MAIL first
        C: MAIL FROM:<c@contoso.test>
        B: 250 reset
        G: MAIL FROM:<c@contoso.test>
        B: 250 ok
        S: 250 ok
        C: HELO client.test
        S: 250 gw.test
        G: RSET
        C: MAIL FROM:<d@contoso.test> SIZE=10
        S: 555 5.5.4 Parameter not offered
        B: 250 reset
        C: MAIL FROM:<d@contoso.test>
        G: MAIL FROM:<d@contoso.test>
    )");
}

TEST_F(GatewayCommands, two_transactions_and_their_ids) {
    hello();
    for (const int number : {1, 2}) {
        play(R"(
            C: MAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA
            G: MAIL FROM:<a@contoso.test>
            G: RCPT TO:<b@dest.test>
            B: 250 ok\r\n250 ok
            S: 250 ok
            S: 250 ok
            S: 354 End data with <CR><LF>.<CR><LF>
            C: From: jane@contoso.test
            C: .
            G: DATA
            B: 354 go on
            G: From: jane@contoso.test
            G: .
            B: 250 done
            S: 250 done
        )");
        ASSERT_EQ(recorder.messages.size(), static_cast<std::size_t>(number));
        EXPECT_EQ(recorder.messages.back().evidence.envelope.queue_id, "Q" + std::to_string(number));
    }
}

TEST_F(GatewayCommands, a_client_that_says_nothing_is_told_so) {
    settings.command_timeout = std::chrono::seconds(7);
    play("S: 220 gw.test ESMTP");
    EXPECT_EQ(wire->session.deadline().after, std::chrono::seconds(7));
    world.clock += std::chrono::seconds(5);
    wire->client("NO");
    EXPECT_EQ(wire->session.deadline().after, std::chrono::seconds(7)) << "as it was";
    wire->noted.clear();
    play(R"(
        do late
        S: 421 4.4.2 Timeout; closing
        is closed
    )");
}

TEST_F(GatewayCommands, a_drain_lets_a_transaction_end_and_tells_who_is_idle) {
    hello();
    EXPECT_FALSE(wire->session.busy());
    wire->client("MAIL FROM:<a@contoso.test>\r\n");
    EXPECT_TRUE(wire->session.busy());
    wire->backend("250 ok\r\n");
    EXPECT_TRUE(wire->session.busy());
    wire->client("RSET\r\n");
    EXPECT_FALSE(wire->session.busy());
    wire->noted.clear();
    play(R"(
        do drain
        S: 421 4.3.2 Service is stopping
        is closed
    )");
}

TEST_F(GatewayCommands, evidence_names_the_certificate_and_the_organisation) {
    play(connected);
    play(secured);
    play(R"(
        do near-tls mail.protection.outlook.com
        C: EHLO outbound.test
        S: 250-gw.test
        S: 250-SIZE 157286400
        S: 250 XOORG
        C: MAIL FROM:<a@contoso.test> XOORG=contoso.example
        G: MAIL FROM:<a@contoso.test>
        B: 250 ok
        S: 250 ok
        C: RCPT TO:<b@dest.test>
        G: RCPT TO:<b@dest.test>
        B: 250 ok
        S: 250 ok
        C: DATA
        S: 354 End data with <CR><LF>.<CR><LF>
        C: .
        G: DATA
        B: 554 5.7.1 no data here
        S: 554 5.7.1 no data here
        G: RSET
    )");
    ASSERT_EQ(recorder.messages.size(), 1U);
    const evidence::Evidence& evidence = recorder.messages[0].evidence;
    EXPECT_EQ(evidence.session.tls.version, "TLSv1.3");
    ASSERT_NE(value_of(evidence.session.tls.certificate_name), nullptr);
    EXPECT_EQ(*value_of(evidence.session.tls.certificate_name), "mail.protection.outlook.com");
    ASSERT_NE(value_of(evidence.envelope.xoorg), nullptr);
    EXPECT_EQ(value_of(evidence.envelope.xoorg)->text(), "contoso.example");
    EXPECT_EQ(*value_of(evidence.session.client.address), base::IpAddress::parse("192.0.2.1").value());
    EXPECT_EQ(recorder.messages[0].delivery, "inet:backend.test:25|554 5.7.1 no data here|554 5.7.1 no data here");
}

}  // namespace
}  // namespace exota::gate
