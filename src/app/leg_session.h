// A machine over two legs (gate/legs.h) as net serves it.
//
// Tested by gateway_front_end_test.cc and relay_front_end_test.cc.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "app/leg_words.h"
#include "gate/legs.h"
#include "net/session.h"
#include "net/tls_facts.h"
#include "telemetry/gateway_metrics.h"

namespace exota::app {

template <class Machine>
class LegSession : public net::Session {
public:
    Step feed(net::Leg leg, std::string_view bytes, net::Out& out) final {
        return call(out, [&](gate::LegOut& to) { return machine_->feed(gate_leg(leg), bytes, to); });
    }
    Step opened(net::Leg leg, const net::TlsFacts* tls, net::Out& out) final {
        if (!tls) return call(out, [&](gate::LegOut& to) { return machine_->opened(gate_leg(leg), nullptr, to); });
        counters_.handshake(side_of(leg), result_of(*tls));
        const gate::LegTls shown = gate_tls(*tls);
        return call(out, [&](gate::LegOut& to) { return machine_->opened(gate_leg(leg), &shown, to); });
    }
    Step written(net::Out& out) final {
        return call(out, [&](gate::LegOut& to) { return machine_->far_written(to); });
    }
    Step ended(net::Leg leg, net::Ending why, std::string_view detail, net::Out& out) final {
        if (why == net::Ending::no_tls) counters_.handshake(side_of(leg), "failed");
        return call(out, [&](gate::LegOut& to) { return machine_->ended(gate_leg(leg), gate_ending(why), detail, to); });
    }
    Step late(net::Out& out) final {
        return call(out, [&](gate::LegOut& to) { return machine_->late(to); });
    }
    std::optional<net::Deadline> deadline() const final {
        const gate::LegDeadline deadline = machine_->deadline();
        return net::Deadline{deadline.after, deadline.step};
    }
    bool busy() const noexcept final { return machine_->busy(); }

protected:
    /// @param house    what the machine uses: outlives it.
    /// @param scratch  of the loop: what the session that is being called wants.
    LegSession(std::shared_ptr<void> house, gate::LegOut& scratch, telemetry::GatewayCounters& counters)
        : house_(std::move(house)), scratch_(scratch), counters_(counters) {}

    /// Whom to dial, and under which TLS to go on, as the machine wants it.
    virtual void reach(const gate::LegOut& wanted, net::Out& out) = 0;

    template <class... Arguments>
    void begin(Arguments&&... arguments) {
        machine_.emplace(std::forward<Arguments>(arguments)...);
    }
    const Machine& machine() const noexcept { return *machine_; }

private:
    static telemetry::GatewayCounters::Side side_of(net::Leg leg) noexcept {
        return leg == net::Leg::near ? telemetry::GatewayCounters::Side::client : telemetry::GatewayCounters::Side::backend;
    }
    Step call(net::Out& out, auto work) {
        scratch_.clear();
        const gate::LegStep step = work(scratch_);
        reach(scratch_, out);
        return put_into(step, scratch_, out);
    }

    const std::shared_ptr<void> house_;
    gate::LegOut& scratch_;
    telemetry::GatewayCounters& counters_;
    std::optional<Machine> machine_;
};

/// Octets of the client have come already, before anybody greeted it.
inline bool spoke_first(const net::Peer& peer) noexcept {
    char octet = 0;
    return ::recv(peer.descriptor, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/// For StartTls: SNI (which an address is not: net leaves it out) and reference names.
inline net::StartTls start_tls_with(std::shared_ptr<const net::TlsContext> context, std::vector<std::string> names) {
    net::StartTls start{.leg = net::Leg::far, .context = std::move(context)};
    if (!names.empty()) start.server_name = names.front();
    start.reference_names = std::move(names);
    return start;
}

}  // namespace exota::app
