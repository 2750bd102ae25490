#include "gate/client_tls.h"

#include <gtest/gtest.h>

namespace exota::gate {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr sys_seconds now{seconds(1'800'000'000)};

LegCertificate good() {
    return {.verified = true,
            .error = {},
            .purpose = CertificatePurpose::client,
            .names = {"mail.protection.outlook.com"},
            .name_matches = false,
            .valid_from = now - seconds(1),
            .valid_until = now + seconds(1)};
}
LegTls tls(std::optional<LegCertificate> certificate) { return {"TLSv1.3", "TLS_AES_256_GCM_SHA384", std::move(certificate)}; }

TEST(ClientTls, a_certificate_counts_by_chain_purpose_and_dates) {
    EXPECT_TRUE(is_proven(good(), {}, now));
    EXPECT_TRUE(is_proven(good(), {}, now - seconds(1)));
    EXPECT_TRUE(is_proven(good(), {}, now + seconds(1)));
    EXPECT_FALSE(is_proven(good(), {}, now - seconds(2))) << "not yet";
    EXPECT_FALSE(is_proven(good(), {}, now + seconds(2))) << "no more";
    LegCertificate unverified = good();
    unverified.verified = false;
    EXPECT_FALSE(is_proven(unverified, {}, now));
}

TEST(ClientTls, purposes_that_are_taken) {
    using Purpose = CertificatePurpose;
    const struct {
        Purpose purpose;
        bool by_default, client_only, server_only, none_only;
    } cases[] = {
        {Purpose::none, true, false, false, true},      {Purpose::client, true, true, false, false},
        {Purpose::server, true, false, true, false},    {Purpose::client_and_server, true, true, true, false},
        {Purpose::neither, false, false, false, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(name_of(c.purpose));
        EXPECT_EQ(TakenPurposes{}.takes(c.purpose), c.by_default);
        EXPECT_EQ((TakenPurposes{.none = false, .client = true, .server = false}.takes(c.purpose)), c.client_only);
        EXPECT_EQ((TakenPurposes{.none = false, .client = false, .server = true}.takes(c.purpose)), c.server_only);
        EXPECT_EQ((TakenPurposes{.none = true, .client = false, .server = false}.takes(c.purpose)), c.none_only);
    }
}

TEST(ClientTls, what_counts_is_evidence_and_what_does_not_says_why) {
    const evidence::Tls proven = evidence_of(tls(good()), {}, now);
    EXPECT_TRUE(proven.in_use());
    ASSERT_NE(value_of(proven.certificate_name), nullptr);
    EXPECT_EQ(*value_of(proven.certificate_name), "mail.protection.outlook.com");
    EXPECT_EQ(proven.hint, evidence::CertificateHint::none);
    EXPECT_EQ(proven.certificate_purpose, name_of(good().purpose));

    LegCertificate several = good();
    several.names = {"a.test", "b.test"};
    EXPECT_EQ(evidence_of(tls(several), {}, now).certificate_dns_names, several.names);

    LegCertificate nameless = good();
    nameless.names.clear();
    ASSERT_NE(value_of(evidence_of(tls(nameless), {}, now).certificate_name), nullptr);
    EXPECT_EQ(*value_of(evidence_of(tls(nameless), {}, now).certificate_name), "");

    LegCertificate expired = good();
    expired.valid_until = now - seconds(1);
    EXPECT_EQ(value_of(evidence_of(tls(expired), {}, now).certificate_name), nullptr);
    EXPECT_EQ(evidence_of(tls(expired), {}, now).hint, evidence::CertificateHint::not_verified);
    EXPECT_EQ(evidence_of(tls(expired), {}, now).certificate_purpose, "") << "of one that does not count nothing is said";

    EXPECT_EQ(evidence_of(tls({}), {}, now).hint, evidence::CertificateHint::no_certificate_seen);
}

TEST(ClientTls, names_compare_whole) {
    LegCertificate certificate = good();
    certificate.names = {"*.outlook.com", "mail.protection.outlook.com"};
    EXPECT_TRUE(has_name(certificate, {"MAIL.protection.outlook.com"}));
    EXPECT_FALSE(has_name(certificate, {"x.outlook.com"})) << "a wildcard is text";
    EXPECT_TRUE(has_name(certificate, {"*.outlook.com"}));
    EXPECT_FALSE(has_name(certificate, {"protection.outlook.com"}));
    EXPECT_FALSE(has_name(certificate, {}));
}

}  // namespace
}  // namespace exota::gate
