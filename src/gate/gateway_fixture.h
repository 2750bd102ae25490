// For tests: conversations with a gateway as text.
//
//   C: text         the client says a line            S: text        the client is told
//   B: text         the backend says a line           G: text        the backend is told
//   do WHAT         something happens                 is WHAT        the session wants something
//
//   do far-opened | far-unreachable | far-closed | near-closed | near-tls NAME | near-tls-nobody | far-tls | far-tls-unknown
//      | far-written | late (the deadline passes) | pass SECONDS | drain | turn (of the loop) | reverse NAME | no-reverse
//   is dial N | close-far | tls near | tls far | more-far | closed
//
// What is told and wanted is compared line by line, in order; at the end of a text nothing may be left over. In C: and B: a final "\"
// leaves out the CRLF, and \r \n \0 are octets.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/gateway_wire.h"
#include "gate/session_fixture.h"

namespace exota::gate::testing {

/// A world whose DNS, and if need be whose tenants, are answered by the test.
class NamedWorld : public StillWorld {
public:
    bool resolve(const authn::DnsQuestion& question, Answered answered) override {
        if (!asks) return false;
        held.emplace_back(question, std::move(answered));
        return true;
    }
    void answer(std::string_view name, authn::DnsAnswer with) {
        const auto found = std::ranges::find_if(held, [&](const auto& entry) { return entry.first.name == name; });
        ASSERT_NE(found, held.end()) << "nobody asked for " << name;
        const Answered answered = std::move(found->second);
        held.erase(found);
        answered(std::move(with));
    }
    std::optional<Tenants> tenants_at_hand(const evidence::Evidence& evidence, const Snapshot& snapshot) override {
        return tenants_elsewhere ? std::nullopt : StillWorld::tenants_at_hand(evidence, snapshot);
    }
    void find(const tenant::Keys&, Found found) override { tenants_asked.push_back(std::move(found)); }
    bool tenants_elsewhere = false;    // a source has to be asked for them
    std::vector<Found> tenants_asked;  // by whom
    bool asks = false;
    std::deque<std::pair<authn::DnsQuestion, Answered>> held;
};

class GatewayTest : public ::testing::Test {
protected:
    GatewayTest() {
        settings.name = "exchange";
        settings.hostname = "gw.test";
        settings.backend = {"inet:backend.test:25"};
        settings.backend_identity = BackendIdentity::none;
        settings.received = AddReceived::never;
        settings.offers_tls = true;
        client.address = base::IpAddress::parse("192.0.2.1").value();
        client.own_address = base::IpAddress::parse("192.0.2.25").value();
        client.port = 40000;
        client.own_port = 25;
        judge.use(shared(snapshot_of(tenants)));
    }
    /// The next play() speaks with a new session.
    void restart() { wire.reset(); }
    void start() {
        if (wire) return;
        wire = std::make_unique<Wire>(std::make_shared<const GatewaySettings>(settings), client, judge, world, house);
        wire->open();
    }
    void play(std::string_view text);
    void take_what_streams();
    /// Everybody is let through: the mode is monitor, or the clients are bypassed.
    void accept_all() {
        Snapshot snapshot = snapshot_of(tenants);
        snapshot.rules.bypass_clients = {base::IpPrefix::parse("192.0.2.0/24").value()};
        judge.use(shared(std::move(snapshot)));
    }

    bool octet_by_octet = false;  // what client and backend say comes so
    GatewaySettings settings;
    GatewayClient client;
    std::shared_ptr<const tenant::Index> tenants = index_of(tenants_text);
    Recorder recorder;
    NamedWorld world;
    Judge judge{recorder, world};
    TestHouse house;
    std::unique_ptr<Wire> wire;

private:
    void act(std::string_view what);
    void say(std::string_view octets, void (Wire::*to)(std::string_view));
};

}  // namespace exota::gate::testing
