// What a next hop must show, and when we say XOORG= to it.
#include <gtest/gtest.h>

#include "gate/relay_conversation.h"
#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

using testing::Conversation;
using testing::Relay;
using testing::Zone;

constexpr std::string_view zone =
    "a.test MX 1 mx.test\nmx.test! A 192.0.2.1\n"
    "two.test MX 1 one.two.test\ntwo.test MX 2 two.two.test\none.two.test! A 192.0.2.11\ntwo.two.test A 192.0.2.12\n";
constexpr std::string_view offers_tls = "H 220 mx\nG EHLO us.test\nH 250-mx\\r\\n250 STARTTLS\n";
constexpr std::string_view begins_tls = "H 220 mx\nG EHLO us.test\nH 250-mx\\r\\n250 STARTTLS\nG STARTTLS\nH 220 go\n";
constexpr std::string_view no_tls = "H 220 mx\nG EHLO us.test\nH 250 mx\n";
constexpr std::string_view taken = "G EHLO us.test\nH 250 mx\nG MAIL\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok\n";
constexpr std::string_view taken_in_the_clear = "G MAIL\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok\n";

class RelayTls : public ::testing::Test {
protected:
    Relay relay;
    void SetUp() override { relay.world.zone = Zone(zone); }
    void hold(std::string_view script) { Conversation(relay).hold(script); }
    void recipient(std::string_view to, std::string_view sender = "x@client.test") {
        if (!relay.session) {
            relay.begin();
            hold("S 220");
        }
        Conversation(relay).begin("C HELO client.test\nS 250\nC MAIL FROM:<" + std::string(sender) + ">\nS 250\nC RCPT TO:<" +
                                  std::string(to) + ">");
    }
    static std::string script(std::initializer_list<std::string_view> parts) {
        std::string all;
        for (const auto part : parts) all.append(part).append("\n");
        return all;
    }
};

TEST_F(RelayTls, may_takes_what_there_is) {
    relay.settings->tls_level = TlsLevel::may;
    recipient("y@a.test");
    hold(script({"dial mx.test 192.0.2.1", begins_tls, "tls bad", taken}));
}

TEST_F(RelayTls, may_does_without_where_the_handshake_fails) {
    relay.settings->tls_level = TlsLevel::may;
    recipient("y@a.test");
    hold(script({"dial mx.test 192.0.2.1", begins_tls, "tls fails", "dial mx.test 192.0.2.1", offers_tls, taken_in_the_clear}));
    EXPECT_EQ(relay.house.failures.size(), 1u);
}

TEST_F(RelayTls, may_does_without_where_starttls_is_refused) {
    relay.settings->tls_level = TlsLevel::may;
    recipient("y@a.test");
    hold(script({"dial mx.test 192.0.2.1", offers_tls, "G STARTTLS\nH 454 not now", taken_in_the_clear}));
    EXPECT_EQ(relay.house.failures, std::vector<std::string>{"mx.test 192.0.2.1 no-tls: 454 not now"});
}

TEST_F(RelayTls, encrypt_goes_on_to_a_host_that_has_it) {
    relay.settings->tls_level = TlsLevel::encrypt;
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", no_tls, "dial two.two.test 192.0.2.12", begins_tls, "tls none", taken}));
    EXPECT_EQ(relay.house.failures.at(0), "one.two.test 192.0.2.11 no-tls: STARTTLS is not offered");
}

TEST_F(RelayTls, encrypt_is_never_without) {
    relay.settings->tls_level = TlsLevel::encrypt;
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls fails", "dial two.two.test 192.0.2.12", offers_tls,
                 "G STARTTLS\nH 454 not now\nS 451 4.7.5"}));
}

TEST_F(RelayTls, verify) {
    relay.settings->tls_level = TlsLevel::verify;
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls name", "dial two.two.test 192.0.2.12", begins_tls, "tls good", taken}));
    EXPECT_EQ(relay.house.failures.at(0), "one.two.test 192.0.2.11 not-proven: the certificate has another name");
    EXPECT_EQ(relay.session->target().tls->names, std::vector<std::string>{"two.two.test"});
}

TEST_F(RelayTls, where_tls_failed_once_that_is_the_reply_whatever_the_last_host_did) {
    relay.settings->tls_level = TlsLevel::verify;
    for (const std::string_view last : {"dial two.two.test 192.0.2.12 fails", "dial two.two.test 192.0.2.12\nhop closes",
                                        "dial two.two.test 192.0.2.12\nhop late", "dial two.two.test 192.0.2.12\nH 554 no service"}) {
        recipient("y@two.test");
        hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls name", last, "S 451 4.7.5"}));
    }
    recipient("y@two.test");
    hold("dial one.two.test 192.0.2.11 fails\ndial two.two.test 192.0.2.12 fails\nS 451 4.4.1");
}

TEST_F(RelayTls, a_host_that_was_left_out_for_its_tls_is_a_cause_too) {
    relay.settings->tls_level = TlsLevel::dane;
    relay.world.zone = Zone(std::string(zone) + "_25._tcp.one.two.test TLSA bogus");
    recipient("y@two.test");
    hold("dial two.two.test 192.0.2.12 fails\nS 451 4.7.5");
}

TEST_F(RelayTls, what_fails_once_tls_is_up_is_no_fault_of_tls) {
    relay.settings->tls_level = TlsLevel::verify;
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls name", "dial two.two.test 192.0.2.12", begins_tls, "tls good",
                 "G EHLO us.test\nH 250 mx\nG MAIL\nhop closes\nS 451 4.4.2"}));
}

TEST_F(RelayTls, an_address_is_verified_by_itself) {
    relay.settings->tls_level = TlsLevel::verify;
    relay.settings->next_hop = NextHop::parse("192.0.2.1:25").value();
    recipient("y@a.test");
    hold(script({"dial 192.0.2.1 192.0.2.1", begins_tls, "tls good", taken}));
    EXPECT_EQ(relay.session->target().tls->names, std::vector<std::string>{"192.0.2.1"});
}

TEST_F(RelayTls, mta_sts_counts_with_every_level) {
    relay.world.zone = Zone(std::string(zone) + "_mta-sts.two.test TXT v=STSv1; id=1");
    relay.source.body = testing::policy_text("enforce", 3600, "two.two.test");
    for (const TlsLevel level : {TlsLevel::may, TlsLevel::encrypt, TlsLevel::verify, TlsLevel::dane}) {
        relay.settings->tls_level = level;
        recipient("y@two.test");
        hold(script({"dial two.two.test 192.0.2.12", begins_tls, "tls bad", "S 451 4.7.5"}));
    }
    relay.settings->mta_sts = false;
    relay.settings->tls_level = TlsLevel::may;
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls bad", taken}));
}

TEST_F(RelayTls, commands_that_came_before_tls_end_the_connection) {
    relay.settings->tls_level = TlsLevel::may;
    recipient("y@a.test");
    hold(script({"dial mx.test 192.0.2.1", offers_tls, "G STARTTLS\nH 220 go\\r\\n250 injected\nS 451 4.4.2"}));
    EXPECT_FALSE(relay.securing);
}

TEST_F(RelayTls, dane_matches_or_the_next_host_is_asked) {
    relay.settings->tls_level = TlsLevel::dane;
    // SHA-256 of the chain's first certificate, which is "good".
    const std::string digest = testing::unescaped(
        "\\x77\\x0e\\x60\\x76\\x24\\xd6\\x89\\x26\\x5c\\xa6\\xc4\\x48\\x84\\xd0\\x80\\x7d"
        "\\x9b\\x05\\x4d\\x23\\xc4\\x73\\xc1\\x06\\xc7\\x2b\\xe9\\xde\\x08\\xb7\\x37\\x6c");
    relay.world.zone = Zone(std::string(zone) + "_25._tcp.one.two.test! TLSA 3 0 1 " + digest);
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls bad", "dial two.two.test 192.0.2.12", begins_tls, "tls bad", taken}));
    EXPECT_EQ(relay.house.failures.at(0), "one.two.test 192.0.2.11 not-proven: no TLSA record matches");
    relay.session.reset();
    recipient("y@two.test");
    hold(script({"dial one.two.test 192.0.2.11", begins_tls, "tls good", taken}));
}

TEST_F(RelayTls, dane_mismatch_of_the_only_host_is_never_plaintext) {
    relay.settings->tls_level = TlsLevel::dane;
    relay.settings->tls_fallback = TlsLevel::may;
    relay.world.zone = Zone(std::string(zone) + "_25._tcp.mx.test! TLSA 3 1 1 " + std::string(32, 'x'));
    for (const std::string& what : {script({begins_tls, "tls good", "S 451 4.7.5"}), script({begins_tls, "tls fails", "S 451 4.7.5"}),
                                    script({no_tls, "S 451 4.7.5"})}) {
        recipient("y@a.test");
        hold(script({"dial mx.test 192.0.2.1", what}));
    }
}

TEST_F(RelayTls, a_policy_that_is_only_tried_says_what_would_have_failed) {
    relay.settings->tls_level = TlsLevel::dane;
    relay.settings->tls_fallback = TlsLevel::may;
    relay.world.zone = Zone(std::string(zone) + "_mta-sts.a.test TXT v=STSv1; id=1");
    relay.source.body = testing::policy_text("testing", 3600, "mx.test");
    const std::pair<std::string, std::string> cases[] = {{script({begins_tls, "tls good", taken}), ""},
                                                         {script({begins_tls, "tls bad", taken}), "certificate not verified: self-signed"},
                                                         {script({no_tls, taken_in_the_clear}), "no TLS"},
                                                         {script({offers_tls, "G STARTTLS\nH 454 not now", taken_in_the_clear}), "no TLS"}};
    for (const auto& [what, tried] : cases) {
        recipient("y@a.test");
        hold(script({"dial mx.test 192.0.2.1", what, "C DATA\nG DATA\nH 550 no\nS 550 no\nG RSET\nH 250 ok"}));
        EXPECT_EQ(relay.house.deliveries.back().tried, tried);
        EXPECT_EQ(relay.house.deliveries.back().policy, "mta-sts-testing");
        relay.far_ends(LegEnding::peer_closed);
    }
}

TEST_F(RelayTls, an_enforced_policy) {
    relay.settings->tls_level = TlsLevel::dane;
    relay.settings->tls_fallback = TlsLevel::may;
    relay.world.zone = Zone(std::string(zone) + "_mta-sts.two.test TXT v=STSv1; id=1");
    relay.source.body = testing::policy_text("enforce", 3600, "two.two.test");
    recipient("y@two.test");
    hold(script({"dial two.two.test 192.0.2.12", begins_tls, "tls bad", "S 451 4.7.5"}));
    recipient("y@two.test");
    hold(script({"dial two.two.test 192.0.2.12", begins_tls, "tls good", taken, "C DATA\nG DATA\nH 550 no\nS 550 no\nG RSET\nH 250 ok"}));
    EXPECT_EQ(relay.house.deliveries.back().policy, "mta-sts");
    EXPECT_EQ(relay.house.deliveries.back().proof, "verified");
    EXPECT_EQ(relay.house.deliveries.back().why, "MTA-STS does not name one.two.test");
}

class Xoorg : public RelayTls {
protected:
    void SetUp() override {
        RelayTls::SetUp();
        relay.house.tenants = testing::shared(testing::snapshot_of(testing::index_of(R"({"version": 2, "tenants": {
            "contoso": {"domains": ["contoso.test"], "organizations": ["contoso.onmicrosoft.test"]}}})")));
        relay.settings->xoorg_for = {XoorgFor::parse("127.0.0.0/8 contoso.onmicrosoft.test").value()};
        relay.settings->next_hop = NextHop::parse("mx.test:25").value();
    }
    /// Up to the EHLO within TLS.
    void reach(std::string_view sender) {
        recipient("y@a.test", sender);
        hold(script({"dial mx.test 192.0.2.1", begins_tls, "tls good", "G EHLO us.test"}));
    }
    void send_message() {
        hold("C DATA\nG DATA\nH 354 go\nS 354");
        relay.say("X-MS-Exchange-Organization-AuthAs: Internal\r\nFrom: a\r\n\r\nbody\r\n.\r\n");
    }
    bool message_has(std::string_view text) const { return relay.far.find(text) != std::string::npos; }
};

TEST_F(Xoorg, is_said_to_a_hop_that_announces_it_for_a_sender_that_is_covered) {
    reach("x@contoso.test");
    hold("H 250-mx\\r\\n250 XOORG\nG MAIL FROM:<x@contoso.test> XOORG=contoso.onmicrosoft.test\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok");
    send_message();
    EXPECT_FALSE(message_has("X-MS-Exchange"));
    EXPECT_TRUE(message_has("From: a\r\n\r\nbody\r\n.\r\n"));
    relay.far.clear();
    hold("H 250 done\nS 250 done");
    EXPECT_EQ(relay.house.deliveries.at(0).xoorg, "contoso.onmicrosoft.test");
}

TEST_F(Xoorg, is_not_said_without_one_of_its_conditions) {
    struct Case {
        std::string name, sender = "x@contoso.test", announced = "H 250-mx\\r\\n250 XOORG\n";
        bool certificate = true, tenants = true;
        std::string client = "127.0.0.1";
    };
    const Case cases[] = {
        {.name = "another sender", .sender = "x@stranger.test"}, {.name = "a sender without a domain", .sender = "x@[192.0.2.1]"},
        {.name = "not announced", .announced = "H 250 mx\n"},    {.name = "no certificate of ours", .certificate = false},
        {.name = "nobody knows tenants", .tenants = false},      {.name = "another client", .client = "::1"}};
    const auto tenants = relay.house.tenants;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        relay.settings->has_certificate = c.certificate;
        relay.house.tenants = c.tenants ? tenants : nullptr;
        relay.session.reset();
        relay.far_open = false;
        relay.begin(c.client);
        hold("S 220");
        reach(c.sender);
        hold(script({c.announced, "G MAIL FROM:<" + c.sender + ">\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok"}));
        EXPECT_TRUE(relay.house.deliveries.empty());
        send_message();
        EXPECT_TRUE(message_has("X-MS-Exchange-Organization-AuthAs: Internal"));
        relay.far.clear();
        hold("H 250 done\nS 250 done");
        EXPECT_EQ(relay.house.deliveries.back().xoorg, "");
        relay.house.deliveries.clear();
    }
}

TEST_F(Xoorg, is_not_said_without_tls) {
    recipient("y@a.test", "x@contoso.test");
    hold(script({"dial mx.test 192.0.2.1",
                 "H 220 mx\nG EHLO us.test\nH 250-mx\\r\\n250 XOORG\nG MAIL FROM:<x@contoso.test>\nH 250 ok\nG RCPT\nH 250 ok\nS 250 ok"}));
}

TEST_F(Xoorg, a_hop_that_does_not_announce_it_may_be_refused) {
    relay.settings->xoorg_unannounced = XoorgUnannounced::defer;
    reach("x@contoso.test");
    hold("H 250 mx\nS 451 4.7.4");
    hold(
        "C RSET\nS 250\nC MAIL FROM:<x@stranger.test>\nS 250\nC RCPT TO:<y@a.test>\nG MAIL FROM:<x@stranger.test>\nH 250 ok\nG RCPT\nH 250 "
        "ok\nS 250 ok");
}

TEST_F(Xoorg, the_null_sender_is_vouched_for_as_its_author) {
    const std::string open = script({"dial mx.test 192.0.2.1", begins_tls, "tls good", "G EHLO us.test\nH 250-mx\\r\\n250 XOORG"});
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"From: <x@contoso.test>\r\n", "G MAIL FROM:<> XOORG=contoso.onmicrosoft.test"},
        {"From: <x@stranger.test>\r\n", "G MAIL FROM:<>"},
        {"From: <x@contoso.test>\r\nFrom: <x@contoso.test>\r\n", "G MAIL FROM:<>"},
        {"Subject: none\r\n", "G MAIL FROM:<>"}};
    for (const auto& [from, mail] : cases) {
        relay.session.reset();
        relay.far_open = false;
        recipient("y@a.test", "");
        hold("S 250 2.0.0\nC RCPT TO:<z@a.test>\nS 452 4.5.3\nC DATA\nS 354");
        relay.say(std::string(from) + "\r\nbody\r\n.\r\n");
        Conversation(relay).begin(script({open, mail, "H 250 ok\nG RCPT TO:<y@a.test>\nH 250 ok\nG DATA\nH 354 go"}));
        EXPECT_EQ(message_has("XOORG"), false);
        EXPECT_TRUE(message_has(std::string(from) + "\r\nbody\r\n.\r\n"));
        relay.far.clear();
        hold("H 250 2.0.0 queued\nS 250 2.0.0 queued");
        EXPECT_EQ(relay.house.deliveries.back().recipients, 1u);
    }
}

TEST_F(Xoorg, tenants_that_cannot_be_looked_up) {
    auto snapshot = testing::snapshot_of(nullptr);
    relay.house.tenants = testing::shared(std::move(snapshot));
    recipient("y@a.test", "x@contoso.test");
    hold("S 451 4.3.0");
}

/// The client may have said RCPT while we looked: what that took is not there for the next hop any more.
TEST_F(Xoorg, a_slow_look_up_leaves_the_first_recipient_less_time) {
    relay.world.tenants_elsewhere = true;
    recipient("y@a.test", "x@contoso.test");
    relay.pass(relay.settings->find_timeout - std::chrono::seconds(1));
    relay.world.tenants_asked.at(0)(Tenants(Tenants::none));
    relay.turn();
    hold(script({"dial mx.test 192.0.2.1", begins_tls, "tls good", "G EHLO us.test\nH 250 mx\nG MAIL"}));
    relay.pass(relay.settings->recipient_timeout - relay.settings->find_timeout + std::chrono::seconds(1) - std::chrono::milliseconds(1));
    EXPECT_EQ(relay.near, "");
    relay.pass(std::chrono::milliseconds(1));
    hold("S 451 4.4.2");
}

TEST_F(Xoorg, tenants_that_are_never_found) {
    relay.world.tenants_elsewhere = true;
    recipient("y@a.test", "x@contoso.test");
    EXPECT_EQ(relay.session->deadline().after, relay.settings->find_timeout);
    relay.late();
    hold("S 451 4.3.0\nC RSET\nS 250");
    ASSERT_EQ(relay.world.tenants_asked.size(), 1u);
    hold("C MAIL FROM:<y@contoso.test>\nS 250");
    ASSERT_EQ(relay.world.tenants_asked.size(), 2u);
    relay.world.tenants_asked[0](Tenants(Tenants::unknown));
    relay.turn();
    EXPECT_EQ(relay.state, LegState::waiting) << "that was the answer to another question";
}

}  // namespace
}  // namespace exota::gate
