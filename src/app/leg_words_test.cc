#include "app/leg_words.h"

#include <gtest/gtest.h>

namespace exota::app {
namespace {

TEST(LegWords, EndingsThatGateTellsApart) {
    const struct {
        net::Ending net;
        gate::LegEnding gate;
    } cases[] = {
        {net::Ending::peer_closed, gate::LegEnding::peer_closed},
        {net::Ending::unreachable, gate::LegEnding::unreachable},
        {net::Ending::no_tls, gate::LegEnding::no_tls},
        {net::Ending::drained, gate::LegEnding::drained},
        {net::Ending::failed, gate::LegEnding::other},
        {net::Ending::late, gate::LegEnding::other},
        {net::Ending::cleartext, gate::LegEnding::other},
    };
    for (const auto& c : cases) EXPECT_EQ(gate_ending(c.net), c.gate) << net::ending_names[static_cast<std::size_t>(c.net)];
    EXPECT_EQ(gate_leg(net::Leg::near), gate::Leg::near);
    EXPECT_EQ(gate_leg(net::Leg::far), gate::Leg::far);
}

TEST(LegWords, WhatTlsShowed) {
    net::TlsFacts facts{.protocol = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384"};
    EXPECT_EQ(result_of(facts), "no-certificate");
    EXPECT_FALSE(gate_tls(facts).certificate);
    facts.peer.emplace();
    facts.peer->error = "self-signed";
    EXPECT_EQ(result_of(facts), "unverified");
    facts.peer->verified = true;
    facts.peer->names = {"a.example", "*.b.example"};
    facts.peer->name_matches = true;
    facts.peer->chain = {"its own", "the next"};
    facts.peer->valid_from = std::chrono::sys_seconds(std::chrono::seconds(5));
    facts.peer->valid_until = std::chrono::sys_seconds(std::chrono::seconds(9));
    EXPECT_EQ(result_of(facts), "verified");
    const struct {
        net::CertificatePurpose net;
        gate::CertificatePurpose gate;
    } cases[] = {
        {net::CertificatePurpose::none, gate::CertificatePurpose::none},
        {net::CertificatePurpose::client, gate::CertificatePurpose::client},
        {net::CertificatePurpose::server, gate::CertificatePurpose::server},
        {net::CertificatePurpose::client_and_server, gate::CertificatePurpose::client_and_server},
        {net::CertificatePurpose::neither, gate::CertificatePurpose::neither},
    };
    for (const auto& c : cases) {
        facts.peer->purpose = c.net;
        EXPECT_EQ(gate_tls(facts).certificate->purpose, c.gate);
    }
    const gate::LegTls tls = gate_tls(facts);
    EXPECT_EQ(tls.version, "TLSv1.3");
    EXPECT_TRUE(tls.certificate->verified && tls.certificate->name_matches);
    EXPECT_EQ(tls.certificate->error, "self-signed");
    EXPECT_EQ(tls.certificate->names, facts.peer->names);
    EXPECT_EQ(tls.certificate->chain, facts.peer->chain);
    EXPECT_EQ(tls.certificate->valid_from, facts.peer->valid_from);
    EXPECT_EQ(tls.certificate->valid_until, facts.peer->valid_until);
}

TEST(LegWords, AStepWithWhatIsToBeWritten) {
    gate::LegOut from;
    from.near = "220 x";
    from.far = "EHLO";
    from.close_far = from.more_far = true;
    net::Out out;
    out.near = "first ";
    const auto step = put_into({7, gate::LegState::waiting}, from, out);
    EXPECT_EQ(step.consumed, 7U);
    EXPECT_EQ(step.state, net::Session::State::waiting);
    EXPECT_EQ(out.near, "first 220 x");
    EXPECT_EQ(out.far, "EHLO");
    EXPECT_TRUE(out.close_far && out.more_far);
    EXPECT_EQ(put_into({0, gate::LegState::reading}, from, out).state, net::Session::State::reading);
    EXPECT_EQ(put_into({0, gate::LegState::closing}, from, out).state, net::Session::State::closing);
}

}  // namespace
}  // namespace exota::app
