// Address and certificate together prove "this is Microsoft" and no more: every tenant leaves from there. What they are needed for is
// belief in what the peer says about the tenant.
//
// The certificate counts for two different things: the factor client-cert, which `client_cert.exempt` also meets, and the proof of the
// peer, which it never does. So "verified by name" is found once and used for both.
//
// Tested by peer_test.cc.
#include "decision/peer.h"

#include <algorithm>

#include "base/octets.h"
#include "decision/findings.h"
#include "decision/three_valued.h"

namespace exota::decision {
namespace {

using evidence::Source;

bool is_exchange_online(const base::IpAddress& address, const Rules& rules) noexcept {
    return any_contains(rules.exchange_online, address) && !any_contains(rules.relay_pool, address);
}

FactorFinding examine_client_ip(const evidence::Client& client, const Rules& rules) {
    if (const auto* failed = std::get_if<evidence::Unavailable>(&client.address)) return unavailable(failed->why, Source::mta);
    const auto* address = std::get_if<evidence::Observed<base::IpAddress>>(&client.address);
    if (!address) return absent("no-address", Source::mta);
    if (any_contains(rules.relay_pool, address->value)) return absent("relay-pool", address->source);
    if (!any_contains(rules.exchange_online, address->value)) return absent("other-address", address->source);
    return holds({}, address->source);
}

bool is_trusted_name(std::string_view name, const Rules& rules) noexcept {
    return !name.empty() &&
           std::ranges::any_of(rules.certificate_names, [name](const std::string& trusted) { return base::same_name(trusted, name); });
}

/// A certificate's name, and what it is for where that is known: public ones lose clientAuth, which an operator wants to see coming.
std::string shown(std::string_view name, const evidence::Tls& tls) {
    std::string text(name);
    if (!tls.certificate_purpose.empty()) text.append(", ").append(tls.certificate_purpose);
    return text;
}

/// The certificate by itself: verified, and its name is trusted. Exemptions come later.
FactorFinding examine_certificate(const evidence::Tls& tls, bool address_is_exchange_online, const Rules& rules) {
    if (const auto* verified = std::get_if<evidence::Observed<std::string>>(&tls.certificate_name)) {
        // RFC 6125 section 6.4.4: the common name counts only where the certificate has no dNSName.
        if (!tls.certificate_dns_names.empty()) {
            const auto named =
                std::ranges::find_if(tls.certificate_dns_names, [&rules](const std::string& name) { return is_trusted_name(name, rules); });
            if (named != tls.certificate_dns_names.end()) return holds(shown(*named, tls), verified->source);
            return absent(shown(tls.certificate_dns_names.front(), tls), verified->source);
        }
        if (is_trusted_name(verified->value, rules)) return holds(shown(verified->value, tls), verified->source);
        if (verified->value.empty()) return coded(Finding::absent, "certificate-without-name", verified->source);
        return absent(shown(verified->value, tls), verified->source);
    }
    if (const auto* failed = std::get_if<evidence::Unavailable>(&tls.certificate_name))
        return unavailable(failed->why, Source::peer_certificate);
    if (tls.hint == evidence::CertificateHint::no_verify_macro) return coded(Finding::absent, "no-verify-macro", Source::mta);
    if (!tls.in_use()) return absent("no-tls", Source::mta);
    if (!address_is_exchange_online) return absent("no-verified-certificate", Source::mta);
    return coded(rules.certificate_missing == WhenMissing::unavailable ? Finding::unavailable : Finding::absent, "certificate-not-verified",
                 Source::mta);
}

Belief belief_against(Finding certificate, Finding ip, bool from_relay_pool, const Rules& rules) noexcept {
    if (rules.peer_proof == PeerProof::none) return Belief::from_anybody;
    if (from_relay_pool) return Belief::proven;
    switch (either_of(certificate, ip)) {
        case Finding::holds:
            return Belief::proven;
        case Finding::unavailable:
            return Belief::undecided;
        case Finding::absent:
        case Finding::contradicts:
            break;
    }
    return Belief::no;
}

}  // namespace

bool is_bypassed(const evidence::Session& session, const Rules& rules) noexcept {
    if (rules.bypass_authenticated && session.authenticated) return true;
    const base::IpAddress* address = value_of(session.client.address);
    return address && any_contains(rules.bypass_clients, *address);
}

Peer examine_peer(const evidence::Session& session, const Rules& rules) {
    Peer peer;
    peer.client_ip = examine_client_ip(session.client, rules);
    const base::IpAddress* address = value_of(session.client.address);
    peer.client_cert = examine_certificate(session.tls, address && is_exchange_online(*address, rules), rules);

    Finding certificate = peer.client_cert.finding;
    const Finding ip = peer.client_ip.finding;
    if (address && any_contains(rules.trusted_relays, *address)) {
        peer.client_cert = holds("trusted-relay", Source::mta);
        peer.peer = holds("trusted-relay", Source::mta);
        peer.belief = peer.belief_against = Belief::proven;
        return peer;
    }
    if (certificate != Finding::holds && address && any_contains(rules.certificate_exempt, *address))
        peer.client_cert = holds("exempt", Source::mta);

    peer.peer.source = rules.peer_proof == PeerProof::client_ip ? Source::mta : peer.client_cert.source;
    switch (rules.peer_proof) {
        case PeerProof::client_cert:
            peer.peer.finding = certificate;
            break;
        case PeerProof::client_ip:
            peer.peer.finding = ip;
            break;
        // Where nothing is asked of the peer, the factor still answers its question; it must not hold for everybody.
        case PeerProof::none:
        case PeerProof::either:
            peer.peer.finding = either_of(certificate, ip);
            break;
        case PeerProof::both:
            peer.peer.finding = both_of(certificate, ip);
            break;
    }
    if (rules.peer_proof == PeerProof::none) {
        peer.belief = Belief::from_anybody;
    } else if (peer.peer.finding == Finding::holds) {
        peer.belief = Belief::proven;
    } else {
        peer.belief = peer.peer.finding == Finding::unavailable ? Belief::undecided : Belief::no;
    }
    peer.belief_against = belief_against(certificate, ip, address && any_contains(rules.relay_pool, *address), rules);
    return peer;
}

}  // namespace exota::decision
