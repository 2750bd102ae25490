// Three-valued proofs: which holds, which is undecided, which came closest.
#include "decision/proofs.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using enum Finding;

std::vector<tenant::Proof> proofs_of(std::initializer_list<std::string_view> texts) {
    std::vector<tenant::Proof> out;
    for (const auto text : texts) out.push_back(tenant::Proof::parse(text).value());
    return out;
}

Findings findings_of(std::initializer_list<std::pair<Factor, Finding>> known) {
    Findings findings;
    for (const auto& [factor, finding] : known) finding_of(findings, factor).finding = finding;
    return findings;
}

TEST(Proofs, WhatTheyComeTo) {
    struct Row {
        std::string name;
        std::vector<tenant::Proof> proofs;
        Findings findings;
        Finding named_tenant;
        Verdict verdict;
        std::optional<std::size_t> proof;
    };
    const auto two = proofs_of({"client-cert + dkim", "client-ip + xoorg"});
    const auto cert_and = [](Finding dkim) { return findings_of({{Factor::client_cert, holds}, {Factor::dkim, dkim}}); };
    const Findings second = findings_of({{Factor::client_ip, holds}, {Factor::xoorg, holds}});
    const Findings second_and_undecided =
        findings_of({{Factor::client_ip, holds}, {Factor::xoorg, holds}, {Factor::client_cert, unavailable}, {Factor::dkim, holds}});
    const std::vector<Row> rows{
        {"first holds", two, cert_and(holds), holds, Verdict::accept, 0},
        {"second holds", two, second, holds, Verdict::accept, 1},
        {"second holds, first undecided", two, second_and_undecided, holds, Verdict::accept, 1},
        {"lacks what is unavailable", two, cert_and(unavailable), holds, Verdict::tempfail, {}},
        {"lacks what is absent", two, cert_and(absent), holds, Verdict::reject, {}},
        {"lacks what contradicts", two, cert_and(contradicts), holds, Verdict::reject, {}},
        {"one unavailable, another absent",
         two,
         findings_of({{Factor::client_cert, unavailable}, {Factor::dkim, absent}}),
         holds,
         Verdict::reject,
         {}},
        {"all unavailable",
         two,
         findings_of({{Factor::client_cert, unavailable}, {Factor::dkim, unavailable}}),
         holds,
         Verdict::tempfail,
         {}},
        {"forward: holds, its tenant is not evident", two, cert_and(holds), absent, Verdict::reject, {}},
        {"forward: holds, its tenant is undecided", two, cert_and(holds), unavailable, Verdict::tempfail, {}},
        {"forward: undecided, its tenant is evident", two, cert_and(unavailable), holds, Verdict::tempfail, {}},
        {"forward: undecided, its tenant is not evident", two, cert_and(unavailable), absent, Verdict::reject, {}},
        {"no proofs prove nothing", {}, cert_and(holds), holds, Verdict::reject, {}},
        {"an empty proof proves nothing", {tenant::Proof{}}, cert_and(holds), holds, Verdict::reject, {}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const auto outcomes = weigh_proofs(row.proofs, row.findings);
        const Weighed weighed = weigh(outcomes, row.findings, row.named_tenant);
        EXPECT_EQ(weighed.verdict, row.verdict);
        EXPECT_EQ(weighed.proof, row.proof);
    }
}

TEST(Proofs, EvidenceOfTheTenant) {
    for (const Factor factor : {Factor::tenant_id, Factor::xoorg, Factor::originator_org, Factor::dkim}) {
        EXPECT_EQ(evidence_of_tenant(findings_of({{factor, holds}})), holds);
        EXPECT_EQ(evidence_of_tenant(findings_of({{factor, unavailable}})), unavailable);
        EXPECT_EQ(evidence_of_tenant(findings_of({{factor, contradicts}})), absent);
    }
    EXPECT_EQ(evidence_of_tenant(findings_of({{Factor::xoorg, unavailable}, {Factor::dkim, holds}})), holds);
    for (const Factor factor :
         {Factor::peer, Factor::client_cert, Factor::dkim_any, Factor::dkim_aligned, Factor::hosted, Factor::spf, Factor::listed})
        EXPECT_EQ(evidence_of_tenant(findings_of({{factor, holds}})), absent) << name_of(factor);
}

TEST(Proofs, ClosestHasTheFewestMissingAndIsListedFirst) {
    const Findings findings = findings_of({{Factor::client_cert, holds}, {Factor::xoorg, unavailable}});
    const auto closest = [&](std::initializer_list<std::string_view> texts, Among among) -> std::string {
        const auto outcomes = weigh_proofs(proofs_of(texts), findings);
        const ProofOutcome* found = closest_proof(outcomes, findings, among);
        return found ? found->text : "";
    };
    EXPECT_EQ(closest({"dkim + spf", "client-cert + dkim", "client-cert + spf"}, Among::all), "client-cert + dkim");
    EXPECT_EQ(closest({"dkim + spf", "client-cert + dkim", "client-cert + xoorg"}, Among::undecided), "client-cert + xoorg");
    EXPECT_EQ(closest({"dkim"}, Among::undecided), "");
    EXPECT_EQ(closest({"client-cert", "dkim + spf"}, Among::all), "dkim + spf") << "a proof that holds lacks nothing";
}

}  // namespace
}  // namespace exota::decision
