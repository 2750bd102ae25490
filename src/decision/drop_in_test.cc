// Drop-in mode: the predecessor's checks in its order, its texts, its header.
#include "decision/drop_in.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

struct Switches {
    bool x509 = true, tenant_id = true, dkim = true, alignment = true;
};

constexpr std::string_view entries = R"({
  "full.test": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"},
  "loose.test": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_alignment_required": false},
  "unsigned.test": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc", "dkim_enabled": false},
  "noid.test": {"tenant_id": ""}
})";

/// As config/ sets it up from the environment (docs/migration.md).
tenant::Index index_for(const Switches& on) {
    tenant::Defaults defaults;
    defaults.forwarding = tenant::Forwarding::all;
    defaults.v1_proofs = [on](bool dkim_enabled, bool alignment_required) {
        std::vector<Factor> factors;
        if (on.x509) factors.push_back(Factor::client_cert);
        if (on.tenant_id) factors.push_back(Factor::tenant_id);
        if (on.dkim && dkim_enabled) factors.push_back(on.alignment && alignment_required ? Factor::dkim_aligned : Factor::dkim_any);
        if (factors.empty()) factors.push_back(Factor::listed);
        return std::vector<tenant::Proof>{tenant::Proof::of(std::move(factors))};
    };
    return index_of(entries, std::move(defaults));
}

Rules rules_for(const Switches& on) {
    Rules rules;
    rules.mode = tenant::Mode::enforce;
    rules.contradictions_refuse = false;
    rules.peer_proof = PeerProof::none;
    rules.resent_from = true;
    rules.forwarding_always = true;
    rules.certificate_missing = WhenMissing::absent;
    rules.certificate_exempt = prefixes({"127.0.0.1", "::1"});
    rules.dkim_source = DkimSource::authentication_results;
    rules.authres.authserv_ids = {"dkim.gw.test"};
    rules.authres.position = evidence::AuthresTrust::Position::any;
    rules.reply.tempfail_code = 450;
    rules.header.authserv_id = "AUTHSERVID";
    rules.drop_in = DropIn{.x509 = on.x509, .tenant_id_required = on.tenant_id, .dkim = on.dkim, .dkim_alignment_required = on.alignment};
    return rules;
}

Message mail_of(std::string_view from, std::string_view sdid = "full.test") {
    Message message;
    message.queue_id = "4CgSNs5Q9sz7SllQ";
    return message.with("From: " + std::string(from))
        .with("X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc")
        .with("Received: x")
        .with("Authentication-Results: dkim.gw.test; dkim=pass header.d=" + std::string(sdid));
}

Decision decided(const Message& message, const Switches& on = {}, bool directory = true) {
    const tenant::Index index = index_for(on);
    Decision decision = judged(message, rules_for(on), directory ? &index : nullptr);
    decision.policy = nullptr;  // does not outlive the index
    return decision;
}

TEST(DropIn, RepliesAreThePredecessors) {
    const std::string reject = "550 5.7.1 queue_id: 4CgSNs5Q9sz7SllQ - Security policy violation!", because = reject + " - reason: ";
    const auto certificate = [](Message message, std::optional<std::string> name) {
        message.certificate = std::move(name);
        return message;
    };
    struct Row {
        std::string name, line;
        Message message;
        Switches on;
    };
    const Message full = mail_of("jane@full.test");
    const std::string other_id = "X-MS-Exchange-CrossTenant-Id: f0000000-0000-4000-8000-00000000000f";
    const std::vector<Row> rows{
        {"accepted", "", full, {}},
        {"From without usable domain", reject, mail_of("Jane"), {}},
        {"two From fields", reject, mail_of("jane@full.test").with("From: joe@full.test"), {}},
        {"unusable From before the certificate", reject, certificate(mail_of("Jane"), std::nullopt), {}},
        {"From missing", because + "5322.from header missing", mail_of("x").without("From"), {}},
        {"certificate before From missing",
         because + "No trusted x509 client CN found",
         certificate(mail_of("x").without("From"), std::nullopt),
         {}},
        {"no certificate", because + "No trusted x509 client CN found", certificate(full, std::nullopt), {}},
        {"wrong certificate", because + "Untrusted x509 client CN: mail.contoso.test", certificate(full, "mail.contoso.test"), {}},
        {"certificate without CN", because + "Untrusted x509 client CN: ", certificate(full, ""), {}},
        {"no certificate, x509 off", "", certificate(full, std::nullopt), {.x509 = false}},
        {"tenant ids differ", because + "Multiple/different tenant-ID headers found!", mail_of("jane@full.test").with(other_id), {}},
        {"tenant ids differ, before the policy",
         because + "Multiple/different tenant-ID headers found!",
         mail_of("x@unknown.test").with(other_id),
         {}},
        {"tenant ids differ, not required", "", mail_of("jane@full.test").with(other_id), {.tenant_id = false}},
        {"no policy", because + "No policy for 5322.from_domain unknown.test", mail_of("x@unknown.test"), {}},
        {"no policy, with Resent-From",
         because + "No policy for 5322.resent_from_domain unknown2.test",
         mail_of("x@unknown.test").with("Resent-From: y@unknown2.test"),
         {}},
        {"no policy, Resent-From unusable",
         because + "No policy for 5322.from_domain unknown.test",
         mail_of("x@unknown.test").with("Resent-From: y"),
         {}},
        {"several Resent-From, the last has a policy",
         "",
         mail_of("x@gmail.test", "gmail.test").with("Resent-From: y@unknown2.test").with("Resent-From: jane@full.test"),
         {}},
        {"several Resent-From, the last that can be read has none",
         because + "No policy for 5322.resent_from_domain unknown2.test",
         mail_of("x@gmail.test").with("Resent-From: jane@full.test").with("Resent-From: y@unknown2.test").with("Resent-From: y"),
         {}},
        {"tenant id missing", because + "Tenant-ID is missing!", mail_of("jane@full.test").without("X-MS"), {}},
        {"tenant id wrong", because + "No policy match for tenant-id", mail_of("jane@full.test").without("X-MS").with(other_id), {}},
        {"tenant id malformed",
         because + "No policy match for tenant-id",
         mail_of("jane@full.test").without("X-MS").with("X-MS-Exchange-CrossTenant-Id: x"),
         {}},
        {"tenant id of nobody", because + "No policy match for tenant-id", mail_of("x@noid.test"), {}},
        {"tenant id before DKIM", because + "Tenant-ID is missing!", mail_of("jane@full.test").without("X-MS").without("Auth"), {}},
        {"no DKIM pass", because + "No valid DKIM authentication results found", mail_of("jane@full.test").without("Auth"), {}},
        {"no DKIM pass, one domain's signature could not be checked",
         because + "No valid DKIM authentication results found",
         mail_of("jane@full.test").without("Auth").with("Authentication-Results: dkim.gw.test; dkim=temperror header.d=x.test"),
         {}},
        {"no DKIM pass, DKIM off", "", mail_of("jane@full.test").without("Auth"), {.dkim = false}},
        {"no DKIM pass, off for the domain", "", mail_of("jane@unsigned.test").without("Auth"), {}},
        {"not aligned", because + "DKIM alignment required!", mail_of("jane@full.test", "other.test"), {}},
        {"not aligned, waived for the domain", "", mail_of("jane@loose.test", "other.test"), {}},
        {"not aligned, waived for all", "", mail_of("jane@full.test", "other.test"), {.alignment = false}},
        {"forward not aligned", because + "DKIM alignment required!", mail_of("x@gmail.test").with("Resent-From: jane@full.test"), {}},
        {"forward, alignment waived", "", mail_of("x@gmail.test", "any.test").with("Resent-From: jane@loose.test"), {}},
        {"forward without any check", "", mail_of("x@gmail.test").with("Resent-From: jane@full.test"), {false, false, false, false}},
        {"no check at all", "", mail_of("jane@full.test").without("X-MS").without("Auth"), {false, false, false, false}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = decided(row.message, row.on);
        EXPECT_EQ(decision.reply ? decision.reply->line() : "", row.line);
        EXPECT_EQ(decision.verdict, row.line.empty() ? Verdict::accept : Verdict::reject);
        EXPECT_EQ(decision.judged, decision.verdict);
    }
}

TEST(DropIn, Tempfails) {
    const std::string later =
        "450 4.7.1 queue_id: 4CgSNs5Q9sz7SllQ - Service temporarily not available! Please try again later. - reason: ";
    EXPECT_EQ(decided(mail_of("jane@full.test"), {}, false).reply->line(), later + "Policy backend problem");
    // The certificate comes before the directory, as it did.
    Message no_certificate = mail_of("jane@full.test");
    no_certificate.certificate.reset();
    const Decision refused = decided(no_certificate, {}, false);
    EXPECT_EQ(refused.verdict, Verdict::reject);
    EXPECT_EQ(refused.reason, Reason::not_proven);
    EXPECT_NE(refused.reply->text.find("No trusted x509 client CN found"), std::string::npos);
    // A closed hole: what the validator could not find out is temporary.
    Message silent = mail_of("jane@full.test").without("Auth").with(signature_of("full.test"));
    EXPECT_EQ(decided(silent).reply->line(), later + "No valid DKIM authentication results found");
    EXPECT_EQ(decided(silent).judged, Verdict::tempfail);
}

TEST(DropIn, TextsOfTheOperator) {
    const Switches on;
    Rules rules = rules_for(on);
    rules.drop_in->reject_message = "100% no";
    const tenant::Index index = index_for(on);
    EXPECT_EQ(judged(mail_of("x@unknown.test"), rules, &index).reply->text,
              "queue_id: 4CgSNs5Q9sz7SllQ - 100% no - reason: No policy for 5322.from_domain unknown.test");
    Message without_id = mail_of("x@unknown.test");
    without_id.queue_id.clear();
    EXPECT_TRUE(judged(without_id, rules, &index).reply->text.starts_with("queue_id: None - "));
}

TEST(DropIn, Header) {
    const auto value = [](const Message& message, const Switches& on) {
        const Decision decision = decided(message, on);
        EXPECT_EQ(decision.verdict, Verdict::accept) << decision.why;
        if (decision.header_edits.empty()) return std::string();
        EXPECT_EQ(decision.header_edits.back().op, mail::EditOp::add);
        EXPECT_EQ(decision.header_edits.back().name, "X-ExOTA-Authentication-Results");
        return decision.header_edits.back().value;
    };
    const std::string begin = "AUTHSERVID;\n  auth=pass 5322_from_domain=";
    EXPECT_EQ(value(mail_of("jane@full.test"), {}), begin + "full.test dkim=True dkim_aligned=True x509_client_trust=True forwarded=False");
    EXPECT_EQ(value(mail_of("jane@unsigned.test"), {}),
              begin + "unsigned.test dkim=False dkim_aligned=False x509_client_trust=True forwarded=False");
    EXPECT_EQ(value(mail_of("x@gmail.test", "any.test").with("Resent-From: jane@loose.test"), {}),
              begin + "gmail.test dkim=True dkim_aligned=False x509_client_trust=True forwarded=True");
    EXPECT_EQ(value(mail_of("jane@full.test"), {.x509 = false, .dkim = false}),
              begin + "full.test dkim=True dkim_aligned=False x509_client_trust=False forwarded=False")
        << "dkim is the entry's flag, even with DKIM switched off";
    Message exempt = mail_of("jane@full.test");
    exempt.client = "127.0.0.1";
    exempt.certificate.reset();
    EXPECT_EQ(value(exempt, {}), begin + "full.test dkim=True dkim_aligned=True x509_client_trust=True forwarded=False");
}

}  // namespace
}  // namespace exota::decision
