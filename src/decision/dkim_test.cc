// The DKIM factors: whose signature, reported or verified by whom, aligned or not.
#include "decision/dkim.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using Value = evidence::DkimResult::Value;

const std::string signature = signature_of("x.example");

struct Row {
    std::string name, from;
    std::string authres;  // behind the trusted id; empty: no field
    Finding dkim, aligned, any;
};

TEST(Dkim, AsTheValidatorReports) {
    using enum Finding;
    const std::string c = "From: jane@contoso.com", s = "From: jane@sub.contoso.com", r = "From: r@relaxed.com",
                      m = "From: r@a.mail.relaxed.com", f = "From: x@foreign.example", ro = "From: r@relaxed.onmicrosoft.com";
    const std::vector<Row> rows{
        {"author domain", c, "dkim=pass header.d=contoso.com", holds, holds, holds},
        {"capitals in d=", c, "dkim=pass header.d=Contoso.COM", holds, holds, holds},
        {"the tenant's other domain", c, "dkim=pass header.d=contoso.onmicrosoft.com", holds, absent, holds},
        {"a DKIM domain", c, "dkim=pass header.d=signer.example", holds, absent, holds},
        {"below a DKIM domain", c, "dkim=pass header.d=a.signer.example", absent, absent, holds},
        {"covered by a wildcard", c, "dkim=pass header.d=eu.contoso.com", holds, absent, holds},
        {"strict: the parent is not the author", s, "dkim=pass header.d=contoso.com", holds, absent, holds},
        {"another tenant's", c, "dkim=pass header.d=fabrikam.com", absent, absent, holds},
        {"nobody's", c, "dkim=pass header.d=evil.example", absent, absent, holds},
        {"continues the author domain", c, "dkim=pass header.d=contoso.com.evil.example", absent, absent, holds},
        {"one of several passes", c, "dkim=fail header.d=contoso.com; dkim=pass header.d=contoso.com", holds, holds, holds},
        {"fails", c, "dkim=fail header.d=contoso.com", absent, absent, absent},
        {"permanent error", c, "dkim=permerror header.d=contoso.com", absent, absent, absent},
        {"temporary error of the author domain", c, "dkim=temperror header.d=contoso.com", unavailable, unavailable, unavailable},
        {"temporary error of the tenant's other domain", c, "dkim=temperror header.d=contoso.onmicrosoft.com", unavailable, absent,
         unavailable},
        {"temporary error of a domain that would not count", c, "dkim=temperror header.d=evil.example", absent, absent, unavailable},
        {"temporary error of nobody known", c, "dkim=temperror", unavailable, unavailable, unavailable},
        {"temporary error beside a pass", c, "dkim=temperror header.d=contoso.com; dkim=pass header.d=contoso.com", holds, holds, holds},
        {"pass without a domain", c, "dkim=pass", absent, absent, absent},
        {"none", c, "dkim=none", absent, absent, absent},

        {"relaxed: same", r, "dkim=pass header.d=relaxed.com", holds, holds, holds},
        {"relaxed: below", r, "dkim=pass header.d=x.relaxed.com", absent, holds, holds},
        {"relaxed: above", m, "dkim=pass header.d=relaxed.com", absent, absent, holds},  // a.mail.relaxed.com is nobody's
        {"relaxed: another organisation", r, "dkim=pass header.d=xrelaxed.com", absent, absent, holds},
        {"relaxed: a neighbour below a shared suffix", ro, "dkim=pass header.d=contoso.onmicrosoft.com", absent, absent, holds},
        {"relaxed: an unknown neighbour below a shared suffix", ro, "dkim=pass header.d=evil.onmicrosoft.com", absent, absent, holds},
        {"relaxed: below itself under a shared suffix", ro, "dkim=pass header.d=x.relaxed.onmicrosoft.com", absent, holds, holds},
        {"foreign author: aligned is strict, dkim is nobody's", f, "dkim=pass header.d=foreign.example", absent, holds, holds},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        Message message;
        if (!row.authres.empty()) message.with("Authentication-Results: mx.example.net; " + row.authres);
        message.with("Received: x").with(signature).with(row.from);
        const Decision decision = judged(message);
        EXPECT_EQ(found(decision, Factor::dkim), row.dkim) << detail(decision, Factor::dkim);
        EXPECT_EQ(found(decision, Factor::dkim_aligned), row.aligned) << detail(decision, Factor::dkim_aligned);
        EXPECT_EQ(found(decision, Factor::dkim_any), row.any) << detail(decision, Factor::dkim_any);
    }
}

TEST(Dkim, RelaxedStopsAtAnotherTenantsDomain) {
    const tenant::Index index = index_of(R"({"version": 2, "tenants": {
        "parent": {"domains": ["group.example"], "proofs": ["client-cert + dkim-aligned"], "alignment": "relaxed"},
        "child": {"domains": ["child.group.example"], "proofs": ["client-cert + dkim"]}}})");
    const auto aligned = [&index](std::string_view from, std::string_view sdid) {
        Message message;
        message.with("Authentication-Results: mx.example.net; dkim=pass header.d=" + std::string(sdid)).with("Received: x").with(from);
        return found(judged(message, strict_rules(), &index), Factor::dkim_aligned);
    };
    EXPECT_EQ(aligned("From: a@group.example", "other.group.example"), Finding::holds);
    EXPECT_EQ(aligned("From: a@group.example", "child.group.example"), Finding::absent);
    EXPECT_EQ(aligned("From: a@child.group.example", "group.example"), Finding::absent);  // strict by its own entry
}

TEST(Dkim, SilenceOfTheValidator) {
    const auto finding = [](const Message& message, const Rules& rules) { return found(judged(message, rules), Factor::dkim); };
    Rules rules = strict_rules();
    const Message with_signature = bare_mail().with(signature);
    EXPECT_EQ(finding(with_signature, rules), Finding::unavailable);
    EXPECT_EQ(finding(bare_mail(), rules), Finding::absent);
    rules.authres_missing = WhenMissing::absent;
    EXPECT_EQ(finding(with_signature, rules), Finding::absent);
    rules = strict_rules();
    // A setting that leaves out the validator must not cost orders for good.
    rules.authres.methods = {"spf"};
    EXPECT_EQ(finding(with_signature, rules), Finding::unavailable);
    EXPECT_EQ(finding(bare_mail(), rules), Finding::absent);
    rules.authres_missing = WhenMissing::absent;
    EXPECT_EQ(finding(with_signature, rules), Finding::absent);
    rules = strict_rules();
    rules.authres.authserv_ids.clear();
    EXPECT_EQ(finding(with_signature, rules), Finding::unavailable);
    EXPECT_EQ(finding(bare_mail(), rules), Finding::absent);
    // A field of a trusted id that names the method, even with "none", is no silence.
    EXPECT_EQ(finding(Message()
                          .with("Authentication-Results: mx.example.net; dkim=none")
                          .with("Received: x")
                          .with(signature)
                          .with("From: j@contoso.com"),
                      strict_rules()),
              Finding::absent);
    // A field of another method is.
    EXPECT_EQ(finding(Message()
                          .with("Authentication-Results: mx.example.net; spf=pass")
                          .with("Received: x")
                          .with(signature)
                          .with("From: j@contoso.com"),
                      strict_rules()),
              Finding::unavailable);
}

TEST(Dkim, SourcesOfResults) {
    Message reported = honest_mail();
    Message verified = bare_mail().with(signature);
    verified.verification.dkim = {dkim_result("contoso.com")};
    Message both = honest_mail();
    both.verification.dkim = {dkim_result("contoso.com", Value::fail)};
    Rules rules = strict_rules();
    const auto finding = [&rules](const Message& message, DkimSource source) {
        rules.dkim_source = source;
        return found(judged(message, rules), Factor::dkim);
    };
    EXPECT_EQ(finding(reported, DkimSource::authentication_results), Finding::holds);
    EXPECT_EQ(finding(reported, DkimSource::verify), Finding::absent);
    EXPECT_EQ(finding(reported, DkimSource::both), Finding::holds);
    EXPECT_EQ(finding(verified, DkimSource::authentication_results), Finding::unavailable);
    EXPECT_EQ(finding(verified, DkimSource::verify), Finding::holds);
    EXPECT_EQ(finding(verified, DkimSource::both), Finding::holds);
    EXPECT_EQ(finding(both, DkimSource::both), Finding::holds);
    EXPECT_EQ(finding(both, DkimSource::verify), Finding::absent);

    verified.verification.dkim = {dkim_result("contoso.com", Value::temperror)};
    EXPECT_EQ(finding(verified, DkimSource::verify), Finding::unavailable);
    verified.verification.dkim = {dkim_result("contoso.com", Value::fail)};
    EXPECT_EQ(finding(verified, DkimSource::both), Finding::absent) << "our own answer settles what the validator left open";
    verified.verification.dkim.reset();
    EXPECT_EQ(finding(verified, DkimSource::verify), Finding::absent);
    EXPECT_EQ(detail(judged(verified, rules), Factor::dkim), "not-asked");
}

TEST(Dkim, ASignatureThatDoesNotCountHoldsNothing) {
    Rules rules = strict_rules();
    rules.dkim_source = DkimSource::verify;
    Message message = bare_mail().with(signature);
    evidence::DkimResult result = dkim_result("contoso.com");
    result.counts = false;
    result.detail = "short l=";
    message.verification.dkim = {result};
    for (const Factor factor : {Factor::dkim, Factor::dkim_aligned, Factor::dkim_any}) {
        EXPECT_EQ(found(judged(message, rules), factor), Finding::absent);
        EXPECT_EQ(detail(judged(message, rules), factor), "signature-not-counted");
        EXPECT_TRUE(finding_of(judged(message, rules).findings, factor).hint.ends_with(": short l="));
    }
    message.verification.dkim->front().counts = true;
    EXPECT_EQ(found(judged(message, rules), Factor::dkim), Finding::holds);
}

}  // namespace
}  // namespace exota::decision
