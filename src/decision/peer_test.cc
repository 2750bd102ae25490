// What proves that the peer is Exchange Online, one row a sentence.
#include "decision/peer.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

struct Row {
    std::string name;
    Message message;
    Rules rules;
    Finding client_ip, client_cert, peer;
    Belief belief;
};

Message from(std::string_view client, std::optional<std::string> certificate, std::string_view tls = "TLSv1.3") {
    Message message;
    message.client = client;
    message.certificate = std::move(certificate);
    message.tls_version = tls;
    return message;
}

Rules with_proof(PeerProof proof) {
    Rules rules = strict_rules();
    rules.peer_proof = proof;
    return rules;
}

constexpr std::string_view online = "40.107.22.5", elsewhere = "192.0.2.9", pool = "40.95.1.1";
const std::string microsoft = "mail.protection.outlook.com";

std::vector<Row> rows() {
    using enum Finding;
    const Rules strict = strict_rules();
    Rules exempting = strict;
    exempting.certificate_exempt = prefixes({"192.0.2.9", "40.107.22.5"});
    Rules exempting_by_ip = exempting;
    exempting_by_ip.peer_proof = PeerProof::client_ip;
    Rules relayed = with_proof(PeerProof::both);
    relayed.trusted_relays = prefixes({"192.0.2.9"});
    Rules strict_about_missing = strict;
    strict_about_missing.certificate_missing = WhenMissing::absent;
    Rules pool_listed = strict;
    pool_listed.exchange_online.push_back(base::IpPrefix::parse("40.95.0.0/16").value());

    const auto hinted = [](Message message, evidence::CertificateHint hint) {
        message.hint = hint;
        return message;
    };
    const auto with_names = [](Message message, std::vector<std::string> names) {
        message.certificate_dns_names = std::move(names);
        return message;
    };

    return {
        {"address and certificate", from(online, microsoft), strict, holds, holds, holds, Belief::proven},
        {"IPv6", from("2a01:111:f400::1", microsoft), strict, holds, holds, holds, Belief::proven},
        {"IPv4 as mapped IPv6", from("::ffff:40.107.22.5", microsoft), strict, holds, holds, holds, Belief::proven},
        {"certificate from another address", from(elsewhere, microsoft), strict, absent, holds, holds, Belief::proven},
        {"letter case of the name", from(elsewhere, "Mail.Protection.OUTLOOK.com"), strict, absent, holds, holds, Belief::proven},
        {"relay pool", from(pool, std::nullopt, ""), strict, absent, absent, absent, Belief::no},
        {"relay pool, though listed among the prefixes", from(pool, std::nullopt), pool_listed, absent, absent, absent, Belief::no},
        {"relay pool with the certificate", from(pool, microsoft), pool_listed, absent, holds, holds, Belief::proven},
        {"local submission", from("", std::nullopt, ""), strict, absent, absent, absent, Belief::no},
        {"name with a suffix", from(elsewhere, microsoft + ".evil.example"), strict, absent, absent, absent, Belief::no},
        {"name with a prefix", from(elsewhere, "x" + microsoft), strict, absent, absent, absent, Belief::no},
        {"verified certificate without a name", from(online, ""), strict, holds, absent, absent, Belief::no},
        {"other certificate from Exchange Online's address", from(online, "evil.example"), strict, holds, absent, absent, Belief::no},

        {"SAN counts", with_names(from(elsewhere, "other"), {"a.example", microsoft}), strict, absent, holds, holds, Belief::proven},
        {"CN does not count beside SANs", with_names(from(elsewhere, microsoft), {"a.example"}), strict, absent, absent, absent,
         Belief::no},

        {"TLS from Exchange Online without a certificate", from(online, std::nullopt), strict, holds, unavailable, unavailable,
         Belief::undecided},
        {"the same, made absent by the operator", from(online, std::nullopt), strict_about_missing, holds, absent, absent, Belief::no},
        {"TLS from elsewhere without a certificate", from(elsewhere, std::nullopt), strict, absent, absent, absent, Belief::no},
        {"no TLS from Exchange Online", from(online, std::nullopt, ""), strict, holds, absent, absent, Belief::no},
        {"verification failed at Exchange Online's address", hinted(from(online, std::nullopt), evidence::CertificateHint::not_verified),
         strict, holds, unavailable, unavailable, Belief::undecided},
        {"MTA without {verify}", hinted(from(online, std::nullopt), evidence::CertificateHint::no_verify_macro), strict, holds, absent,
         absent, Belief::no},

        {"exempt address holds, but proves nothing", from(elsewhere, std::nullopt), exempting, absent, holds, absent, Belief::no},
        {"exempt Exchange Online without certificate", from(online, std::nullopt), exempting, holds, holds, unavailable, Belief::undecided},
        {"exempt with the certificate", from(elsewhere, microsoft), exempting, absent, holds, holds, Belief::proven},
        {"exempt, proven by address", from(online, std::nullopt), exempting_by_ip, holds, holds, holds, Belief::proven},
        {"exempt, not proven by address", from(elsewhere, std::nullopt), exempting_by_ip, absent, holds, absent, Belief::no},
        {"trusted relay, whatever peer_proof is", from(elsewhere, std::nullopt, ""), relayed, absent, holds, holds, Belief::proven},

        {"client-ip", from(online, std::nullopt, ""), with_proof(PeerProof::client_ip), holds, absent, holds, Belief::proven},
        {"client-ip, certificate alone", from(elsewhere, microsoft), with_proof(PeerProof::client_ip), absent, holds, absent, Belief::no},
        {"either: address", from(online, std::nullopt, ""), with_proof(PeerProof::either), holds, absent, holds, Belief::proven},
        {"either: certificate", from(elsewhere, microsoft), with_proof(PeerProof::either), absent, holds, holds, Belief::proven},
        {"either: address holds, certificate unavailable", from(online, std::nullopt), with_proof(PeerProof::either), holds, unavailable,
         holds, Belief::proven},
        {"either: none", from(elsewhere, "x.example"), with_proof(PeerProof::either), absent, absent, absent, Belief::no},
        {"both", from(online, microsoft), with_proof(PeerProof::both), holds, holds, holds, Belief::proven},
        {"both: address alone", from(online, "x.example"), with_proof(PeerProof::both), holds, absent, absent, Belief::no},
        {"both: certificate alone", from(elsewhere, microsoft), with_proof(PeerProof::both), absent, holds, absent, Belief::no},
        {"both: certificate unavailable", from(online, std::nullopt), with_proof(PeerProof::both), holds, unavailable, unavailable,
         Belief::undecided},
        {"none: believed from anybody, the factor does not hold", from(elsewhere, std::nullopt), with_proof(PeerProof::none), absent,
         absent, absent, Belief::from_anybody},
    };
}

TEST(Peer, IsProvenAsTheOperatorSays) {
    for (const Row& row : rows()) {
        SCOPED_TRACE(row.name);
        const Peer peer = examine_peer(evidence_of(row.message).session, row.rules);
        EXPECT_EQ(peer.client_ip.finding, row.client_ip);
        EXPECT_EQ(peer.client_cert.finding, row.client_cert);
        EXPECT_EQ(peer.peer.finding, row.peer);
        EXPECT_EQ(peer.belief, row.belief);
    }
}

TEST(Peer, ExplainsAMissingCertificate) {
    const Peer peer = examine_peer(evidence_of(from(online, std::nullopt)).session, strict_rules());
    EXPECT_EQ(peer.client_cert.detail, "certificate-not-verified");
    EXPECT_NE(peer.client_cert.hint.find("clientAuth"), std::string::npos) << peer.client_cert.hint;
    const Peer sendmail = examine_peer(evidence_of([] {
                                           Message message = from(elsewhere, std::nullopt);
                                           message.hint = evidence::CertificateHint::no_verify_macro;
                                           return message;
                                       }())
                                           .session,
                                       strict_rules());
    EXPECT_EQ(sendmail.client_cert.detail, "no-verify-macro");
}

TEST(Peer, TellsWhatACertificateIsForWhereThatIsKnown) {
    const auto detail = [](std::string name, std::vector<std::string> names, std::string_view purpose) {
        Message message = from(elsewhere, std::move(name));
        message.certificate_dns_names = std::move(names);
        message.certificate_purpose = purpose;
        return examine_peer(evidence_of(message).session, strict_rules()).client_cert.detail;
    };
    EXPECT_EQ(detail(microsoft, {}, "serverAuth"), microsoft + ", serverAuth");
    EXPECT_EQ(detail(microsoft, {}, ""), microsoft) << "an MTA does not say";
    EXPECT_EQ(detail("x", {"a.example", microsoft}, "none"), microsoft + ", none");
    EXPECT_EQ(detail("evil.example", {}, "clientAuth"), "evil.example, clientAuth");
    EXPECT_EQ(detail(microsoft, {"a.example"}, "clientAuth+serverAuth"), "a.example, clientAuth+serverAuth");
}

TEST(Peer, AddressThatCouldNotBeFoundOutIsUnknown) {
    evidence::Session session;
    session.client.address = evidence::Unavailable{"no answer"};
    EXPECT_EQ(examine_peer(session, strict_rules()).client_ip.finding, Finding::unavailable);
}

TEST(Peer, BypassNamesClientsAndAuthentication) {
    Rules rules = strict_rules();
    rules.bypass_clients = prefixes({"192.0.2.0/28"});
    EXPECT_TRUE(is_bypassed(evidence_of(from("192.0.2.15", std::nullopt)).session, rules));
    EXPECT_FALSE(is_bypassed(evidence_of(from("192.0.2.16", std::nullopt)).session, rules));
    EXPECT_FALSE(is_bypassed(evidence_of(from("", std::nullopt)).session, rules));
    Message authenticated = from(elsewhere, std::nullopt);
    authenticated.authenticated = true;
    EXPECT_FALSE(is_bypassed(evidence_of(authenticated).session, strict_rules()));
    rules.bypass_authenticated = true;
    EXPECT_TRUE(is_bypassed(evidence_of(authenticated).session, rules));
    EXPECT_FALSE(is_bypassed(evidence_of(from("198.51.100.9", std::nullopt)).session, rules));
}

}  // namespace
}  // namespace exota::decision
