// For speaking against a tenant, certificate or address suffices, whatever peer_proof asks for speaking in its favour.
#include "decision/decide.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

constexpr std::string_view online = "40.107.22.5", elsewhere = "192.0.2.9", pool = "40.95.1.1";

/// Signed by contoso, so that the proof "client-cert + dkim" or "dkim" holds; stamped with another tenant's marks.
Message signed_and_stamped(std::string_view field, std::string_view client, std::optional<std::string> certificate) {
    Message message = honest_mail().without("X-MS").without("X-Orig").with(field);
    message.client = client;
    message.certificate = std::move(certificate);
    return message;
}

const tenant::Index& signed_is_enough() {
    static const tenant::Index index = index_of(R"({"version": 2, "tenants": {
        "contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "organizations": ["contoso.example"], "domains": ["contoso.com"],
                    "proofs": ["dkim"]},
        "fabrikam": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "organizations": ["fabrikam.example"], "domains": ["fabrikam.com"]}}})");
    return index;
}

const std::string foreign_fields[] = {
    "X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id),
    "X-MS-Exchange-CrossTenant-Id: " + std::string(unknown_id),
    "X-MS-Exchange-CrossTenant-Id: " + std::string(mail::consumer_tenant_id),
    "X-OriginatorOrg: fabrikam.example",
    "X-OriginatorOrg: evil.example",
    "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(fabrikam_id) + ";Ip=[203.0.113.7]",
};

constexpr PeerProof peer_proofs[] = {PeerProof::client_cert, PeerProof::client_ip, PeerProof::either, PeerProof::both, PeerProof::none};

Rules rules_with(PeerProof proof) {
    Rules rules = strict_rules();
    rules.peer_proof = proof;
    return rules;
}

TEST(Contradiction, NoPeerProofMakesItVanish) {
    struct Peer {
        const char* name;
        std::string_view client;
        std::optional<std::string> certificate;
        bool proven;
    };
    const std::string microsoft = "mail.protection.outlook.com";
    const Peer peers[] = {
        {"address and certificate", online, microsoft, true},
        {"certificate alone", elsewhere, microsoft, true},
        {"certificate from the relay pool", pool, microsoft, true},
        {"address alone", online, "other.example", true},
        {"address, certificate unavailable", online, std::nullopt, true},
        {"relay pool alone", pool, std::nullopt, true},
        {"neither", elsewhere, "other.example", false},
    };
    for (const Peer& peer : peers)
        for (const PeerProof proof : peer_proofs)
            for (const std::string& field : foreign_fields) {
                SCOPED_TRACE(peer.name + std::string(", proof ") + std::to_string(static_cast<int>(proof)) + ": " + field);
                Rules rules = rules_with(proof);
                const Message message = signed_and_stamped(field, peer.client, peer.certificate);
                EXPECT_EQ(judged(message, rules, &signed_is_enough()).reason,
                          peer.proven || proof == PeerProof::none ? Reason::contradiction : Reason::authorised);
                rules.contradictions_refuse = false;
                EXPECT_EQ(judged(message, rules, &signed_is_enough()).reason, Reason::authorised);
            }
}

/// From nowhere known, with a certificate that could not be looked at.
evidence::Evidence pending(std::string_view field) {
    evidence::Evidence evidence = evidence_of(signed_and_stamped(field, elsewhere, std::nullopt));
    evidence.session.tls.certificate_name = evidence::Unavailable{"asked later"};
    return evidence;
}

// Whether the peer is Exchange Online could not be found out: neither accepted nor refused for good. Where nobody asks, it is refused.
TEST(Contradiction, PendingMeansUnavailable) {
    for (const PeerProof proof : peer_proofs)
        for (const std::string& field : foreign_fields) {
            SCOPED_TRACE("proof " + std::to_string(static_cast<int>(proof)) + ": " + field);
            const bool believed = proof == PeerProof::none;
            Rules rules = rules_with(proof);
            const Decision decision = decide(pending(field), &signed_is_enough(), rules);
            EXPECT_EQ(decision.reason, believed ? Reason::contradiction : Reason::unavailable);
            EXPECT_EQ(decision.judged, believed ? Verdict::reject : Verdict::tempfail);
            if (!believed) EXPECT_NE(decision.why.find("names another tenant"), std::string::npos) << decision.why;
            rules.contradictions_refuse = false;
            EXPECT_EQ(decide(pending(field), &signed_is_enough(), rules).reason, Reason::authorised);
        }
}

TEST(Contradiction, PendingDefersNothingThatDoesNotContradict) {
    for (const PeerProof proof : peer_proofs) {
        const evidence::Evidence evidence = pending("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id));
        EXPECT_EQ(decide(evidence, &signed_is_enough(), rules_with(proof)).reason, Reason::authorised) << static_cast<int>(proof);
    }
}

}  // namespace
}  // namespace exota::decision
