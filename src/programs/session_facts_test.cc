#include "programs/session_facts.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

evidence::Evidence gathered(const SessionFacts& facts) {
    static const evidence::MessageLimits limits;
    evidence::Collector collector(limits);
    const auto begun = begin_message(facts, collector);
    EXPECT_TRUE(begun) << begun.error().detail;
    return collector.finish();
}

TEST(SessionFacts, NothingIsNothing) {
    const auto seen = gathered({});
    EXPECT_FALSE(value_of(seen.session.client.address));
    EXPECT_FALSE(seen.session.tls.in_use());
    EXPECT_FALSE(value_of(seen.session.tls.certificate_name));
    EXPECT_FALSE(seen.session.authenticated);
    EXPECT_FALSE(seen.envelope.has_mail);
}

TEST(SessionFacts, ACertificateMeansTls) {
    SessionFacts facts;
    facts.client_cert = "mail.protection.outlook.com";
    EXPECT_TRUE(gathered(facts).session.tls.in_use());
    facts.client_cert = "";
    const auto nameless = gathered(facts);
    ASSERT_TRUE(value_of(nameless.session.tls.certificate_name));
    EXPECT_EQ(*value_of(nameless.session.tls.certificate_name), "");
}

TEST(SessionFacts, TlsWithoutCertificateHasTheHint) {
    SessionFacts facts;
    facts.tls_version = "TLSv1.3";
    const auto seen = gathered(facts);
    EXPECT_TRUE(seen.session.tls.in_use());
    EXPECT_EQ(seen.session.tls.hint, evidence::CertificateHint::no_certificate_seen);
}

TEST(SessionFacts, MacrosSpeakAsTheMtaDoesAndNamedFactsBeatThem) {
    SessionFacts facts;
    facts.macros = {{"v", "Postfix 3.7.11"},  {"i", "Q1"},           {"{cert_subject}", "from.macro"}, {"{client_addr}", "192.0.2.1"},
                    {"{auth_type}", "PLAIN"}, {"{auth_authen}", "u"}};
    const auto by_macros = gathered(facts);
    EXPECT_EQ(by_macros.envelope.queue_id, "Q1");
    EXPECT_EQ(by_macros.session.mta, "Postfix 3.7.11");
    EXPECT_EQ(value_of(by_macros.session.client.address)->text(), "192.0.2.1");
    EXPECT_EQ(*value_of(by_macros.session.tls.certificate_name), "from.macro");
    EXPECT_TRUE(by_macros.session.authenticated);

    facts.client_ip = "192.0.2.2";
    facts.client_cert = "from.fact";
    facts.queue_id = "Q2";
    facts.authenticated = false;
    const auto by_facts = gathered(facts);
    EXPECT_EQ(by_facts.envelope.queue_id, "Q2");
    EXPECT_EQ(value_of(by_facts.session.client.address)->text(), "192.0.2.2");
    EXPECT_EQ(*value_of(by_facts.session.tls.certificate_name), "from.fact");
    EXPECT_FALSE(by_facts.session.authenticated);
}

TEST(SessionFacts, SendmailsUnverifiedNameDoesNotCount) {
    SessionFacts facts;
    facts.macros = {
        {"{cert_subject}", "/CN=mail.protection.outlook.com"}, {"{cn_subject}", "mail.protection.outlook.com"}, {"{verify}", "FAIL"}};
    EXPECT_FALSE(value_of(gathered(facts).session.tls.certificate_name));
    facts.macros["{verify}"] = "OK";
    EXPECT_TRUE(value_of(gathered(facts).session.tls.certificate_name));
}

TEST(SessionFacts, Refuses) {
    const evidence::MessageLimits limits;
    evidence::Collector collector(limits);
    SessionFacts address;
    address.client_ip = "nowhere";
    EXPECT_FALSE(begin_message(address, collector));
    SessionFacts nul;
    nul.macros = {{"i", std::string("a\0b", 3)}};
    EXPECT_FALSE(begin_message(nul, collector));
    SessionFacts large;
    large.macros = {{"i", std::string(70000, 'x')}};
    EXPECT_FALSE(begin_message(large, collector));
}

}  // namespace
}  // namespace exota::programs
