#include "decision/sighting.h"

#include <gtest/gtest.h>

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

constexpr std::string_view new_id = "77777777-0000-4000-8000-000000000007";

Rules discovering(DkimSource source = DkimSource::authentication_results) {
    Rules rules = strict_rules();
    rules.mode = tenant::Mode::monitor;
    rules.discovery = true;
    rules.dkim_source = source;
    return rules;
}

/// Mail of a customer who is no tenant yet.
Message new_customer() {
    Message message;
    message.reverse_path = "<jane@newcomer.com>";
    message.with("Authentication-Results: mx.example.net; dkim=pass header.d=newcomer.com; dkim=pass header.d=newcomer.onmicrosoft.com")
        .with("Received: from outbound.protection.outlook.com by mx.example.net; Sat, 21 Nov 2026 10:00:00 +0000")
        .with("From: Jane <jane@NewComer.com>")
        .with("X-OriginatorOrg: newcomer.com")
        .with("X-MS-Exchange-CrossTenant-Id: " + std::string(new_id));
    return message;
}

std::optional<tenant::Sighting> sighted(const Message& message, const Rules& rules = discovering(),
                                        const tenant::Index* tenants = &all_customers()) {
    return sighting_of(evidence_of(message), tenants, rules);
}

TEST(Sighting, what_a_new_customer_shows) {
    Message message = new_customer();
    message.xoorg = "newcomer.onmicrosoft.com";
    const auto seen = sighted(message);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->author_domain, "newcomer.com");
    EXPECT_EQ(seen->organizational_domain, "newcomer.com");
    EXPECT_EQ(seen->tenant_id->text(), new_id);
    EXPECT_EQ(seen->organizations, (std::vector<std::string>{"newcomer.onmicrosoft.com", "newcomer.com"}));
    EXPECT_EQ(seen->sdids, (std::vector<std::string>{"newcomer.com", "newcomer.onmicrosoft.com"}));
}

TEST(Sighting, nothing_is_authorised_by_one) {
    EXPECT_EQ(judged(new_customer(), discovering()).reason, Reason::no_policy);
    EXPECT_EQ(judged(new_customer(), discovering()).judged, Verdict::reject);
}

TEST(Sighting, who_may_be_learned_from) {
    struct Case {
        const char* name;
        Message message;
        bool is_sighting;
    };
    const auto changed = [](auto change) { return new_customer().but(change); };
    const auto with = [](std::string_view line) { return new_customer().with(line); };
    const Case cases[] = {
        {"as it is", new_customer(), true},
        {"no id", new_customer().without("X-MS-Exchange-CrossTenant-Id"), true},
        {"no organisation", new_customer().without("X-OriginatorOrg"), true},
        {"null sender", changed([](Message& m) { m.reverse_path = "<>"; }), true},
        {"Microsoft's own seal", with("ARC-Seal: i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=none; b=AAAA"), true},
        // Whose mail it is.
        {"a tenant's author", new_customer().without("From:").with("From: <jane@contoso.com>"), false},
        {"a tenant's by wildcard", new_customer().without("From:").with("From: <jane@shop.contoso.com>"), false},
        {"no author", new_customer().without("From:"), false},
        {"two authors", with("From: <joe@newcomer.com>"), false},
        {"author of a public suffix", new_customer().without("From:").with("From: <jane@co.uk>"), false},
        {"too complex", changed([](Message& m) { m.too_complex = "header fields above 2000"; }), false},
        // Who brings it.
        {"no certificate", changed([](Message& m) { m.certificate.reset(); }), false},
        {"another certificate", changed([](Message& m) { m.certificate = "mail.example.com"; }), false},
        // Who signed it.
        {"not signed", new_customer().without("Authentication-Results"), false},
        {"signed by others",
         new_customer()
             .without("Authentication-Results")
             .with("Authentication-Results: mx.example.net; dkim=pass header.d=newcomer.onmicrosoft.com"),
         false},
        {"by a parent", new_customer().without("From:").with("From: <jane@shop.newcomer.com>"), false},
        {"by a subdomain",
         new_customer().without("Authentication-Results").with("Authentication-Results: mx.example.net; dkim=pass header.d=m.newcomer.com"),
         false},
        {"badly",
         new_customer().without("Authentication-Results").with("Authentication-Results: mx.example.net; dkim=fail header.d=newcomer.com"),
         false},
        {"somebody else says so",
         new_customer().without("Authentication-Results").with("Authentication-Results: mx.evil.test; dkim=pass header.d=newcomer.com"),
         false},
        // Somebody passed it on.
        {"redirected", with("Resent-From: <eve@evil.test>"), false},
        {"resent", with("Resent-Date: Sat, 21 Nov 2026 10:00:00 +0000"), false},
        {"forwarded", with("X-Forwarded-For: jane@newcomer.com eve@evil.test"), false},
        {"list", with("List-Unsubscribe: <mailto:x@evil.test>"), false},
        {"inbox rule", with("X-MS-Exchange-Inbox-Rules-Loop: eve@evil.test"), false},
        {"journal", with("X-MS-Journal-Report:"), false},
        {"Microsoft's second seal", with("ARC-Seal: i=2; a=rsa-sha256; s=x; d=microsoft.com; cv=pass; b=AAAA"), false},
        {"another's seal", with("ARC-Seal: i=1; a=rsa-sha256; s=x; d=evil.test; cv=none; b=AAAA"), false},
        {"SRS", changed([](Message& m) { m.reverse_path = "<SRS0=h=tt=newcomer.com=jane@evil.test>"; }), false},
        {"Exchange's SRS", changed([](Message& m) { m.reverse_path = "<eve+srs=Xy12=AB=newcomer.com=jane@evil.test>"; }), false},
        // What names nobody for sure.
        {"two ids", with("X-MS-Exchange-CrossTenant-Id: " + std::string(unknown_id)), false},
        {"no id at all", new_customer().without("X-MS-Exchange-CrossTenant-Id").with("X-MS-Exchange-CrossTenant-Id: x"), false},
        {"two organisations", with("X-OriginatorOrg: other.example"), false},
        {"all consumers",
         new_customer()
             .without("X-MS-Exchange-CrossTenant-Id")
             .with("X-MS-Exchange-CrossTenant-Id: " + std::string(mail::consumer_tenant_id)),
         false},
    };
    for (const Case& one : cases) EXPECT_EQ(sighted(one.message).has_value(), one.is_sighting) << one.name << '\n' << one.message;
}

TEST(Sighting, only_where_it_is_wanted_and_the_tenants_are_known) {
    Rules off = discovering();
    off.discovery = false;
    EXPECT_FALSE(sighted(new_customer(), off));
    EXPECT_FALSE(sighted(new_customer(), discovering(), nullptr));
    Rules bypassing = discovering();
    bypassing.bypass_clients = prefixes({"40.107.22.5/32"});
    EXPECT_FALSE(sighted(new_customer(), bypassing));
    Rules dropped_in = discovering();
    dropped_in.drop_in.emplace();
    EXPECT_FALSE(sighted(new_customer(), dropped_in));
    Rules believing = discovering();
    believing.peer_proof = PeerProof::none;
    EXPECT_FALSE(sighted(new_customer().but([](Message& m) { m.certificate.reset(); }), believing)) << "believed is not proven";
}

TEST(Sighting, signatures_are_verified_for_it) {
    const Rules rules = discovering(DkimSource::verify);
    evidence::Evidence evidence = evidence_of(new_customer());
    EXPECT_TRUE(wants_signatures(evidence, &all_customers(), rules));
    EXPECT_TRUE(wanted(evidence, &all_customers(), rules).dkim) << "though no verdict needs them";
    EXPECT_FALSE(sighting_of(evidence, &all_customers(), rules));

    using Value = evidence::DkimResult::Value;
    evidence.verification.dkim = {dkim_result("newcomer.com", Value::temperror)};
    EXPECT_TRUE(may_become_a_sighting(evidence, &all_customers(), rules));
    EXPECT_FALSE(sighting_of(evidence, &all_customers(), rules)) << "unknown is not yes";
    evidence.verification.dkim = {dkim_result("other.example", Value::temperror)};
    EXPECT_FALSE(may_become_a_sighting(evidence, &all_customers(), rules)) << "whatever DNS says of that";
    evidence.verification.dkim = {dkim_result("newcomer.com"), dkim_result("other.example", Value::temperror)};
    EXPECT_FALSE(may_become_a_sighting(evidence, &all_customers(), rules)) << "it is one";
    EXPECT_TRUE(sighting_of(evidence, &all_customers(), rules));
    evidence.verification.dkim->front().counts = false;
    EXPECT_FALSE(sighting_of(evidence, &all_customers(), rules)) << "a signature of a part";

    Rules off = rules;
    off.discovery = false;
    for (const Rules& others : {off, discovering(DkimSource::authentication_results)}) {
        EXPECT_FALSE(wants_signatures(evidence_of(new_customer()), &all_customers(), others));
        EXPECT_FALSE(wanted(evidence_of(new_customer()), &all_customers(), others).dkim);
    }
    evidence::Evidence unsigned_mail = evidence_of(new_customer());
    unsigned_mail.header.dkim_signature_count = 0;
    EXPECT_FALSE(wants_signatures(unsigned_mail, &all_customers(), rules));
}

TEST(Sighting, signing_domains_are_bounded) {
    evidence::Evidence evidence = evidence_of(new_customer());
    evidence.verification.dkim.emplace();
    for (int i = 0; i < 20; ++i) evidence.verification.dkim->push_back(dkim_result("signer" + std::to_string(i) + ".example"));
    evidence.verification.dkim->push_back(dkim_result("newcomer.com"));
    const auto seen = sighting_of(evidence, &all_customers(), discovering(DkimSource::verify));
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->sdids.size(), tenant::max_names_of_candidate);
    EXPECT_EQ(seen->sdids.front(), "newcomer.com");
}

}  // namespace
}  // namespace exota::decision
