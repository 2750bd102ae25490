// A gateway that is an inbound door: a client refused before the greeting, recipients refused at RCPT.
#include "gate/door_fixture.h"
#include "gate/gateway_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Reason;

constexpr std::string_view connected = R"(
    S: 220 gw.test ESMTP
    C: EHLO client.test
    is dial 0
    do far-opened
    B: 220 backend.test
    G: EHLO gw.test
    B: 250-backend.test\r\n250 PIPELINING
    S: 250-gw.test
    S: 250-PIPELINING
    S: 250-SIZE 157286400
    S: 250 STARTTLS
)";

class GatewayInbound : public GatewayTest {
protected:
    void SetUp() override {
        settings.door = Door::inbound;
        house.front_end.door = Door::inbound;
        use({});
    }
    void use(const DoorOptions& options) {
        restart();
        judge.use(shared(door_snapshot(options)));
    }
};

TEST_F(GatewayInbound, recipients_are_refused_before_the_backend_hears_of_them) {
    play(connected);
    play(R"(
        C: MAIL FROM:<a@sender.test>\r\nRCPT TO:<john+x@contoso.test>\r\nRCPT TO:<jane@contoso.test>\r\nRCPT TO:<b@elsewhere.test>\r\nRCPT TO:<x@fabrikam.test>
        G: MAIL FROM:<a@sender.test>
        G: RCPT TO:<john+x@contoso.test>
        B: 250 Ok\r\n250 Ok
        S: 250 Ok
        S: 250 Ok
        S: 550 5.1.1 Recipient address rejected: no such recipient
        S: 550 5.7.1 Recipient address rejected: not one of our domains
        G: RCPT TO:<x@fabrikam.test>
        B: 250 Ok
        S: 250 Ok
    )");
    ASSERT_EQ(recorder.messages.size(), 2U);
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::recipient_unknown);
    EXPECT_EQ(recorder.messages[0].stage, Stage::recipient);
    EXPECT_EQ(recorder.messages[0].evidence.envelope.recipients, std::vector<std::string>{"jane@contoso.test"});
    EXPECT_EQ(recorder.messages[0].delivery, "||550 5.1.1 Recipient address rejected: no such recipient");
    EXPECT_EQ(recorder.messages[1].decision.reason, Reason::recipient_foreign);
}

TEST_F(GatewayInbound, a_blocked_client_hears_so_instead_of_a_greeting) {
    use({.blocked = {"192.0.2.0/24"}});
    play(R"(
        S: 550 5.7.1 Client [192.0.2.1] blocked
        is closed
    )");
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::client_blocked);
    EXPECT_EQ(recorder.messages[0].stage, Stage::client);
    EXPECT_EQ(recorder.messages[0].delivery, "||550 5.7.1 Client [192.0.2.1] blocked");
}

TEST_F(GatewayInbound, the_greeting_waits_for_the_lists) {
    use({.dnsbl = {"bl.test"}});
    world.asks = true;
    start();
    EXPECT_EQ(wire->to_client, "");
    world.answer("1.2.0.192.bl.test", {.status = authn::DnsStatus::nxdomain});
    wire->client("");
    play("S: 220 gw.test ESMTP");
}

TEST_F(GatewayInbound, a_listed_client_hears_why) {
    use({.dnsbl = {"bl.test"}});
    world.asks = true;
    start();
    world.answer("1.2.0.192.bl.test", {.status = authn::DnsStatus::data, .records = {std::string("\x7f\0\0\x02", 4)}});
    world.answer("1.2.0.192.bl.test", {.status = authn::DnsStatus::data, .records = {"spam\r\n220 hello"}});
    wire->client("");
    play(R"(
        S: 550 5.7.1 Client [192.0.2.1] blocked (bl.test: spam??220 hello)
        is closed
    )");
}

TEST_F(GatewayInbound, a_list_that_is_silent_greets_in_the_end) {
    use({.dnsbl = {"bl.test"}});
    world.asks = true;
    start();
    world.time_is_up();
    wire->client("");
    play("S: 220 gw.test ESMTP");
}

TEST_F(GatewayInbound, who_speaks_while_we_look_is_no_mail_server) {
    use({.dnsbl = {"bl.test"}});
    world.asks = true;
    start();
    world.answer("1.2.0.192.bl.test", {.status = authn::DnsStatus::nxdomain});
    wire->client("EHLO bot.test\r\n");
    EXPECT_TRUE(wire->to_client.starts_with("421 ")) << wire->to_client;
    EXPECT_TRUE(wire->is_closed());
}

TEST_F(GatewayInbound, rcpt_waits_for_the_directory) {
    play(connected);
    play(R"(
        C: MAIL FROM:<a@sender.test>
        G: MAIL FROM:<a@sender.test>
        B: 250 Ok
        S: 250 Ok
    )");
    world.tenants_elsewhere = true;
    const std::size_t said = wire->to_client.size();
    wire->client("RCPT TO:<jane@contoso.test>\r\nRCPT TO:<john@contoso.test>\r\n");
    EXPECT_EQ(wire->to_client.size(), said);
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(index_of(door_tenants_text)));
    wire->client("");
    play("S: 550 5.1.1 Recipient address rejected: no such recipient");
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(Tenants::unknown));
    wire->client("");
    play("S: 451 4.7.1 The recipients cannot be looked up at the moment, try again later");
    wire->client("RCPT TO:<john@contoso.test>\r\n");
    std::exchange(world.tenants_asked, {}).at(0)(Tenants(index_of(door_tenants_text)));
    wire->client("");
    play(R"(
        G: RCPT TO:<john@contoso.test>
        B: 250 Ok
        S: 250 Ok
    )");
}

TEST_F(GatewayInbound, data_after_refused_recipients_is_no_error_of_the_client) {
    settings.max_errors = 2;
    play(connected);
    for (int i = 0; i < 3; ++i)
        play(R"(
            C: MAIL FROM:<a@sender.test>\r\nRCPT TO:<jane@contoso.test>\r\nDATA
            G: MAIL FROM:<a@sender.test>
            B: 250 Ok
            S: 250 Ok
            S: 550 5.1.1 Recipient address rejected: no such recipient
            S: 554 5.5.1 No valid recipients
            C: RSET
            S: 250 2.0.0 Ok
            G: RSET
            B: 250 Ok
        )");
}

TEST_F(GatewayInbound, refused_recipients_end_the_session_in_the_end) {
    play(connected);
    play(R"(
        C: MAIL FROM:<a@sender.test>
        G: MAIL FROM:<a@sender.test>
        B: 250 Ok
        S: 250 Ok
    )");
    for (int i = 1; i < 100; ++i) {
        wire->client("RCPT TO:<a@r" + std::to_string(i) + ".test>\r\n");
        ASSERT_FALSE(wire->is_closed()) << i;
    }
    wire->client("RCPT TO:<a@r.test>\r\n");
    EXPECT_NE(wire->to_client.find("\r\n421 4.7.0 "), std::string::npos);
    EXPECT_TRUE(wire->is_closed());
}

TEST_F(GatewayInbound, a_recipient_asked_for_early_is_judged_anew_in_the_next_transaction) {
    play(connected);
    play(R"(
        C: MAIL FROM:<refused@sender.test>\r\nRCPT TO:<jane@contoso.test>
        G: MAIL FROM:<refused@sender.test>
        B: 550 5.7.1 no
        S: 550 5.7.1 no
        S: 503 5.5.1 MAIL first
    )");
    Snapshot others = door_snapshot({});
    others.tenants = index_of(R"({"version": 2, "tenants": {"fabrikam": {"domains": ["fabrikam.test"]}}})");
    judge.use(shared(std::move(others)));
    play(R"(
        C: MAIL FROM:<a@sender.test>
        G: MAIL FROM:<a@sender.test>
        B: 250 Ok
        S: 250 Ok
        C: RCPT TO:<jane@contoso.test>
        S: 550 5.7.1 Recipient address rejected: not one of our domains
    )");
}

TEST_F(GatewayInbound, harvesting_ends_the_session) {
    play(connected);
    play(R"(
        C: MAIL FROM:<a@sender.test>
        G: MAIL FROM:<a@sender.test>
        B: 250 Ok
        S: 250 Ok
    )");
    for (int i = 0; i < 20; ++i) {
        wire->client("RCPT TO:<guess" + std::to_string(i) + "@contoso.test>\r\n");
        EXPECT_FALSE(wire->is_closed()) << i;
    }
    wire->client("RCPT TO:<guess@contoso.test>\r\n");
    EXPECT_NE(wire->to_client.find("\r\n421 4.7.0 "), std::string::npos);
    EXPECT_TRUE(wire->is_closed());
}

TEST_F(GatewayInbound, recipients_that_the_mode_lets_through_are_told_of_and_passed_on) {
    use({.mode = tenant::Mode::monitor});
    play(connected);
    play(R"(
        C: MAIL FROM:<a@sender.test>\r\nRCPT TO:<john@contoso.test>\r\nRCPT TO:<jane@contoso.test>
        G: MAIL FROM:<a@sender.test>
        G: RCPT TO:<john@contoso.test>
        G: RCPT TO:<jane@contoso.test>
        B: 250 Ok\r\n250 Ok\r\n250 Ok
        S: 250 Ok
        S: 250 Ok
        S: 250 Ok
        C: RCPT TO:<b@elsewhere.test>
        G: RCPT TO:<b@elsewhere.test>
        B: 250 Ok
        S: 250 Ok
    )");
    ASSERT_EQ(recorder.messages.size(), 2U) << "early, and in its turn";
    EXPECT_EQ(recorder.messages[0].decision.reason, Reason::recipient_unknown);
    EXPECT_EQ(recorder.messages[0].evidence.envelope.recipients, std::vector<std::string>{"jane@contoso.test"});
    EXPECT_EQ(recorder.messages[1].decision.reason, Reason::recipient_foreign);
    for (const auto& told : recorder.messages) {
        EXPECT_EQ(told.stage, Stage::recipient);
        EXPECT_EQ(told.decision.verdict, decision::Verdict::accept);
        EXPECT_EQ(told.decision.judged, decision::Verdict::reject);
        EXPECT_EQ(told.delivery, "||") << "the answer is the backend's";
    }
}

TEST_F(GatewayInbound, monitor_greets_everybody) {
    use({.blocked = {"192.0.2.0/24"}, .mode = tenant::Mode::monitor});
    play(connected);
    EXPECT_TRUE(recorder.messages.empty());
}

}  // namespace
}  // namespace exota::gate
