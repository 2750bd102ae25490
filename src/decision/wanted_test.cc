// Which look-ups are still worth their while.
#include <algorithm>

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

tenant::Index with_proofs(std::string_view proofs) {
    return index_of(R"({"version": 2, "tenants": {"c": {"domains": ["contoso.com"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"],
        "forwarding": true, "proofs": [)" +
                    std::string(proofs) + "]}}}");
}

Rules verifying(DkimSource source = DkimSource::verify) {
    Rules rules = strict_rules();
    rules.dkim_source = source;
    rules.arc_trusted_sealers = {"lists.example"};
    return rules;
}

std::string text_of(const Wanted& wanted) {
    std::string out;
    if (wanted.dkim) out += " dkim";
    if (wanted.spf) out += " spf";
    if (wanted.dmarc) out += " dmarc";
    if (wanted.arc) out += " arc";
    return out.empty() ? "none" : out.substr(1);
}

TEST(Wanted, OnlyWhatCanStillDecide) {
    const std::string id = "X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id);
    const Message signed_mail = bare_mail().with(signature_of("contoso.com")),
                  with_id = bare_mail().with(signature_of("contoso.com")).with(id);
    const Message forward = bare_mail("From: x@foreign.example").with(signature_of("contoso.com")).with(id);
    Message other_certificate = signed_mail, no_certificate = signed_mail, verified = signed_mail, too_complex = signed_mail,
            contradicted = signed_mail;
    contradicted.with("X-MS-Exchange-CrossTenant-Id: " + std::string(unknown_id));
    other_certificate.certificate = "evil.example";
    no_certificate.certificate.reset();
    verified.verification.dkim = {dkim_result("evil.example")};
    too_complex.too_complex = "x";
    struct Row {
        std::string name, proofs;
        Message message;
        std::string wanted;
        Rules rules = verifying();
    };
    const std::vector<Row> rows{
        {"a signature", R"("client-cert + dkim")", signed_mail, "dkim"},
        {"aligned", R"("client-cert + dkim-aligned")", signed_mail, "dkim"},
        {"anybody's", R"("dkim-any")", signed_mail, "dkim"},
        {"no signature to look at", R"("client-cert + dkim")", bare_mail(), "none"},
        {"the certificate is missing", R"("client-cert + dkim")", other_certificate, "none"},
        {"the certificate is undecided", R"("client-cert + dkim")", no_certificate, "dkim"},
        {"verified already", R"("client-cert + dkim")", verified, "none"},
        {"a proof holds already", R"("client-cert + dkim", "client-cert + tenant-id")", with_id, "none"},
        {"another proof could hold", R"("client-cert + dkim", "client-cert + tenant-id")", signed_mail, "dkim"},
        {"reported by the validator", R"("client-cert + dkim")", signed_mail, "none", verifying(DkimSource::authentication_results)},
        {"both sources, one silent", R"("client-cert + dkim")", signed_mail, "dkim", verifying(DkimSource::both)},
        {"both sources, one holds", R"("client-cert + dkim")", honest_mail().without("X-"), "none", verifying(DkimSource::both)},
        {"SPF", R"("client-cert + spf")", bare_mail(), "spf"},
        {"DMARC needs the signatures", R"("client-cert + dmarc")", signed_mail, "dkim dmarc"},
        {"DMARC without a signature", R"("client-cert + dmarc")", bare_mail(), "none"},
        {"ARC", R"("client-cert + arc")", bare_mail(), "arc"},
        {"ARC without trusted sealers", R"("client-cert + arc")", bare_mail(), "none", strict_rules()},
        {"several proofs", R"("client-cert + spf", "client-cert + arc", "client-ip + xoorg + dkim")", signed_mail, "spf arc"},
        {"a forward by its id", R"("client-cert + spf")", forward, "spf"},
        {"nobody's domain", R"("client-cert + dkim")", bare_mail("From: x@foreign.example").with(signature_of("contoso.com")), "none"},
        {"contradicted", R"("client-cert + dkim")", contradicted, "none"},
        {"no one author", R"("client-cert + dkim")", bare_mail("From: a, b").with(signature_of("contoso.com")), "none"},
        {"too complex", R"("client-cert + dkim")", too_complex, "none"},
    };
    for (const Row& row : rows) {
        const tenant::Index index = with_proofs(row.proofs);
        EXPECT_EQ(text_of(wanted(evidence_of(row.message), &index, row.rules)), row.wanted) << row.name;
    }
}

TEST(Wanted, AForwardThatNeedsASignatureAsEvidence) {
    Rules rules = verifying();
    rules.resent_from = true;
    const tenant::Index index = with_proofs(R"("client-cert")");
    Message forward = bare_mail("From: x@foreign.example").with("Resent-From: c@contoso.com").with(signature_of("contoso.com"));
    EXPECT_EQ(text_of(wanted(evidence_of(forward), &index, rules)), "dkim");
    EXPECT_EQ(text_of(wanted(evidence_of(forward.without("DKIM")), &index, rules)), "none");
    EXPECT_EQ(text_of(wanted(evidence_of(bare_mail("From: c@contoso.com").with(signature_of("contoso.com"))), &index, rules)), "none");
}

TEST(Wanted, BetweenTwoCustomersTheAuthorsSignatureDecides) {
    const Message message = bare_mail().with(signature_of("contoso.com")).with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id));
    EXPECT_EQ(text_of(wanted(evidence_of(message), &all_customers(), verifying())), "dkim");
    Message unsigned_mail = message;
    EXPECT_EQ(text_of(wanted(evidence_of(unsigned_mail.without("DKIM")), &all_customers(), verifying())), "none");
    const Message may_not = bare_mail("From: f@fabrikam.com")
                                .with(signature_of("contoso.com"))
                                .with("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id));
    EXPECT_EQ(text_of(wanted(evidence_of(may_not), &all_customers(), verifying())), "none");
}

TEST(Wanted, NothingForBypassedMailOrWithoutTheDirectory) {
    Rules rules = verifying();
    const Message message = bare_mail().with(signature_of("contoso.com"));
    EXPECT_FALSE(wanted(evidence_of(message), nullptr, rules).any());
    rules.bypass_clients = prefixes({"40.107.22.5"});
    EXPECT_FALSE(wanted(evidence_of(message), &all_customers(), rules).any());
}

/// Whatever is not wanted cannot change the outcome: the decision without it is the decision with any answer.
TEST(Wanted, WhatIsNotWantedChangesNothing) {
    const Rules rules = verifying();
    const std::vector<Message> messages{
        honest_mail().without("X-"),
        bare_mail().with(signature_of("contoso.com")),
        bare_mail(),
        bare_mail().with(signature_of("contoso.com")).with("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id)),
        bare_mail().with(signature_of("contoso.com")).with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id)),
        bare_mail().with(signature_of("contoso.com")).with("X-MS-Exchange-CrossTenant-Id: " + std::string(unknown_id)),
        bare_mail("From: x@foreign.example")
            .with(signature_of("contoso.com"))
            .with("X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id)),
        bare_mail("From: x@foreign.example").with(signature_of("contoso.com")),
    };
    for (const Message& message : messages) {
        if (wanted(evidence_of(message), &all_customers(), rules).dkim || message.header.empty()) continue;
        if (std::ranges::none_of(message.header, [](const std::string& line) { return line.starts_with("DKIM-Signature"); })) continue;
        const Decision without = judged(message, rules);
        for (const std::string_view sdid : {"contoso.com", "fabrikam.com", "foreign.example"}) {
            Message with = message;
            with.verification.dkim = {dkim_result(sdid)};
            EXPECT_EQ(judged(with, rules).verdict, without.verdict) << sdid << '\n' << message;
        }
    }
}

}  // namespace
}  // namespace exota::decision
