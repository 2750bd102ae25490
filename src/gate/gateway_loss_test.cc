// Nothing is lost and nothing doubled: the backend in trouble at every step of a transaction, the client gone behind every octet. A client
// that got 2xx finds exactly one copy with the sink; one that did not will try again, so it may find one only where the sink's own reply to
// the whole message was lost.
#include <gtest/gtest.h>

#include "gate/gateway_pump.h"
#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;

struct Case {
    bool held = false, pipelined = false;
    BackendIdentity identity = BackendIdentity::none;
    Trouble trouble = Trouble::none;
    std::size_t at = 0;
    friend std::ostream& operator<<(std::ostream& to, const Case& c) {
        return to << (c.held ? "held" : "streamed") << (c.pipelined ? " pipelined" : "") << " identity " << static_cast<int>(c.identity)
                  << " trouble " << static_cast<int>(c.trouble) << " at step " << c.at;
    }
};

std::string header_of(bool held) {
    return "From: jane@contoso.test\r\nSubject: hello\r\n" + (held ? std::string(signed_field) : "") + "\r\n";
}
std::string text_of(std::size_t number, bool held) {
    return header_of(held) + "message " + std::to_string(number) + "\r\n.with a dot\r\n" + std::string(3000, 'x') + "\r\n";
}
std::string dotted(std::string text) {
    for (std::size_t at = 0; (at = text.find("\r\n.", at)) != std::string::npos; at += 4) text.insert(at + 2, ".");
    return text + ".\r\n";
}

class GatewayLoss : public ::testing::Test {
protected:
    GatewayLoss() {
        settings.hostname = "gw.test";
        settings.received = AddReceived::never;
        settings.backend = {"one", "two"};
        judge.use(letting_all_pass());
    }
    /// A client that reads its replies. @return it got 2xx to its dot.
    bool transaction(Pump& pump, std::size_t number, const Case& c) {
        std::size_t replies = pump.replies_so_far();
        const std::string rcpt = "RCPT TO:<b@dest.test>\r\nRCPT TO:<c@dest.test>\r\n", mail = "MAIL FROM:<a@contoso.test>\r\n";
        if (c.pipelined) {
            pump.say(mail + rcpt + "DATA\r\n");
            pump.wait_for(replies + 4);
            replies = pump.replies_so_far() - 1;
        } else {
            for (const std::string& command :
                 {mail, rcpt.substr(0, rcpt.size() / 2), rcpt.substr(rcpt.size() / 2), std::string("DATA\r\n")}) {
                replies = pump.replies_so_far();
                pump.say(command);
                pump.wait_for(replies + 1);
            }
        }
        if (pump.wire.is_closed() || pump.reply(replies) != 354) return false;
        pump.say(dotted(text_of(number, c.held)), 1000);
        pump.wait_for(replies + 2);
        return pump.reply(replies + 1) / 100 == 2;
    }
    std::size_t copies(const Sink& sink, std::size_t number, bool held) {
        std::size_t count = 0;
        for (const StoredMessage& message : sink.stored)
            if (message.text == text_of(number, held)) {
                ++count;
                EXPECT_EQ(message.envelope.front(), "MAIL FROM:<a@contoso.test>");
            }
        return count;
    }

    GatewaySettings settings;
    Recorder recorder;
    StillWorld world;
    Judge judge{recorder, world};
};

TEST_F(GatewayLoss, a_backend_in_trouble_at_every_step) {
    std::size_t points = 0, accepted = 0, dialled_again = 0;
    for (const BackendIdentity identity : {BackendIdentity::none, BackendIdentity::proxy, BackendIdentity::xclient})
        for (const bool held : {false, true})
            for (const bool pipelined : {false, true})
                for (std::size_t trouble = 1; trouble < trouble_count; ++trouble)
                    for (std::size_t at = 0;; ++at) {
                        const Case c{held, pipelined, identity, static_cast<Trouble>(trouble), at};
                        SCOPED_TRACE(::testing::PrintToString(c));
                        settings.backend_identity = identity;
                        TestHouse house;
                        Sink sink;
                        sink.trouble = c.trouble;
                        sink.trouble_at = at;
                        Pump pump(settings, judge, world, house, sink);
                        pump.say("EHLO client.test\r\n");
                        pump.wait_for(2);
                        for (const std::size_t number : {1U, 2U}) {
                            const std::size_t steps = sink.steps;
                            const bool is_accepted = transaction(pump, number, c);
                            const std::size_t found = copies(sink, number, held);
                            if (is_accepted)
                                EXPECT_EQ(found, 1U) << pump.wire.to_client;
                            else if (steps <= at && at < sink.steps && found > 0)
                                EXPECT_EQ(found, 1U) << "the reply to its dot may have been lost";
                            else
                                EXPECT_EQ(found, 0U) << pump.wire.to_client;
                            accepted += is_accepted ? 1 : 0;
                        }
                        EXPECT_EQ(sink.violations, std::vector<std::string>{}) << pump.wire.to_client;
                        EXPECT_EQ(sink.stored.size(), copies(sink, 1, held) + copies(sink, 2, held)) << "nothing but what was said";
                        dialled_again += sink.connections > 1 ? 1 : 0;
                        ++points;
                        if (at > sink.steps || HasFailure()) break;
                    }
    EXPECT_GE(points, 1000U);
    EXPECT_GT(accepted, points) << "most go through, by another connection or a second message";
    EXPECT_GT(dialled_again, points / 4);
}

TEST_F(GatewayLoss, a_client_that_is_gone_behind_any_octet) {
    for (const bool held : {false, true}) {
        const std::string begin = "EHLO client.test\r\nMAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n";
        const std::string body = header_of(held) + "a line\r\n.with a dot\r\n";
        const std::string all = begin + dotted(body) + "MAIL FROM:<a@contoso.test>\r\n";
        const std::size_t whole = begin.size() + dotted(body).size();
        for (std::size_t cut = 0; cut <= all.size(); ++cut) {
            SCOPED_TRACE((held ? "held, cut at " : "streamed, cut at ") + std::to_string(cut));
            settings.backend_identity = BackendIdentity::none;
            TestHouse house;
            Sink sink;
            Pump pump(settings, judge, world, house, sink);
            pump.say(all.substr(0, cut));
            pump.wire.near_ended(LegEnding::peer_closed);
            pump.run();
            EXPECT_TRUE(pump.wire.is_closed());
            EXPECT_EQ(sink.stored.size(), cut < whole ? 0U : 1U);
            EXPECT_EQ(sink.violations, std::vector<std::string>{});
            EXPECT_FALSE(pump.wire.session.busy());
        }
    }
}

/// The client is gone while its message waits for the backend: before our dot it is dropped, behind it the backend's reply is logged.
TEST_F(GatewayLoss, a_client_that_is_gone_while_its_message_is_on_its_way) {
    settings.backend_identity = BackendIdentity::none;
    const std::string begin = "EHLO client.test\r\nMAIL FROM:<a@contoso.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n";
    for (const std::size_t hangs_at : {4U, 5U}) {
        TestHouse house;
        Sink sink;
        sink.trouble = Trouble::hangs;
        sink.trouble_at = hangs_at;
        Pump pump(settings, judge, world, house, sink);
        pump.say(begin + dotted(text_of(1, true)));
        pump.wire.near_ended(LegEnding::peer_closed);
        EXPECT_EQ(pump.wire.is_closed(), hangs_at == 4) << "the dot of the second is out";
        if (hangs_at == 5) {
            pump.wire.backend("250 2.0.0 Queued\r\n");
            EXPECT_TRUE(pump.wire.is_closed());
            EXPECT_EQ(recorder.messages.back().delivery, "one|250 2.0.0 Queued|");
        }
        EXPECT_EQ(sink.stored.size(), 0U);
    }
}

}  // namespace
}  // namespace exota::gate
