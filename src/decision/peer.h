// Is the peer Exchange Online? The factors client-ip, client-cert and peer, and whether what the peer claims may be believed.
//
// Tested by peer_test.cc.
#pragma once

#include <cstdint>

#include "decision/decision.h"
#include "decision/rules.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// What the claims of a peer (XOORG, X-OriginatorOrg, tenant id, hosted) are worth.
enum class Belief : std::uint8_t {
    no,            // text that anyone can write
    undecided,     // only a client-cert that is unavailable keeps the peer from being proven
    from_anybody,  // peer_proof = none: believed, but never names the tenant of a forward
    proven,
};

struct Peer {
    FactorFinding client_ip, client_cert, peer;
    Belief belief = Belief::no;  // in favour of a tenant: as `authorisation.peer_proof` asks
    /// Against a tenant: certificate or address suffices, the relay pool's too, whatever is asked for speaking in favour. A stricter
    /// peer_proof must not make contradictions vanish.
    Belief belief_against = Belief::no;
};

/// The client is not judged: `bypass.clients`, or authenticated by SASL where `bypass.authenticated` says so.
bool is_bypassed(const evidence::Session& session, const Rules& rules) noexcept;

Peer examine_peer(const evidence::Session& session, const Rules& rules);

}  // namespace exota::decision
