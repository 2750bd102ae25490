// Nothing is lost: a next hop that fails at each of its replies in each way, and dies behind each octet of a message. A client that was
// told 2xx finds exactly one copy with the hop, whole; one that was not will try again.
#include <gtest/gtest.h>

#include <algorithm>

#include "gate/relay_hop.h"

namespace exota::gate {
namespace {

using testing::Client;
using testing::FakeHop;
using testing::Relay;
using testing::Zone;
using Fault = FakeHop::Fault;

constexpr std::string_view zone =
    "a.test MX 1 mx.test\na.test MX 2 two.test\nb.test MX 1 mx.test\nmx.test A 192.0.2.1\ntwo.test A 192.0.2.2";

/// Two messages to two recipients each, whatever becomes of them.
class Case {
public:
    Case(RelayProtocol protocol, bool pipelining) : hop(relay) {
        relay.world.zone = Zone(zone);
        relay.settings->protocol = protocol;
        hop.pipelining = pipelining;
    }

    void run() {
        relay.begin();
        relay.near.clear();
        Client client(relay, hop);
        const bool lmtp = relay.settings->protocol == RelayProtocol::lmtp;
        client.command(lmtp ? "LHLO client.test" : "EHLO client.test");
        for (const std::string_view name : {"first", "second"}) {
            const std::string body = "Subject: " + std::string(name) + "\r\n\r\n..\r\n" + std::string(name) + "\r\n.\r\n";
            if (client.command("MAIL FROM:<" + std::string(name) + "@client.test>") != 250) break;
            std::vector<std::string> recipients;
            for (const std::string_view recipient : {"x@a.test", "y@a.test", "z@b.test"})
                if (client.command("RCPT TO:<" + std::string(recipient) + ">") / 100 == 2) recipients.emplace_back(recipient);
            if (recipients.empty() || client.command("DATA") != 354) {
                if (client.command("RSET") != 250) break;
                continue;
            }
            std::string_view rest = body;
            for (; rest.size() > octets_at_once; rest.remove_prefix(octets_at_once)) {
                relay.say(rest.substr(0, octets_at_once));
                hop.drive();
            }
            const auto codes = client.say(rest, lmtp ? recipients.size() : 1);
            for (std::size_t i = 0; i < recipients.size(); ++i) check(name, body, recipients[i], codes[lmtp ? i : 0]);
        }
        client.command("QUIT");
        EXPECT_EQ(client.unanswered, 0) << "a client that waits for ever";
    }

    Relay relay;
    FakeHop hop;
    int told = 0;                                         // replies of 2xx
    int untold = 0;                                       // copies with the hop of which the client does not know
    std::size_t octets_at_once = std::string_view::npos;  // of a message

private:
    void check(std::string_view name, const std::string& body, const std::string& recipient, int code) {
        const auto holds = [&](const FakeHop::Message& message) {
            return std::ranges::find(message.envelope, "RCPT TO:<" + recipient + ">") != message.envelope.end() &&
                   message.envelope.front() == "MAIL FROM:<" + std::string(name) + "@client.test>" && message.content.ends_with(body) &&
                   message.content.starts_with("Received: from client.test");
        };
        const auto copies = std::ranges::count_if(hop.messages, holds);
        const auto others =
            std::ranges::count_if(hop.messages, [](const auto& message) { return message.content.find("\r\n.\r\n") == std::string::npos; });
        EXPECT_EQ(others, 0);
        if (code / 100 == 2) {
            ++told;
            EXPECT_EQ(copies, 1) << name << " " << recipient;
        } else {
            EXPECT_TRUE(code / 100 == 4 || code / 100 == 5 || code == 0) << code;
            // One whose reply to it got lost; never one of ours besides.
            EXPECT_LE(copies, 1) << name << " " << recipient;
            untold += static_cast<int>(copies);
        }
    }
};

/// How many replies the hop makes where none of them is faulty: a fault at each of them happens, and one behind them cannot.
template <class Prepare>
int replies_without_fault(RelayProtocol protocol, bool pipelining, const Prepare& prepare) {
    Case all(protocol, pipelining);
    prepare(all);
    all.run();
    return all.hop.replies();
}

TEST(RelayFaults, a_hop_without_faults_gets_every_message_once) {
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp})
        for (const bool pipelining : {false, true}) {
            Case all(protocol, pipelining);
            all.run();
            EXPECT_EQ(all.told, protocol == RelayProtocol::lmtp ? 6 : 4);
        }
}

TEST(RelayFaults, at_each_reply_in_each_way) {
    int points = 0, untold = 0;
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp})
        for (const bool pipelining : {false, true}) {
            const int replies = replies_without_fault(protocol, pipelining, [](Case&) {});
            for (std::size_t fault = 1; fault < FakeHop::fault_count; ++fault)
                for (int at = 1; at <= replies; ++at) {
                    SCOPED_TRACE(::testing::Message() << "protocol " << static_cast<int>(protocol) << " pipelining " << pipelining
                                                      << " fault " << fault << " at " << at);
                    Case one(protocol, pipelining);
                    one.hop.fault = static_cast<Fault>(fault);
                    one.hop.fault_at = at;
                    one.run();
                    ++points;
                    untold += one.untold;
                    EXPECT_GE(one.hop.replies(), at) << "it did not happen";
                    if (::testing::Test::HasFailure()) return;
                }
        }
    EXPECT_GE(points, 2 * 8 * (12 + 28)) << "two messages to one hop, and to one hop a destination";
    EXPECT_GT(untold, 0) << "a reply to a message was lost";
}

TEST(RelayFaults, behind_each_octet_of_a_message) {
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp})
        for (std::size_t octets = 0; octets < 180; ++octets) {
            SCOPED_TRACE(octets);
            Case one(protocol, true);
            one.hop.dies_in_message = octets;
            one.run();
            if (::testing::Test::HasFailure()) return;
        }
}

TEST(RelayFaults, under_tls_at_each_reply_in_each_way) {
    int points = 0;
    for (const TlsLevel level : {TlsLevel::may, TlsLevel::encrypt, TlsLevel::verify})
        for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp}) {
            const auto under_tls = [level](Case& one) {
                one.relay.settings->tls_level = level;
                one.hop.starttls = true;
            };
            const int replies = std::min(replies_without_fault(protocol, true, under_tls), 14);
            for (std::size_t fault = 1; fault < FakeHop::fault_count; ++fault)
                for (int at = 1; at <= replies; ++at) {
                    SCOPED_TRACE(::testing::Message() << "level " << static_cast<int>(level) << " protocol " << static_cast<int>(protocol)
                                                      << " fault " << fault << " at " << at);
                    Case one(protocol, true);
                    under_tls(one);
                    one.hop.fault = static_cast<Fault>(fault);
                    one.hop.fault_at = at;
                    one.run();
                    ++points;
                    EXPECT_GE(one.hop.replies(), at) << "it did not happen";
                    for (const FakeHop::Message& message : one.hop.messages) EXPECT_TRUE(message.secure || level == TlsLevel::may);
                    if (::testing::Test::HasFailure()) return;
                }
        }
    EXPECT_GE(points, 3 * 2 * 8 * 13);
}

TEST(RelayFaults, nothing_goes_to_a_hop_that_does_not_show_what_it_must) {
    const struct {
        TlsLevel level;
        bool starttls, tls_fails;
        std::string_view certificate;
        bool taken;
    } cases[] = {
        {TlsLevel::may, false, false, "", true},       {TlsLevel::may, true, true, "", true},
        {TlsLevel::may, true, false, "bad", true},     {TlsLevel::encrypt, false, false, "", false},
        {TlsLevel::encrypt, true, true, "", false},    {TlsLevel::encrypt, true, false, "none", true},
        {TlsLevel::encrypt, true, false, "bad", true}, {TlsLevel::verify, false, false, "", false},
        {TlsLevel::verify, true, true, "", false},     {TlsLevel::verify, true, false, "none", false},
        {TlsLevel::verify, true, false, "bad", false}, {TlsLevel::verify, true, false, "name", false},
        {TlsLevel::verify, true, false, "good", true},
    };
    for (const auto& c : cases)
        for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp}) {
            SCOPED_TRACE(::testing::Message() << "level " << static_cast<int>(c.level) << " STARTTLS " << c.starttls << " fails "
                                              << c.tls_fails << " certificate " << c.certificate);
            Case one(protocol, false);
            one.relay.settings->tls_level = c.level;
            one.hop.starttls = c.starttls;
            one.hop.tls_fails = c.tls_fails;
            one.hop.certificate = c.certificate;
            one.run();
            EXPECT_EQ(one.told > 0, c.taken);
            EXPECT_EQ(one.hop.messages.empty(), !c.taken);
        }
}

TEST(RelayFaults, a_hop_that_stops_reading_behind_each_piece) {
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp})
        for (std::size_t pieces = 0; pieces <= 30; ++pieces) {
            SCOPED_TRACE(pieces);
            Case one(protocol, true);
            one.hop.stops_reading = pieces;
            one.octets_at_once = 5;
            one.run();
            EXPECT_FALSE(one.relay.far_open && one.relay.behind) << "waited for to no end";
            if (::testing::Test::HasFailure()) return;
        }
}

TEST(RelayFaults, a_resolver_that_falls_silent_behind_each_answer) {
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp})
        for (std::size_t answers = 0; answers <= 20; ++answers) {
            SCOPED_TRACE(answers);
            Case one(protocol, false);
            one.relay.world.zone = Zone(std::string(zone) + "\n_mta-sts.a.test TXT v=STSv1; id=1");
            one.relay.source.body = testing::policy_text("testing", 60);
            one.relay.world.answers = answers;
            one.run();
            if (::testing::Test::HasFailure()) return;
        }
}

/// While the hop is waited for, or while nobody is.
TEST(RelayFaults, a_client_that_goes_at_each_octet) {
    const std::string behind_hello =
        " c\r\nMAIL FROM:<x@client.test>\r\nRCPT TO:<x@a.test>\r\nDATA\r\nSubject: a\r\n\r\nbody\r\n.\r\nMAIL FROM:<>\r\n";
    const std::size_t whole = 4 + behind_hello.find("\r\n.\r\n") + 5;
    for (const RelayProtocol protocol : {RelayProtocol::smtp, RelayProtocol::lmtp})
        for (const bool hop_answers : {true, false})
            for (std::size_t octets = 0; octets <= 4 + behind_hello.size(); ++octets) {
                SCOPED_TRACE(::testing::Message() << "protocol " << static_cast<int>(protocol) << " behind " << octets);
                Case one(protocol, false);
                const std::string text = ((protocol == RelayProtocol::lmtp ? "LHLO" : "EHLO") + behind_hello).substr(0, octets);
                one.relay.begin();
                for (std::size_t i = 0; i < text.size(); ++i) {
                    one.relay.say(std::string(1, text[i]));
                    if (hop_answers || i + 1 < text.size()) one.hop.drive();
                }
                one.relay.near_ends();
                const bool with_hop = octets == whole && !hop_answers && protocol == RelayProtocol::smtp;
                EXPECT_EQ(one.relay.closed, !with_hop) << "its reply is waited for";
                one.hop.drive();
                EXPECT_TRUE(one.relay.closed);
                const bool is_whole = octets > whole || (octets == whole && hop_answers) || with_hop;
                EXPECT_LE(one.hop.messages.size(), 1u);
                if (is_whole) EXPECT_EQ(one.hop.messages.size(), 1u);
                if (octets < whole) EXPECT_TRUE(one.hop.messages.empty()) << "without its end";
            }
}

}  // namespace
}  // namespace exota::gate
