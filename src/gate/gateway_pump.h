// For tests and fuzzers: a gateway's session between a client that a test plays and a Sink, until nothing moves any more.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gate/gateway_sink.h"
#include "gate/gateway_wire.h"
#include "gate/still_world.h"
#include "tenant/tenants_file.h"

namespace exota::gate::testing {

/// Everybody is let through, unchanged: monitor mode, and nothing is added. Where the verdict falls is for the message to say: only one
/// with a signature of contoso.test needs its body.
inline std::shared_ptr<const Snapshot> letting_all_pass() {
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("dkim-aligned")};
    defaults.mode = tenant::Mode::monitor;
    auto loaded = tenant::read_tenants(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"]}}})", std::move(defaults));
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->rules.mode = tenant::Mode::monitor;
    snapshot->rules.header.add = false;
    snapshot->rules.certificate_missing = decision::WhenMissing::absent;
    snapshot->tenants = std::make_shared<const tenant::Index>(*std::move(loaded.index));
    return snapshot;
}

/// A signature that could count, so that the body must be seen; nobody can say whether it is one.
inline constexpr std::string_view signed_field =
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=contoso.test; s=s1; h=From:Date:Subject; "
    "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA\r\n";

class Pump {
public:
    Pump(const GatewaySettings& settings, Judge& judge, StillWorld& world, TestHouse& house, Sink& sink,
         const GatewayClient& client = client_facts())
        : world_(world), sink_(sink), wire(std::make_shared<const GatewaySettings>(settings), client, judge, world, house) {
        wire.on_far_octets = [this](std::string_view octets) { for_sink_ += octets; };
        wire.on_far_closed = [this] {
            // What was written before the end was read before it.
            static_cast<void>(sink_.take(std::exchange(for_sink_, {})));
            sink_.hung_up();
        };
        wire.open();
    }

    /// The client says `octets`, in pieces of that size.
    void say(std::string_view octets, std::size_t piece = ~std::size_t{0}) {
        for (; !octets.empty() && !wire.is_closed(); octets.remove_prefix(std::min(piece, octets.size()))) {
            wire.client(octets.substr(0, piece));
            run();
        }
    }
    /// Until the client has as many replies in all; time passes where nothing else does.
    void wait_for(std::size_t replies) {
        for (int patience = 0; patience < 5 && replies_so_far() < replies && !wire.is_closed(); ++patience) {
            world_.clock += wire.session.deadline().after;
            wire.late();
            run();
        }
    }
    void run() {
        while (!wire.is_closed()) {
            world_.end_turn();
            wire.turn();
            if (wire.far_is == Wire::Far::dialling) {
                for_sink_.clear();
                const std::string greeting = sink_.connect();
                wire.far_opened();
                answer(greeting);
            } else if (!for_sink_.empty()) {
                answer(sink_.take(std::exchange(for_sink_, {})));
            } else if (wire.wants_more()) {
                wire.far_written();
            } else {
                break;
            }
        }
    }
    std::size_t replies_so_far() const {
        std::size_t replies = 0;
        for (std::size_t at = 0; at < wire.to_client.size(); at = wire.to_client.find("\r\n", at) + 2)
            replies += wire.to_client[at + 3] == ' ' ? 1 : 0;
        return replies;
    }
    /// Code of the n-th reply, from 0; 0: there is none.
    int reply(std::size_t number) const {
        for (std::size_t at = 0; at < wire.to_client.size(); at = wire.to_client.find("\r\n", at) + 2)
            if (wire.to_client[at + 3] == ' ' && number-- == 0) return std::stoi(wire.to_client.substr(at, 3));
        return 0;
    }

    static GatewayClient client_facts() {
        GatewayClient client;
        client.address = base::IpAddress::parse("192.0.2.1").value();
        client.own_address = base::IpAddress::parse("192.0.2.25").value();
        client.port = 40000;
        client.own_port = 25;
        return client;
    }

private:
    void answer(std::string_view octets) {
        const bool closes = sink_.closed;
        if (!octets.empty()) wire.backend(octets);
        if (closes) wire.far_ended(LegEnding::peer_closed);
    }

    StillWorld& world_;
    Sink& sink_;
    std::string for_sink_;

public:
    Wire wire;
};

}  // namespace exota::gate::testing
