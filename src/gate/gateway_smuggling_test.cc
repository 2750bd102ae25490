// One message or a refusal, never two: whatever stands where a careless server would see an end of data, at every place, cut anywhere.
#include <gtest/gtest.h>

#include <set>

#include "gate/gateway_pump.h"
#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

constexpr std::string_view begin = "EHLO client.test\r\nMAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n";
constexpr std::string_view smuggled =
    "MAIL FROM:<evil@contoso.test>\r\nRCPT TO:<victim@dest.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nsmuggled\r\n";

/// All that could end a line, a dot or none or two, and again.
std::vector<std::string> ends() {
    const std::string line_ends[] = {
        "\r\n", "\n", "\r", "\r\r\n", "\n\r", "\r\n\n", std::string(1, '\0'), std::string("\r\0\n", 3), std::string("\r\n\0", 3)};
    std::vector<std::string> all;
    for (const std::string& before : line_ends)
        for (const std::string_view dots : {".", "..", ""})
            for (const std::string& after : line_ends) all.push_back(before + std::string(dots) + after);
    return all;
}

struct Outcome {
    std::string to_client;
    std::vector<std::string> stored, violations;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

class GatewaySmuggling : public ::testing::Test {
protected:
    GatewaySmuggling() {
        settings.hostname = "gw.test";
        settings.received = AddReceived::never;
        settings.backend_identity = BackendIdentity::none;
        judge.use(letting_all_pass());
    }
    Outcome send(std::string_view octets, std::size_t piece) {
        TestHouse house;
        Sink sink;
        Pump pump(settings, judge, world, house, sink);
        pump.say(octets, piece);
        Outcome outcome{pump.wire.to_client, {}, sink.violations};
        for (const StoredMessage& message : sink.stored) outcome.stored.push_back(message.envelope[0] + '|' + message.text);
        return outcome;
    }
    GatewaySettings settings;
    Recorder recorder;
    StillWorld world;
    Judge judge{recorder, world};
};

TEST_F(GatewaySmuggling, one_message_or_a_refusal) {
    std::size_t cases = 0, refused = 0;
    for (const std::string& end : ends()) {
        // A true end of data is one for everybody, and what stands behind it are commands that the client properly said.
        if (end.find("\r\n.\r\n") != std::string::npos) continue;
        for (const bool held : {false, true})
            for (const std::string_view place : {"header", "end of header", "body"}) {
                SCOPED_TRACE(std::string(place) + (held ? ", held: " : ": ") + ::testing::PrintToString(end));
                std::string text = "From: jane@contoso.test\r\n" + (held ? std::string(signed_field) : "") + "Subject: hello";
                if (place == "end of header") text += "\r\n";
                if (place == "body") text += "\r\n\r\nbody";
                text += end;
                const bool is_clean = [&] {
                    std::string rest = text + std::string(smuggled);
                    for (std::size_t at = 0; (at = rest.find("\r\n", at)) != std::string::npos;) rest.erase(at, 2);
                    return rest.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
                }();
                const std::string octets = std::string(begin) + text + std::string(smuggled) + ".\r\nQUIT\r\n";
                const Outcome whole = send(octets, octets.size());
                EXPECT_EQ(whole.violations, std::vector<std::string>{});
                EXPECT_EQ(whole.stored.size(), is_clean ? 1U : 0U) << whole.to_client;
                if (is_clean) {
                    EXPECT_TRUE(whole.stored[0].starts_with("MAIL FROM:<a@contoso.test>|"));
                    EXPECT_NE(whole.stored[0].find("MAIL FROM:<evil"), std::string::npos) << "it is the message's text";
                } else {
                    EXPECT_NE(whole.to_client.find("\r\n550 5.6.11 "), std::string::npos) << whole.to_client;
                    ++refused;
                }
                EXPECT_TRUE(whole.to_client.ends_with("221 2.0.0 Bye\r\n")) << "the session goes on: " << whole.to_client;
                for (const std::size_t piece : {1U, 3U}) EXPECT_EQ(send(octets, piece), whole) << piece;
                ++cases;
                if (HasFailure()) return;
            }
    }
    EXPECT_GT(cases, 1000U);
    EXPECT_GT(refused, 900U);
}

TEST_F(GatewaySmuggling, cut_in_two_at_every_octet) {
    for (const std::string_view end : {"\n.\n", "\r.\r", "\r\n.\n", "\n.\r\n", "\r\n..\r\n", "\r\r\n.\r\n"}) {
        const std::string octets =
            std::string(begin) + "From: jane@contoso.test\r\n\r\nbody" + std::string(end) + std::string(smuggled) + ".\r\n";
        const Outcome whole = send(octets, octets.size());
        EXPECT_EQ(whole.stored.size(), end == "\r\r\n.\r\n" || end == "\r\n..\r\n" ? 1U : 0U)
            << "what follows a true end was properly said";
        for (std::size_t cut = 1; cut < octets.size(); ++cut) {
            TestHouse house;
            Sink sink;
            Pump pump(settings, judge, world, house, sink);
            pump.say(std::string_view(octets).substr(0, cut));
            pump.say(std::string_view(octets).substr(cut));
            ASSERT_EQ(pump.wire.to_client, whole.to_client) << cut;
            ASSERT_EQ(sink.stored.size(), whole.stored.size()) << cut;
        }
    }
}

/// Octets in the clear behind STARTTLS are never read under TLS, however they come.
TEST_F(GatewaySmuggling, commands_behind_starttls) {
    settings.offers_tls = true;
    for (const std::string_view behind : {"MAIL FROM:<a@contoso.test>\r\n", "EHLO x.test\r\n", "\n", "M"}) {
        TestHouse house;
        Sink sink;
        Pump pump(settings, judge, world, house, sink);
        pump.say("EHLO client.test\r\nSTARTTLS\r\n" + std::string(behind));
        EXPECT_TRUE(pump.wire.is_closed());
        EXPECT_TRUE(pump.wire.to_client.ends_with("\r\n421 4.5.1 Octets before they were asked for\r\n")) << pump.wire.to_client;
        Pump later(settings, judge, world, house, sink);
        later.say("EHLO client.test\r\nSTARTTLS\r\n");
        EXPECT_TRUE(later.wire.to_client.ends_with("220 2.0.0 Ready to start TLS\r\n"));
        later.say(behind);
        EXPECT_TRUE(later.wire.is_closed());
    }
}

TEST_F(GatewaySmuggling, a_client_that_speaks_before_it_is_greeted) {
    TestHouse house;
    GatewayClient eager;
    eager.spoke_first = true;
    Wire wire(std::make_shared<const GatewaySettings>(settings), eager, judge, world, house);
    wire.open();
    EXPECT_EQ(wire.to_client, "421 4.5.1 Octets before they were asked for\r\n");
    EXPECT_TRUE(wire.is_closed());
}

/// What the backend says reaches the client as lines that are safe, and only as the reply that it is.
TEST_F(GatewaySmuggling, a_backend_that_splits_its_replies) {
    const struct {
        std::string_view reply, told;
    } cases[] = {
        {"250 ok\r\n250 and another\r\n", "451 4.4.2 "},  // nobody asked
        {"250 ok\n250 more\r\n", "451 4.4.2 "},
        {"250 ok\r250 more\r\n", "451 4.4.2 "},
        {"250-ok\r\n550 no\r\n", "451 4.4.2 "},
        {"354 go on\r\n", "451 4.4.2 "},
        {"ok\r\n", "451 4.4.2 "},
        {"550 a\x01"
         "b\xff"
         "c\r\n",
         "550 a?b?c\r\n"},
        {"550-one\r\n550 two\r\n", "550-one\r\n550 two\r\n"},
    };
    for (const auto& c : cases) {
        TestHouse house;
        Sink sink;
        Pump pump(settings, judge, world, house, sink);
        pump.say("EHLO client.test\r\n");
        const std::size_t before = pump.wire.to_client.size();
        // Straight at the session: the sink is never asked.
        pump.wire.on_far_octets = [](std::string_view) {};
        pump.wire.client("MAIL FROM:<a@contoso.test>\r\n");
        pump.wire.backend(c.reply);
        const std::string told = pump.wire.to_client.substr(before);
        if (c.reply.starts_with("250 ok\r\n"))
            EXPECT_EQ(told, "250 ok\r\n") << "the second line was nobody's answer, and its connection is gone";
        else
            EXPECT_TRUE(told.starts_with(c.told)) << told;
        if (c.told.starts_with("451")) EXPECT_EQ(pump.wire.far_is, Wire::Far::none) << c.reply;
    }
}

}  // namespace
}  // namespace exota::gate
