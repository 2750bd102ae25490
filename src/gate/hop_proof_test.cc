#include "gate/hop_proof.h"

#include <gtest/gtest.h>

#include "authn/crypto.h"

namespace exota::gate {
namespace {

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};
const std::string shown_certificate = "octets of a certificate";

std::string digest_of(const std::string& octets) {
    authn::Sha256 hash;
    hash.update(octets);
    const auto digest = hash.finish();
    return {digest.begin(), digest.end()};
}

LegTls good() {
    LegTls tls{.version = "TLSv1.3", .cipher = "x", .certificate = LegCertificate{}};
    tls.certificate->verified = tls.certificate->name_matches = true;
    tls.certificate->purpose = CertificatePurpose::server;
    tls.certificate->valid_from = now - std::chrono::seconds(1);
    tls.certificate->valid_until = now + std::chrono::seconds(1);
    tls.certificate->chain = {shown_certificate};
    return tls;
}

struct Case {
    std::string name;
    std::optional<LegTls> shown;
    std::string chain;  // what it proves where the chain is looked at; else why it does not
    std::string dane;   // by TLSA for `shown_certificate`
};

std::string proof(const HopTls& wanted, const std::optional<LegTls>& shown) {
    const auto checked = check_tls(wanted, shown ? &*shown : nullptr, now);
    return checked ? std::string(name_of(*checked)) : checked.error();
}

TEST(HopProof, what_a_connection_shows) {
    const auto with = [](auto change) {
        LegTls tls = good();
        change(tls, *tls.certificate);
        return tls;
    };
    const Case cases[] = {
        {"all of it", good(), "verified", "dane"},
        {"no TLS", std::nullopt, "no TLS", "no TLS"},
        {"no certificate", with([](LegTls& tls, LegCertificate&) { tls.certificate.reset(); }), "no certificate", "no certificate"},
        {"not verified", with([](LegTls&, LegCertificate& c) { c.verified = false, c.error = "self-signed"; }),
         "certificate not verified: self-signed", "dane"},
        {"another name", with([](LegTls&, LegCertificate& c) { c.name_matches = false; }), "the certificate has another name", "dane"},
        {"for clients", with([](LegTls&, LegCertificate& c) { c.purpose = CertificatePurpose::client; }),
         "the certificate is not for servers", "dane"},
        {"for neither", with([](LegTls&, LegCertificate& c) { c.purpose = CertificatePurpose::neither; }),
         "the certificate is not for servers", "dane"},
        {"no purpose named", with([](LegTls&, LegCertificate& c) { c.purpose = CertificatePurpose::none; }), "verified", "dane"},
        {"expired", with([](LegTls&, LegCertificate& c) { c.valid_until = now - std::chrono::seconds(1); }),
         "the certificate is not valid now", "dane"},
        {"not valid yet", with([](LegTls&, LegCertificate& c) { c.valid_from = now + std::chrono::seconds(1); }),
         "the certificate is not valid now", "dane"},
        {"another certificate", with([](LegTls&, LegCertificate& c) { c.chain = {"other"}; }), "verified", "no TLSA record matches"},
        {"a chain that was not kept", with([](LegTls&, LegCertificate& c) { c.chain.clear(); }), "verified", "no TLSA record matches"},
    };
    const HopTls dane{.level = TlsLevel::dane,
                      .policy = TlsPolicy::dane,
                      .tlsa = {{authn::TlsaUsage::end_entity, authn::TlsaSelector::certificate, authn::TlsaMatching::sha256,
                                digest_of(shown_certificate)}}};
    for (const Case& c : cases) {
        const bool is_verified = c.chain == "verified";
        EXPECT_EQ(proof({.level = TlsLevel::verify}, c.shown), c.chain) << c.name;
        EXPECT_EQ(proof(dane, c.shown), c.dane) << c.name;
        EXPECT_EQ(proof({.level = TlsLevel::encrypt}, c.shown), is_verified ? "verified" : c.shown ? "encrypted" : "no TLS") << c.name;
        EXPECT_EQ(proof({.level = TlsLevel::may}, c.shown), is_verified ? "verified" : c.shown ? "encrypted" : "none") << c.name;
    }
}

}  // namespace
}  // namespace exota::gate
