// Clean-up, header firewall and the result that is added. Removals by hostile spelling are in forged_result_test.cc.
#include "decision/header_edits.h"

#include <algorithm>

#include "authn/authres.h"
#include "base/text.h"
#include "decision/decision_fixture.h"
#include "decision/verified_results.h"

namespace exota::decision {
namespace {

using namespace fixture;
using mail::EditOp;
using mail::HeaderEdit;

std::vector<HeaderEdit> removals(const Decision& decision) {
    std::vector<HeaderEdit> out;
    for (const HeaderEdit& edit : decision.header_edits)
        if (edit.op == EditOp::remove) out.push_back(edit);
    return out;
}

TEST(HeaderEdits, RemovalsGoFromTheHighestIndexDown) {
    Message message = honest_mail()
                          .with("X-ExOTA-Authentication-Results: a")
                          .with("x-exota-authentication-results: b")
                          .with("X-EXOTA-authentication-results: c");
    const auto removed = removals(judged(message));
    ASSERT_EQ(removed.size(), 3u);
    for (std::size_t i = 0; i < removed.size(); ++i) {
        EXPECT_EQ(removed[i].index, 3 - i);
        EXPECT_TRUE(base::iequals(removed[i].name, own_result_field));
        EXPECT_EQ(removed[i].value, "");
    }
}

TEST(HeaderEdits, AuthenticationResultsAreRemovedByTheirNumber) {
    Message message = honest_mail()  // its own is number 1
                          .with("Authentication-Results: mx.example.net; x-exota=pass")
                          .with("Authentication-Results: other.example; spf=pass")
                          .with("Authentication-Results: mx.example.net; x-exota=pass");
    const auto removed = removals(judged(message));
    ASSERT_EQ(removed.size(), 2u);
    EXPECT_EQ(removed[0].index, 4u);
    EXPECT_EQ(removed[1].index, 2u);
}

TEST(HeaderEdits, NoneWhereTheMessageIsNotLetThrough) {
    EXPECT_TRUE(judged(bare_mail().with("X-ExOTA-Authentication-Results: a")).header_edits.empty());
    EXPECT_TRUE(judged(honest_mail().with("X-ExOTA-Authentication-Results: a"), strict_rules(), nullptr).header_edits.empty());
}

TEST(HeaderEdits, WithoutOurIdNoAuthenticationResultsIsOurs) {
    Rules rules = strict_rules();
    rules.header.authserv_id.clear();
    rules.header.add = false;
    EXPECT_TRUE(judged(honest_mail().with("Authentication-Results: ; x-exota=pass"), rules).header_edits.empty());
}

TEST(HeaderEdits, FieldsThatCouldNotBeLookedAtGo) {
    evidence::Evidence evidence = evidence_of(honest_mail());
    evidence.header.authentication_results_count = 4;  // one was kept
    const auto removed = removals(decide(evidence, &all_customers(), strict_rules()));
    ASSERT_EQ(removed.size(), 3u);
    EXPECT_EQ(removed[0].index, 4u);
    EXPECT_EQ(removed[2].index, 2u);
    // A forged one that was too long to keep may stand above one that was kept.
    evidence.header.authentication_results[0].index = 3;
    const auto around = removals(decide(evidence, &all_customers(), strict_rules()));
    ASSERT_EQ(around.size(), 3u);
    EXPECT_EQ(around[0].index, 4u);
    EXPECT_EQ(around[1].index, 2u);
    EXPECT_EQ(around[2].index, 1u);
}

TEST(HeaderEdits, ResultInThePredecessorsForm) {
    const Decision decision = judged(honest_mail());
    ASSERT_EQ(decision.header_edits.size(), 1u);
    EXPECT_EQ(decision.header_edits[0],
              (HeaderEdit{EditOp::add, 0, "X-ExOTA-Authentication-Results",
                          "mx.example.net;\n  auth=pass 5322_from_domain=contoso.com dkim=True dkim_aligned=True x509_client_trust=True "
                          "forwarded=False"}));
    Rules rules = strict_rules();
    rules.header.add = false;
    EXPECT_TRUE(judged(honest_mail(), rules).header_edits.empty());
}

TEST(HeaderEdits, MonitorSaysWhatEnforceWouldHaveDone) {
    Rules rules = strict_rules();
    rules.force_monitor = true;
    EXPECT_EQ(judged(bare_mail(), rules).header_edits.back().value,
              "mx.example.net;\n  auth=fail reason=not-proven mode=monitor 5322_from_domain=contoso.com dkim=False dkim_aligned=False "
              "x509_client_trust=True "
              "forwarded=False");
    EXPECT_EQ(judged(bare_mail("From: a, b"), rules).header_edits.back().value,
              "mx.example.net;\n  auth=fail reason=from-ambiguous mode=monitor dkim=False dkim_aligned=False x509_client_trust=True "
              "forwarded=False");
    rules.force_monitor = false;
    rules.mode = tenant::Mode::quarantine;
    EXPECT_NE(
        judged(bare_mail("From: x@foreign.example"), rules).header_edits.back().value.find("auth=fail reason=no-policy mode=quarantine"),
        std::string::npos);
}

TEST(HeaderEdits, ResultAsRfc8601HasIt) {
    Rules rules = strict_rules();
    rules.header.format = HeaderFormat::rfc8601;
    const auto result_of = [&rules](const Message& message, const tenant::Index* tenants = &all_customers()) {
        const Decision decision = judged(message, rules, tenants);
        EXPECT_EQ(decision.header_edits.back().op, EditOp::insert);
        EXPECT_EQ(decision.header_edits.back().index, 0u);
        EXPECT_EQ(decision.header_edits.back().name, "Authentication-Results");
        const auto field = authn::parse_authentication_results(decision.header_edits.back().value);
        EXPECT_TRUE(field) << decision.header_edits.back().value;
        EXPECT_EQ(field->authserv_id, "mx.example.net");
        EXPECT_EQ(field->results.size(), 1u);
        return field->results.at(0);
    };
    const authn::ResInfo pass = result_of(honest_mail());
    EXPECT_EQ(pass.method, "x-exota");
    EXPECT_EQ(pass.result, "pass");
    EXPECT_EQ(pass.reason, "authorised");
    ASSERT_NE(pass.find("header", "from"), nullptr);
    EXPECT_EQ(pass.find("header", "from")->pvalue, "contoso.com");
    rules.force_monitor = true;
    EXPECT_EQ(result_of(bare_mail()).result, "fail");
    EXPECT_EQ(result_of(bare_mail()).reason, "not-proven");
    EXPECT_EQ(result_of(bare_mail()).find("policy", "mode")->pvalue, "monitor");
    EXPECT_EQ(result_of(honest_mail(), nullptr).result, "temperror");
    EXPECT_EQ(result_of(bare_mail("From: a, b")).find("header", "from"), nullptr);
}

TEST(HeaderEdits, AnOddAuthservIdIsQuoted) {
    Rules rules = strict_rules();
    rules.header.authserv_id = "our gateway; auth=pass";
    EXPECT_TRUE(judged(honest_mail(), rules).header_edits.back().value.starts_with("\"our gateway; auth=pass\";\n  auth=pass "))
        << judged(honest_mail(), rules).header_edits.back().value;
}

TEST(HeaderEdits, BypassedMailGetsNoResultButIsCleaned) {
    Rules rules = strict_rules();
    rules.bypass_clients = prefixes({"40.107.22.5"});
    const Decision decision = judged(honest_mail().with("X-ExOTA-Authentication-Results: a"), rules);
    ASSERT_EQ(decision.header_edits.size(), 1u);
    EXPECT_EQ(decision.header_edits[0].op, EditOp::remove);
}

// --- Header firewall ---------------------------------------------------------------------------------------------------------------

Message with_microsofts_fields(Message message) {
    return message.with("X-MS-Exchange-Organization-AuthAs: Internal")
        .with("X-MS-Exchange-CrossPremises-AuthAs: Internal")
        .with("X-MS-Exchange-Forest-ArrivalHubServer: x")
        .with("X-Forefront-Antispam-Report: x")
        .with("x-ms-exchange-organization-AUTHAS: Internal");
}

std::vector<std::string> removed_names(const Message& message, const Rules& rules) {
    std::vector<std::string> names;
    for (const HeaderEdit& edit : removals(judged(message, rules)))
        names.push_back(base::lower(edit.name) + ' ' + std::to_string(edit.index));
    std::ranges::sort(names);
    return names;
}

Rules with_firewall() {
    Rules rules = strict_rules();
    rules.header_firewall = true;
    return rules;
}

const std::vector<std::string> of_organization{"x-ms-exchange-crosspremises-authas 1", "x-ms-exchange-forest-arrivalhubserver 1",
                                               "x-ms-exchange-organization-authas 1", "x-ms-exchange-organization-authas 2"};

Message of_fabrikam() {  // a hybrid tenant
    return Message()
        .with("Authentication-Results: mx.example.net; dkim=pass header.d=fabrikam.com")
        .with("Received: x")
        .with("From: f@fabrikam.com");
}

TEST(HeaderFirewall, IsOffByDefault) { EXPECT_TRUE(removed_names(with_microsofts_fields(honest_mail()), strict_rules()).empty()); }

TEST(HeaderFirewall, ProvenPeerAndAcceptedKeepWhatTheServiceWrites) {
    EXPECT_EQ(removed_names(with_microsofts_fields(honest_mail()), with_firewall()), of_organization);
    EXPECT_TRUE(removed_names(with_microsofts_fields(of_fabrikam()), with_firewall()).empty()) << "hybrid keeps all";
}

TEST(HeaderFirewall, WhatItCannotRemoveIsNeverLetThrough) {
    evidence::Evidence evidence = evidence_of(honest_mail());
    evidence.too_complex = "header fields above 2000";
    evidence.header.firewall_incomplete = true;
    Rules rules = with_firewall();
    rules.force_monitor = true;
    for (const bool bypassed : {false, true}) {
        if (bypassed) rules.bypass_clients = {*base::IpPrefix::parse("0.0.0.0/0"), *base::IpPrefix::parse("::/0")};
        const Decision decision = decide(evidence, &all_customers(), rules);
        EXPECT_EQ(decision.verdict, Verdict::reject);
        EXPECT_EQ(decision.reason, Reason::too_complex);
        EXPECT_TRUE(decision.reply);
        EXPECT_TRUE(decision.header_edits.empty());
    }
    rules.header_firewall = false;
    EXPECT_EQ(decide(evidence, &all_customers(), rules).verdict, Verdict::accept);
}

TEST(HeaderFirewall, EverybodyElseLosesAll) {
    Rules rules = with_firewall();
    const auto all_gone = [&rules](const Message& message) {
        const auto names = removed_names(message, rules);
        return std::ranges::includes(names, of_organization) && std::ranges::find(names, "x-forefront-antispam-report 1") != names.end();
    };
    rules.mode = tenant::Mode::monitor;
    EXPECT_TRUE(all_gone(with_microsofts_fields(bare_mail("From: x@foreign.example")))) << "let through, but not accepted before mode";
    Message forward = with_microsofts_fields(Message()
                                                 .with("Authentication-Results: mx.example.net; dkim=pass header.d=fabrikam.com")
                                                 .with("Received: x")
                                                 .with("From: x@foreign.example")
                                                 .with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id)));
    EXPECT_EQ(judged(forward, rules).reason, Reason::authorised);
    EXPECT_TRUE(all_gone(forward));
    EXPECT_EQ(std::ranges::count(removed_names(forward, rules), "x-ms-exchange-crosstenant-id 1"), 1);
    Message exempt = with_microsofts_fields(of_fabrikam());
    exempt.client = "192.0.2.1";
    exempt.certificate.reset();
    rules.certificate_exempt = prefixes({"192.0.2.1"});
    EXPECT_EQ(judged(exempt, rules).reason, Reason::authorised);
    EXPECT_TRUE(all_gone(exempt)) << "exempt is not proven";
    rules.bypass_clients = prefixes({"192.0.2.1"});
    EXPECT_EQ(judged(exempt, rules).reason, Reason::bypassed);
    EXPECT_TRUE(all_gone(exempt)) << "bypassed is not proven";
}

// --- What we verified ----------------------------------------------------------------------------------------------------------------

TEST(VerifiedResults, AreOneParseableField) {
    evidence::Evidence evidence;
    evidence.envelope.reverse_path = "jane@c.example";
    evidence::Verification& verification = evidence.verification;
    EXPECT_EQ(verified_results(evidence, "mx.example.net"), "");
    evidence::DkimResult short_body = dkim_result("b.example");
    short_body.counts = false;
    verification.dkim = {dkim_result("a.example"), short_body, dkim_result("", evidence::DkimResult::Value::permerror)};
    verification.spf.emplace();
    verification.spf->value = evidence::SpfValue::softfail;
    verification.spf->domain = domain("c.example");
    verification.dmarc.emplace();
    verification.dmarc->value = evidence::DmarcValue::fail;
    verification.arc.emplace();
    verification.arc->value = evidence::ArcValue::pass;
    EXPECT_EQ(verified_results(evidence, "mx.example.net"),
              "mx.example.net;\n\tdkim=pass header.d=a.example;\n\tdkim=policy header.d=b.example;\n\tdkim=permerror;\n\tspf=softfail "
              "smtp.mailfrom=c.example;\n\t"
              "dmarc=fail;\n\tarc=pass");
    EXPECT_TRUE(authn::parse_authentication_results(verified_results(evidence, "mx.example.net")));
}

TEST(VerifiedResults, NameWhatSpfChecked) {
    evidence::Evidence evidence;
    evidence.verification.spf.emplace();
    evidence.verification.spf->value = evidence::SpfValue::pass;
    EXPECT_EQ(verified_results(evidence, "mx.example.net"), "mx.example.net;\n\tspf=pass") << "no domain that could be named";
    evidence.verification.spf->domain = domain("c.example");
    EXPECT_EQ(verified_results(evidence, "mx.example.net"), "mx.example.net;\n\tspf=pass smtp.helo=c.example");
    evidence.envelope.reverse_path = "c.example";  // a sender without a local part is a sender
    EXPECT_EQ(verified_results(evidence, "mx.example.net"), "mx.example.net;\n\tspf=pass smtp.mailfrom=c.example");
}

TEST(VerifiedResults, ReplaceIncomingFieldsOfOurs) {
    Rules rules = strict_rules();
    rules.dkim_source = DkimSource::verify;
    rules.header.verification_results = true;
    Message message = honest_mail().with("AUTHENTICATION-results: MX.example.net; dmarc=pass");
    message.verification.dkim = {dkim_result("contoso.com")};
    const Decision decision = judged(message, rules);
    EXPECT_EQ(decision.reason, Reason::authorised) << decision.why;
    ASSERT_EQ(decision.header_edits.size(), 4u);
    EXPECT_EQ(decision.header_edits[0].index, 2u);
    EXPECT_EQ(decision.header_edits[1].index, 1u);
    EXPECT_EQ(decision.header_edits[2].op, EditOp::insert);
    EXPECT_EQ(decision.header_edits[2].value, "mx.example.net;\n\tdkim=pass header.d=contoso.com");
}

}  // namespace
}  // namespace exota::decision
