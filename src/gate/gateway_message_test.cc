// What is behind DATA: when it is judged, what is kept where, and what the backend gets.
#include "gate/gateway_message.h"

#include "gate/gateway_fixture.h"
#include "gate/gateway_pump.h"
#include "gate/verifying_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

class GatewayMessages : public ::testing::Test {
protected:
    void SetUp() override {
        settings.hostname = "gw.test";
        settings.backend_identity = BackendIdentity::none;
        settings.received = AddReceived::never;
        judge.use(letting_all_pass());
        sink.offers = "250-sink.test\r\n250-PIPELINING\r\n250 XCLIENT ADDR HELO\r\n";
    }
    Pump& begin() {
        Pump& made = pump.emplace(settings, judge, world, house, sink);
        made.say("EHLO client.test\r\nMAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n");
        made.wire.noted.clear();
        made.wire.to_client.clear();
        return made;
    }
    std::string stored() const { return sink.stored.empty() ? "nothing" : sink.stored.back().text; }

    GatewaySettings settings;
    Recorder recorder;
    StillWorld world;
    Judge judge{recorder, world};
    TestHouse house;
    Sink sink;
    std::optional<Pump> pump;
    const std::string from = "From: jane@contoso.test\r\n", signature{signed_field};
};

TEST_F(GatewayMessages, where_the_header_settles_it_the_body_streams) {
    begin().say(from + "\r\n");
    EXPECT_TRUE(pump->wire.to_backend.ends_with("DATA\r\n" + from + "\r\n"));
    pump->say("one\r\ntw");
    EXPECT_TRUE(pump->wire.to_backend.ends_with("\r\n\r\none\r\ntw"));
    EXPECT_EQ(stored(), "nothing");
    pump->say("o\r\n.\r\n");
    EXPECT_EQ(stored(), from + "\r\none\r\ntwo\r\n");
    EXPECT_EQ(recorder.messages.back().stage, Stage::header);
}

TEST_F(GatewayMessages, long_lines_are_counted_and_passed_on) {
    const std::string lines = std::string(998, 'x') + "\r\n" + std::string(999, 'y') + "\r\n" + std::string(5000, 'z') + "\r\n";
    begin().say(from + "\r\n" + lines);
    EXPECT_EQ(house.long_ones, 0u) << "until its end";
    pump->say(".\r\n");
    EXPECT_EQ(stored(), from + "\r\n" + lines);
    EXPECT_EQ(house.long_ones, 2u);
}

TEST_F(GatewayMessages, where_the_body_may_matter_it_is_held) {
    begin().say(from + signature + "\r\n" + std::string(200'000, 'x') + "\r\n");
    EXPECT_TRUE(pump->wire.to_backend.ends_with("RCPT TO:<b@dest.test>\r\n")) << "no DATA before the verdict";
    pump->say(".\r\n");
    EXPECT_EQ(stored(), from + signature + "\r\n" + std::string(200'000, 'x') + "\r\n");
    EXPECT_EQ(std::ranges::count(pump->wire.noted, "is more-far"), 3) << "in pieces";
    EXPECT_EQ(recorder.messages.back().stage, Stage::message);
}

TEST_F(GatewayMessages, a_header_of_any_form_arrives_as_it_was) {
    const std::string headers[] = {"", from, from + signature, "X: folded\r\n and on\r\n" + from};
    const std::string bodies[] = {"", "\r\n", "\r\n\r\n", "\r\nbody\r\n", "\r\n.\r\n", "\r\n..x\r\n"};
    for (const std::string& header : headers)
        for (const std::string& body : bodies) {
            sink.stored.clear();
            std::string sent = header + body;
            for (std::size_t at = 0; (at = sent.find("\r\n.", at)) != std::string::npos; at += 4) sent.insert(at + 2, ".");
            begin().say(sent + ".\r\n");
            EXPECT_EQ(stored(), header + body) << pump->wire.to_client;
        }
    begin().say(from + "no field\r\nbody\r\n.\r\n");
    EXPECT_EQ(stored(), from + "\r\nno field\r\nbody\r\n") << "an empty line, so that all readers agree";
}

TEST_F(GatewayMessages, a_long_header_lies_in_the_spool_as_well) {
    for (const std::string& kind : {std::string(), signature}) {
        std::string header = from + kind;
        for (int i = 0; header.size() < 3 * GatewayMessage::max_header_octets_here; ++i)
            header += "X-" + std::to_string(i) + ": " + std::string(900, 'y') + "\r\n";
        begin().say(header + "\r\nbody\r\n.\r\n", 5000);
        EXPECT_EQ(stored(), header + "\r\nbody\r\n");
    }
}

TEST_F(GatewayMessages, what_cannot_be_kept_is_a_temporary_failure_at_the_end) {
    house.spool_limit = 10'000;
    begin().say(from + signature + "\r\n" + std::string(20'000, 'x') + "\r\n", 1000);
    EXPECT_EQ(pump->wire.to_client, "") << "not before its end";
    EXPECT_TRUE(pump->wire.to_backend.ends_with("RSET\r\n"));
    pump->say(".\r\nNOOP\r\n");
    EXPECT_EQ(pump->wire.to_client, "452 4.3.1 Insufficient system storage; try again\r\n250 2.0.0 Ok\r\n");
    EXPECT_EQ(house.unjudged, std::vector<std::string>{"Q1 452 4.3.1 Insufficient system storage; try again"});
    EXPECT_EQ(stored(), "nothing");
    begin().say(from + "\r\n" + std::string(20'000, 'x') + "\r\n.\r\n");
    EXPECT_NE(stored(), "nothing") << "one that streams needs no room";
}

TEST_F(GatewayMessages, what_breaks_a_limit_is_refused_at_its_end_wherever_it_is_by_then) {
    settings.message_octets = 5000;
    for (const bool held : {false, true}) {
        begin().say(from + (held ? signature : "") + "\r\n" + std::string(6000, 'x') + "\r\n");
        EXPECT_EQ(pump->wire.to_client, "");
        EXPECT_EQ(pump->wire.far_is, held ? Wire::Far::open : Wire::Far::none) << "a message without its dot comes to nothing";
        pump->say("more\r\n.\r\n");
        EXPECT_EQ(pump->wire.to_client, "552 5.3.4 Message too big\r\n");
        pump->say("MAIL FROM:<a@contoso.test>\r\n");
        EXPECT_TRUE(pump->wire.to_client.ends_with("250 2.1.0 Ok\r\n")) << "and the session goes on";
    }
    EXPECT_EQ(stored(), "nothing");
    EXPECT_EQ(sink.violations, std::vector<std::string>{});
}

TEST_F(GatewayMessages, a_header_far_above_its_limit) {
    Snapshot snapshot = *letting_all_pass();
    snapshot.limits.header_octets = 1000;
    judge.use(shared(std::move(snapshot)));
    begin().say(from + "X: " + std::string(1100, 'x') + "\r\n\r\n.\r\n");
    EXPECT_EQ(recorder.messages.back().decision.reason, decision::Reason::too_complex) << "a little above it there is a verdict";
    begin().say(from + "X: " + std::string(2100, 'x') + "\r\n\r\n.\r\n");
    EXPECT_EQ(pump->wire.to_client, "552 5.3.4 Header too big\r\n");
}

TEST_F(GatewayMessages, received_is_ours_where_the_backend_would_not_name_the_client) {
    settings.received = AddReceived::automatic;
    begin().say(from + "\r\nbody\r\n.\r\n");
    EXPECT_TRUE(stored().starts_with("Received: from client.test (unknown [192.0.2.1])\r\n\tby gw.test with ESMTP id Q1;\r\n\t"))
        << stored();
    EXPECT_TRUE(stored().ends_with("\r\n" + from + "\r\nbody\r\n"));
    settings.backend_identity = BackendIdentity::xclient;
    begin().say(from + "\r\nbody\r\n.\r\n");
    EXPECT_TRUE(stored().starts_with(from));
}

/// Own verification, with DNS that answers when the test says.
class GatewayVerifies : public Verifying {
protected:
    void SetUp() override {
        Snapshot snapshot =
            snapshot_of(index_of(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "proofs": ["dkim-aligned"]}}})"));
        snapshot.rules.dkim_source = decision::DkimSource::verify;
        snapshot.rules.authres.authserv_ids = {};
        rules_changed(std::move(snapshot));
        settings.hostname = "gw.test";
        settings.backend_identity = BackendIdentity::none;
        settings.received = AddReceived::never;
    }
    std::string text_of(const authn::TestMessage& message) {
        std::string text;
        for (const authn::TestField& field : message.fields) text += field.name + ":" + field.value + "\r\n";
        return text + "\r\n" + message.body;
    }
    GatewaySettings settings;
    TestHouse house;
    Sink sink;
};

TEST_F(GatewayVerifies, a_message_waits_for_the_key_and_passes_with_its_result) {
    authn::TestMessage message = message_of("contoso.test");
    message.body = "Hello.\r\n";
    sign(message, key, by("contoso.test"));
    settings.command_timeout = std::chrono::milliseconds(500);
    for (const bool good : {true, false}) {
        Pump pump(settings, judge, network, house, sink);
        pump.say("EHLO client.test\r\nMAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n");
        const std::string results = "Authentication-Results: mx.test; dkim=pass header.d=contoso.test\r\n";
        pump.say(results + text_of(message) + (good ? "" : "changed\r\n") + ".\r\n");
        EXPECT_EQ(pump.wire.state, good ? LegState::waiting : LegState::reading) << "where the body was changed, no key can help";
        EXPECT_EQ(pump.wire.session.busy(), good);
        network.clock += std::chrono::seconds(1);
        if (network.held.contains("s1._domainkey.contoso.test")) network.answer("s1._domainkey.contoso.test", txt(key.record()));
        pump.run();
        if (good) {
            ASSERT_EQ(sink.stored.size(), 1U) << pump.wire.to_client;
            EXPECT_NE(sink.stored[0].text.find("X-ExOTA-Authentication-Results: mx.test;\r\n  auth=pass"), std::string::npos);
            EXPECT_EQ(sink.stored[0].text.find("dkim=pass"), std::string::npos) << "nobody's claim is passed on as ours";
            EXPECT_TRUE(pump.wire.to_client.ends_with("250 2.0.0 Queued\r\n"));
            EXPECT_EQ(pump.wire.session.deadline().after, settings.command_timeout) << "the time of a look-up is none of the client's";
        } else {
            EXPECT_EQ(sink.stored.size(), 1U);
            EXPECT_NE(pump.wire.to_client.find("\r\n550 5.7."), std::string::npos) << pump.wire.to_client;
        }
    }
}

TEST_F(GatewayVerifies, a_client_that_goes_while_the_verdict_is_pending_is_logged_with_it) {
    authn::TestMessage message = message_of("contoso.test");
    sign(message, key, by("contoso.test"));
    Pump pump(settings, judge, network, house, sink);
    pump.say("EHLO client.test\r\nMAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n" + text_of(message) + ".\r\n");
    pump.wire.near_ended(LegEnding::peer_closed);
    EXPECT_TRUE(pump.wire.is_closed());
    EXPECT_TRUE(recorder.messages.empty());
    network.answer("s1._domainkey.contoso.test", txt(key.record()));
    ASSERT_EQ(recorder.messages.size(), 1U);
    EXPECT_EQ(recorder.messages[0].delivery, "||");
    EXPECT_TRUE(sink.stored.empty());
}

}  // namespace
}  // namespace exota::gate
