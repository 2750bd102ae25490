// Proofs that ask for one thing of the peer while authorisation.peer_proof, on which Microsoft's fields rest, asks for another.
//
// Tested by warnings_test.cc.
#include <algorithm>

#include "config/build.h"
#include "tenant/advice.h"

namespace exota::config {
namespace {

using tenant::Factor;
using tenant::Proof;

/// Text that anyone can write: evaluated only where the peer is proven as peer_proof asks.
constexpr tenant::FactorSet rest_on_peer_proof{Factor::xoorg,  Factor::originator_org, Factor::tenant_id,
                                               Factor::hosted, Factor::system_mail,    Factor::eop};

bool rests_on_it(const Proof& proof) { return proof.set.intersects(rest_on_peer_proof); }

/// What peer_proof asks for, and what the proofs ask for instead.
std::optional<std::string> stricter_than_needed(const std::vector<Proof>& proofs, decision::PeerProof peer_proof) {
    const bool by_certificate = peer_proof == decision::PeerProof::client_cert;
    if (!by_certificate && peer_proof != decision::PeerProof::client_ip) return std::nullopt;
    const Factor asked = by_certificate ? Factor::client_cert : Factor::client_ip;
    const Factor other = by_certificate ? Factor::client_ip : Factor::client_cert;
    const bool some_need_it =
        std::ranges::any_of(proofs, [&](const Proof& proof) { return rests_on_it(proof) && proof.set.intersects({Factor::peer, asked}); });
    if (some_need_it || std::ranges::none_of(proofs, rests_on_it) || !tenant::any_asks(proofs, other)) return std::nullopt;
    return '"' + std::string(name_of(asked)) + "\" is stricter than every proof that rests on Microsoft's fields: mail that is proven by " +
           std::string(name_of(other)) + " alone has these fields disbelieved; \"" + std::string(name_of(other)) +
           "\" or \"either\" if it is to pass";
}

}  // namespace

std::optional<std::string> advise_on_peer_proof(const std::vector<Proof>& proofs, decision::PeerProof peer_proof) {
    if (peer_proof != decision::PeerProof::both) return stricter_than_needed(proofs, peer_proof);
    const bool some_ask_both = std::ranges::any_of(proofs, [](const Proof& proof) {
        return proof.set.contains(Factor::peer) || (proof.set.contains(Factor::client_cert) && proof.set.contains(Factor::client_ip));
    });
    if (some_ask_both) return std::nullopt;
    return "\"both\" is stricter than every proof: mail that meets a proof by certificate or address alone has its tenant fields "
           "disbelieved";
}

std::vector<std::string> advise_on_own_proofs(const std::vector<Proof>& proofs, decision::PeerProof peer_proof, bool addresses_known) {
    std::vector<std::string> warnings;
    if (!addresses_known && tenant::any_asks(proofs, Factor::client_ip))
        warnings.emplace_back(
            "client-ip is asked for and never holds: no prefix of Exchange Online is known (client_ip.endpoints_file, client_ip.prefixes)");
    if (auto advice = std::ranges::any_of(proofs, rests_on_it) ? advise_on_peer_proof(proofs, peer_proof) : std::nullopt)
        warnings.push_back("own proofs beside authorisation.peer_proof: " + *std::move(advice));
    return warnings;
}

}  // namespace exota::config
