#include "app/leg_words.h"

namespace exota::app {

namespace {

gate::CertificatePurpose gate_purpose(net::CertificatePurpose purpose) noexcept {
    switch (purpose) {
        case net::CertificatePurpose::none:
            return gate::CertificatePurpose::none;
        case net::CertificatePurpose::client:
            return gate::CertificatePurpose::client;
        case net::CertificatePurpose::server:
            return gate::CertificatePurpose::server;
        case net::CertificatePurpose::client_and_server:
            return gate::CertificatePurpose::client_and_server;
        case net::CertificatePurpose::neither:
            break;
    }
    return gate::CertificatePurpose::neither;
}

net::Session::State state_of(gate::LegState state) noexcept {
    switch (state) {
        case gate::LegState::reading:
            return net::Session::State::reading;
        case gate::LegState::waiting:
            return net::Session::State::waiting;
        case gate::LegState::closing:
            break;
    }
    return net::Session::State::closing;
}

}  // namespace

gate::Leg gate_leg(net::Leg leg) noexcept { return leg == net::Leg::near ? gate::Leg::near : gate::Leg::far; }

gate::LegEnding gate_ending(net::Ending why) noexcept {
    switch (why) {
        case net::Ending::peer_closed:
            return gate::LegEnding::peer_closed;
        case net::Ending::unreachable:
            return gate::LegEnding::unreachable;
        case net::Ending::no_tls:
            return gate::LegEnding::no_tls;
        case net::Ending::drained:
            return gate::LegEnding::drained;
        default:
            return gate::LegEnding::other;
    }
}

gate::LegTls gate_tls(const net::TlsFacts& facts) {
    gate::LegTls tls{facts.protocol, facts.cipher, std::nullopt};
    if (facts.peer)
        tls.certificate = gate::LegCertificate{.verified = facts.peer->verified,
                                               .error = facts.peer->error,
                                               .purpose = gate_purpose(facts.peer->purpose),
                                               .names = facts.peer->names,
                                               .name_matches = facts.peer->name_matches,
                                               .valid_from = facts.peer->valid_from,
                                               .valid_until = facts.peer->valid_until,
                                               .chain = facts.peer->chain};
    return tls;
}

std::string_view result_of(const net::TlsFacts& facts) noexcept {
    return !facts.peer ? "no-certificate" : facts.peer->verified ? "verified" : "unverified";
}

net::Session::Step put_into(const gate::LegStep& step, const gate::LegOut& from, net::Out& out) {
    out.near += from.near;
    if (from.close_far) out.far.clear();  // it was for the one that is closed
    out.far += from.far;
    out.close_far |= from.close_far;
    out.more_far |= from.more_far;
    out.peer_waits = from.peer_waits;
    return {step.consumed, state_of(step.state)};
}

}  // namespace exota::app
