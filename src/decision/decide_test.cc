// The judgement as a whole: a row for each sentence on sessions, authors, tenants, contradiction, proof, precedence and modes.
#include "decision/decide.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

/// A customer that may not forward, so that mail of its stays contradicted.
constexpr std::string_view relaxed_id = "aaaaaaaa-0000-4000-8000-00000000000a";

std::string id_field(std::string_view id) { return "X-MS-Exchange-CrossTenant-Id: " + std::string(id); }
std::string org_field(std::string_view org) { return "X-OriginatorOrg: " + std::string(org); }
std::string pass_of(std::string_view sdid) { return "Authentication-Results: mx.example.net; dkim=pass header.d=" + std::string(sdid); }

/// A message signed by `sdid`, by `from`, with further fields.
Message signed_mail(std::string_view sdid, std::string_view from, std::vector<std::string> fields = {}) {
    Message message;
    message.with(pass_of(sdid)).with("Received: x").with(signature_of(sdid)).with("From: " + std::string(from));
    for (const std::string& field : fields) message.with(field);
    return message;
}

struct Row {
    std::string name;
    Message message;
    Verdict verdict;
    Reason reason;
    std::string tenant;  // empty: none
    bool forward = false;
};

void expect_all(const std::vector<Row>& rows, const Rules& rules) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = judged(row.message, rules);
        EXPECT_EQ(decision.judged, row.verdict) << decision.why;
        EXPECT_EQ(decision.reason, row.reason) << decision.why;
        EXPECT_EQ(decision.tenant_name, row.tenant);
        EXPECT_EQ(decision.forward, row.forward);
        EXPECT_EQ(decision.proof.has_value(), row.reason == Reason::authorised);
    }
}

TEST(Decide, HonestMailIsAuthorised) {
    const Decision decision = judged(honest_mail());
    EXPECT_EQ(decision.verdict, Verdict::accept) << decision.why;
    EXPECT_EQ(decision.judged, Verdict::accept);
    EXPECT_EQ(decision.reason, Reason::authorised);
    EXPECT_EQ(decision.tenant_name, "contoso");
    EXPECT_EQ(decision.author_domain, "contoso.com");
    EXPECT_EQ(decision.author_address, "jane@contoso.com");
    EXPECT_EQ(decision.proof, 0u);
    EXPECT_TRUE(decision.peer_proven);
    EXPECT_FALSE(decision.forward);
    EXPECT_FALSE(decision.reply);
    EXPECT_FALSE(decision.quarantine);
    ASSERT_NE(decision.policy, nullptr);
}

TEST(Decide, Authors) {
    const auto with_from = [](std::vector<std::string> fields) {
        Message message = honest_mail().without("From:");
        for (const std::string& field : fields) message.with(field);
        return message;
    };
    expect_all(
        {
            {"none", with_from({}), Verdict::reject, Reason::from_missing, ""},
            {"two fields", with_from({"From: jane@contoso.com", "From: jane@contoso.com"}), Verdict::reject, Reason::from_ambiguous, ""},
            {"two fields in different letter case", with_from({"From: jane@contoso.com", "fROM: jane@contoso.com"}), Verdict::reject,
             Reason::from_ambiguous, ""},
            {"two mailboxes", with_from({"From: jane@contoso.com, joe@contoso.com"}), Verdict::reject, Reason::from_ambiguous, ""},
            {"none in the field", with_from({"From: Jane"}), Verdict::reject, Reason::from_ambiguous, ""},
            {"empty field", with_from({"From: "}), Verdict::reject, Reason::from_ambiguous, ""},
            {"group of one", with_from({"From: Team: jane@contoso.com;"}), Verdict::accept, Reason::authorised, "contoso"},
            {"capitals and a final dot", with_from({"From: jane@CONTOSO.com."}), Verdict::accept, Reason::authorised, "contoso"},
            {"a subdomain by wildcard", with_from({"From: jane@eu.contoso.com"}), Verdict::accept, Reason::authorised, "contoso"},
        },
        strict_rules());
}

TEST(Decide, TenantsAndForwards) {
    const std::string contoso(contoso_id), fabrikam(fabrikam_id);
    Message by_xoorg = signed_mail("fabrikam.com", "x@foreign.example");
    by_xoorg.xoorg = "fabrikam.example";
    Message differing = signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam)});
    differing.xoorg = "contoso.example";
    Message not_proven_peer = signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam)});
    not_proven_peer.certificate = "other.example";
    Message undecided_peer = signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam)});
    undecided_peer.certificate.reset();
    Message undecided_nobody = signed_mail("fabrikam.com", "x@foreign.example", {id_field(unknown_id)});
    undecided_nobody.certificate.reset();
    Message undecided_conflict = signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam), id_field(contoso)});
    undecided_conflict.certificate.reset();
    Message unproven_conflict = undecided_conflict;
    unproven_conflict.certificate = "other.example";
    expect_all(
        {
            {"nobody's domain", signed_mail("foreign.example", "x@foreign.example"), Verdict::reject, Reason::no_policy, "", true},
            {"forward named by tenant id", signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam)}), Verdict::accept,
             Reason::authorised, "fabrikam", true},
            {"forward named by XOORG", by_xoorg, Verdict::accept, Reason::authorised, "fabrikam", true},
            {"forward named by X-OriginatorOrg", signed_mail("fabrikam.com", "x@foreign.example", {org_field("fabrikam.example")}),
             Verdict::accept, Reason::authorised, "fabrikam", true},
            {"forward named by a domain of the tenant",
             signed_mail("x.example", "x@foreign.example", {org_field("fabrikam.onmicrosoft.com")}), Verdict::accept, Reason::authorised,
             "fabrikam", true},
            {"two that name different tenants", differing, Verdict::reject, Reason::contradiction, "", true},
            {"one that names two tenants, by id", signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam), id_field(contoso)}),
             Verdict::reject, Reason::contradiction, "", true},
            {"one that names two tenants, by organisation",
             signed_mail("fabrikam.com", "x@foreign.example", {org_field("fabrikam.example"), org_field("contoso.example")}),
             Verdict::reject, Reason::contradiction, "", true},
            {"one that names a tenant and nobody",
             signed_mail("fabrikam.com", "x@foreign.example", {id_field(fabrikam), id_field(unknown_id)}), Verdict::reject,
             Reason::contradiction, "", true},
            {"two values, another names a tenant",
             signed_mail("fabrikam.com", "x@foreign.example",
                         {id_field(fabrikam), org_field("fabrikam.example"), org_field("contoso.example")}),
             Verdict::reject, Reason::contradiction, "", true},
            {"two values that name nobody",
             signed_mail("fabrikam.com", "x@foreign.example", {org_field("a.example"), org_field("b.example")}), Verdict::reject,
             Reason::no_policy, "", true},
            {"two values, the peer undecided", undecided_conflict, Verdict::tempfail, Reason::unavailable, "", true},
            {"two values, the peer not proven", unproven_conflict, Verdict::reject, Reason::no_policy, "", true},
            {"tenant that may not forward", signed_mail("contoso.com", "x@foreign.example", {id_field(contoso)}), Verdict::reject,
             Reason::forwarding_not_allowed, "contoso", true},
            {"a DKIM signature alone names no tenant", signed_mail("fabrikam.com", "x@foreign.example"), Verdict::reject, Reason::no_policy,
             "", true},
            {"named without proof of the peer", not_proven_peer, Verdict::reject, Reason::no_policy, "", true},
            {"named, the peer undecided", undecided_peer, Verdict::tempfail, Reason::unavailable, "", true},
            {"nobody named, the peer undecided", undecided_nobody, Verdict::reject, Reason::no_policy, "", true},
            {"Resent-From counts for nothing by default", signed_mail("fabrikam.com", "x@foreign.example", {"Resent-From: f@fabrikam.com"}),
             Verdict::reject, Reason::no_policy, "", true},
            {"forward whose other claim is nobody's",
             signed_mail("x.example", "x@foreign.example", {id_field(fabrikam), org_field("evil.example")}), Verdict::accept,
             Reason::authorised, "fabrikam", true},
            {"forward named by XOORG with a consumer id",
             [&] {
                 Message message = by_xoorg;
                 return message.with(id_field(mail::consumer_tenant_id));
             }(),
             Verdict::reject, Reason::contradiction, "fabrikam", true},
        },
        strict_rules());
}

TEST(Decide, ResentFrom) {
    Rules rules = strict_rules();
    rules.resent_from = true;
    expect_all(
        {
            {"covered", signed_mail("fabrikam.com", "x@foreign.example", {"Resent-From: f@fabrikam.com"}), Verdict::accept,
             Reason::authorised, "fabrikam", true},
            {"every one covered by the same",
             signed_mail("fabrikam.com", "x@foreign.example", {"Resent-From: f@fabrikam.com", "Resent-From: g@fabrikam.onmicrosoft.com"}),
             Verdict::accept, Reason::authorised, "fabrikam", true},
            {"one of another tenant",
             signed_mail("fabrikam.com", "x@foreign.example", {"Resent-From: f@fabrikam.com", "Resent-From: j@contoso.com"}),
             Verdict::reject, Reason::no_policy, "", true},
            {"one unreadable", signed_mail("fabrikam.com", "x@foreign.example", {"Resent-From: f@fabrikam.com", "Resent-From: a@b, c@d"}),
             Verdict::reject, Reason::no_policy, "", true},
            {"may not forward", signed_mail("contoso.com", "x@foreign.example", {"Resent-From: j@contoso.com"}), Verdict::reject,
             Reason::forwarding_not_allowed, "contoso", true},
            {"proven evidence goes before it",
             signed_mail("contoso.com", "x@foreign.example", {"Resent-From: f@fabrikam.com", id_field(contoso_id)}), Verdict::reject,
             Reason::forwarding_not_allowed, "contoso", true},
            {"the author domain goes before it", signed_mail("contoso.com", "j@contoso.com", {"Resent-From: f@fabrikam.com"}),
             Verdict::accept, Reason::authorised, "contoso"},
            {"no evidence of the tenant", signed_mail("evil.example", "x@foreign.example", {"Resent-From: f@fabrikam.com"}),
             Verdict::reject, Reason::not_proven, "fabrikam", true},
        },
        rules);
}

TEST(Decide, AForwardNeedsEvidenceOfItsTenant) {
    const tenant::Index index =
        index_of(R"({"version": 2, "tenants": {"f": {"domains": ["f.example"], "proofs": ["client-cert"], "forwarding": true}}})");
    Rules rules = strict_rules();
    rules.resent_from = true;
    const auto decide_it = [&](std::string_view sdid, std::string_view result) {
        Message message = signed_mail(sdid, "x@foreign.example", {"Resent-From: a@f.example"});
        message.header.front() = "Authentication-Results: mx.example.net; dkim=" + std::string(result) + " header.d=" + std::string(sdid);
        return judged(message, rules, &index);
    };
    EXPECT_EQ(decide_it("f.example", "pass").reason, Reason::authorised);
    EXPECT_EQ(decide_it("evil.example", "pass").reason, Reason::not_proven);
    EXPECT_EQ(decide_it("f.example", "temperror").judged, Verdict::tempfail);
    EXPECT_EQ(decide_it("f.example", "temperror").reason, Reason::unavailable);
    // Mail of its own domain needs no more than the proof.
    EXPECT_EQ(judged(bare_mail("From: a@f.example"), rules, &index).reason, Reason::authorised);
}

TEST(Decide, Contradictions) {
    const auto and_field = [](std::string_view field) { return honest_mail().without("X-MS").without("X-Orig").with(field); };
    Message xoorg = honest_mail().without("X-MS").without("X-Orig");
    xoorg.xoorg = "relaxed.example";
    Message unproven = and_field(id_field(relaxed_id));
    unproven.certificate = "other.example";
    unproven.client = "192.0.2.9";
    expect_all(
        {
            {"another tenant's id, though a proof holds", and_field(id_field(relaxed_id)), Verdict::reject, Reason::contradiction,
             "contoso"},
            {"nobody's id", and_field(id_field(unknown_id)), Verdict::reject, Reason::contradiction, "contoso"},
            {"the consumer id", and_field(id_field(mail::consumer_tenant_id)), Verdict::reject, Reason::contradiction, "contoso"},
            {"another tenant's XOORG", xoorg, Verdict::reject, Reason::contradiction, "contoso"},
            {"nobody's organisation", and_field(org_field("evil.example")), Verdict::reject, Reason::contradiction, "contoso"},
            {"another's connector, though no proof asks",
             and_field("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(unknown_id) +
                       ";Ip=[203.0.113.7];Helo=[h]"),
             Verdict::reject, Reason::contradiction, "contoso"},
            {"two values", and_field(id_field(contoso_id)).with(id_field(relaxed_id)), Verdict::reject, Reason::contradiction, "contoso"},
            {"an unproven peer contradicts nothing, and proves nothing", unproven, Verdict::reject, Reason::not_proven, "contoso"},
            {"its own subdomain", and_field(org_field("eu.contoso.com")), Verdict::accept, Reason::authorised, "contoso"},
        },
        strict_rules());

    Rules ignoring = strict_rules();
    ignoring.contradictions_refuse = false;
    expect_all({{"ignored", and_field(id_field(relaxed_id)), Verdict::accept, Reason::authorised, "contoso"}}, ignoring);
    // Ignored is not held: the factor itself does not become true.
    Message no_signature = bare_mail().with(id_field(relaxed_id));
    EXPECT_EQ(judged(no_signature, ignoring).reason, Reason::not_proven);
}

TEST(Decide, BetweenTwoCustomers) {
    const std::string fabrikam(fabrikam_id), contoso(contoso_id);
    Message xoorg_disagrees = signed_mail("contoso.com", "j@contoso.com", {id_field(fabrikam)});
    xoorg_disagrees.xoorg = "relaxed.example";
    Message undecided = signed_mail("contoso.com", "j@contoso.com", {id_field(fabrikam)});
    undecided.header.front() = "Authentication-Results: mx.example.net; dkim=temperror header.d=contoso.com";
    expect_all(
        {
            {"contoso's mail redirected by fabrikam",
             signed_mail("contoso.com", "j@contoso.com", {id_field(fabrikam), org_field("fabrikam.example")}), Verdict::accept,
             Reason::authorised, "fabrikam", true},
            {"not signed by the author domain", signed_mail("fabrikam.com", "j@contoso.com", {id_field(fabrikam)}), Verdict::reject,
             Reason::contradiction, "contoso"},
            {"signed by another domain of the author's tenant",
             signed_mail("contoso.onmicrosoft.com", "j@contoso.com", {id_field(fabrikam)}), Verdict::reject, Reason::contradiction,
             "contoso"},
            {"the other may not forward", signed_mail("fabrikam.com", "f@fabrikam.com", {id_field(contoso)}), Verdict::reject,
             Reason::contradiction, "fabrikam"},
            {"evidence names two others", xoorg_disagrees, Verdict::reject, Reason::contradiction, "contoso"},
            {"evidence names both", signed_mail("contoso.com", "j@contoso.com", {id_field(fabrikam), org_field("contoso.example")}),
             Verdict::reject, Reason::contradiction, "contoso"},
            {"evidence names nobody known", signed_mail("contoso.com", "j@contoso.com", {id_field(unknown_id)}), Verdict::reject,
             Reason::contradiction, "contoso"},
            {"the connector is the author's",
             signed_mail("contoso.com", "j@contoso.com",
                         {id_field(fabrikam), "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + contoso +
                                                  ";Ip=[203.0.113.7];Helo=[h]"}),
             Verdict::reject, Reason::contradiction, "contoso"},
            {"the signature could not be checked", undecided, Verdict::tempfail, Reason::unavailable, "fabrikam", true},
        },
        strict_rules());
}

TEST(Decide, ThreeValuedProofs) {
    Message no_certificate = honest_mail();
    no_certificate.certificate.reset();
    Message no_certificate_other_signature = bare_mail();
    no_certificate_other_signature.certificate.reset();
    Message no_answer = honest_mail().without("Authentication-Results").without("X-MS").without("X-Orig");
    Message no_answer_but_id = honest_mail().without("Authentication-Results");
    expect_all(
        {
            {"lacks only what is unavailable", no_certificate, Verdict::tempfail, Reason::unavailable, "contoso"},
            {"lacks more than that", no_certificate_other_signature, Verdict::reject, Reason::not_proven, "contoso"},
            {"a signature that nobody reported", no_answer, Verdict::tempfail, Reason::unavailable, "contoso"},
            {"another proof holds meanwhile", no_answer_but_id, Verdict::accept, Reason::authorised, "contoso"},
            {"nothing", bare_mail(), Verdict::reject, Reason::not_proven, "contoso"},
        },
        strict_rules());
    EXPECT_EQ(judged(no_answer_but_id).proof, 1u);
}

TEST(Decide, NullSenderAndReportsAreJudgedLikeOtherMail) {
    Message report = bare_mail("From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com")
                         .with("Auto-Submitted: auto-replied")
                         .with(id_field(contoso_id));
    report.reverse_path = "<>";
    EXPECT_EQ(judged(report).reason, Reason::authorised);
    EXPECT_EQ(judged(report.without("X-MS")).reason, Reason::not_proven);
    // XOORG is the only word about its tenant before DATA, and enough.
    report.xoorg = "contoso.example";
    EXPECT_EQ(judged(report).reason, Reason::authorised);
}

TEST(Decide, PrecedenceOfReasons) {
    Message everything_wrong;
    everything_wrong.too_complex = "header fields above 2000";
    everything_wrong.with("From: a@x, b@y");
    EXPECT_EQ(judged(everything_wrong, strict_rules(), nullptr).reason, Reason::too_complex);
    everything_wrong.too_complex.clear();
    EXPECT_EQ(judged(everything_wrong, strict_rules(), nullptr).reason, Reason::from_ambiguous);
    EXPECT_EQ(judged(Message(), strict_rules(), nullptr).reason, Reason::from_missing);
    const Decision dead_directory = judged(honest_mail(), strict_rules(), nullptr);
    EXPECT_EQ(dead_directory.reason, Reason::unavailable);
    EXPECT_EQ(dead_directory.judged, Verdict::tempfail);
    // Policy before contradiction, contradiction before proof.
    EXPECT_EQ(judged(signed_mail("x.example", "x@foreign.example", {id_field(unknown_id)})).reason, Reason::no_policy);
    EXPECT_EQ(judged(signed_mail("contoso.com", "x@foreign.example", {id_field(contoso_id), org_field("evil.example")})).reason,
              Reason::forwarding_not_allowed);
    Message contradicted_and_unavailable = honest_mail().without("Authentication-Results").without("X-MS").with(id_field(unknown_id));
    EXPECT_EQ(judged(contradicted_and_unavailable).reason, Reason::contradiction);
}

TEST(Decide, TheTraceIsCompleteWhateverTheReason) {
    Message too_complex = honest_mail();
    too_complex.too_complex = "x";
    for (const Decision& decision :
         {judged(too_complex), judged(honest_mail().without("From:")), judged(honest_mail(), strict_rules(), nullptr)}) {
        EXPECT_EQ(found(decision, Factor::client_cert), Finding::holds);
        EXPECT_EQ(found(decision, Factor::dkim_any), Finding::holds);
        EXPECT_EQ(detail(decision, Factor::tenant_id), contoso_id);
        EXPECT_EQ(decision.tenant.has_value(), decision.reason == Reason::too_complex) << "of the others nobody knows whose they are";
        EXPECT_NE(decision.judged, Verdict::accept);
    }
}

/// The operator has to know which limit it was, or what is odd about From; the sender's side gets the reason alone.
TEST(Decide, TheLogSaysMoreThanTheReply) {
    Message too_complex = honest_mail();
    too_complex.too_complex = "header fields above 2000";
    const Decision over_a_limit = judged(too_complex);
    EXPECT_EQ(over_a_limit.why, "too-complex: header fields above 2000");
    EXPECT_EQ(over_a_limit.reply->text, "too-complex: the message is over a limit on its header (domain contoso.com, id 4XyZ1)");
    const Decision two_authors = judged(honest_mail().with("From: x@foreign.example"));
    EXPECT_EQ(two_authors.why, "from-ambiguous: more than one From field");
    EXPECT_EQ(two_authors.reply->text, "from-ambiguous: the message has no single unambiguous author in From (domain none, id 4XyZ1)");
}

TEST(Decide, BypassedClientsAreNotJudged) {
    Rules rules = strict_rules();
    rules.bypass_clients = prefixes({"192.0.2.0/24"});
    Message message = bare_mail("From: x@foreign.example");
    message.client = "192.0.2.1";
    message.too_complex = "x";
    const Decision decision = judged(message, rules, nullptr);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.reason, Reason::bypassed);
    EXPECT_FALSE(decision.judged_at_all);
    EXPECT_FALSE(decision.reply);
    EXPECT_TRUE(decision.proofs.empty());
    EXPECT_TRUE(decision.header_edits.empty());
    message.client = "192.0.3.1";
    EXPECT_EQ(judged(message, rules, nullptr).reason, Reason::too_complex);
}

TEST(Decide, ProofsAreReportedWithWhatTheyLack) {
    const Decision decision = judged(bare_mail().with(id_field(contoso_id)));
    ASSERT_EQ(decision.proofs.size(), 4u);
    EXPECT_EQ(decision.proofs[0].text, "client-cert + dkim");
    EXPECT_FALSE(decision.proofs[0].holds);
    EXPECT_EQ(decision.proofs[0].missing, std::vector<Factor>{Factor::dkim});
    EXPECT_TRUE(decision.proofs[1].holds);
    EXPECT_TRUE(decision.proofs[1].missing.empty());
    EXPECT_EQ(decision.proof, 1u);
}

TEST(Decide, WeakFactorsListedAndPeer) {
    const tenant::Index index =
        index_of(R"({"version": 2, "tenants": {"a": {"domains": ["a.example"], "proofs": ["peer + listed", "dkim-any"]}}})");
    Message message = bare_mail("From: x@a.example");
    EXPECT_EQ(judged(message, strict_rules(), &index).proof, 0u);
    message.certificate = "other.example";
    EXPECT_EQ(judged(message, strict_rules(), &index).reason, Reason::not_proven);
    message = signed_mail("anybody.example", "x@a.example");
    message.certificate = "other.example";
    EXPECT_EQ(judged(message, strict_rules(), &index).proof, 1u);
}

TEST(Decide, Version1EntriesOfOneTenantIdAreOneTenant) {
    tenant::Defaults defaults;
    defaults.proofs = {tenant::Proof::parse("client-cert + dkim").value()};
    const tenant::Index index = index_of(R"({"a.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"},
        "b.example": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}, "c.example": {}})",
                                         defaults);
    EXPECT_EQ(judged(signed_mail("b.example", "x@a.example"), strict_rules(), &index).reason, Reason::authorised);
    EXPECT_EQ(judged(signed_mail("c.example", "x@a.example"), strict_rules(), &index).reason, Reason::not_proven);
    EXPECT_EQ(judged(signed_mail("c.example", "x@a.example", {id_field(contoso_id)}), strict_rules(), &index).reason, Reason::not_proven);
    EXPECT_EQ(judged(signed_mail("c.example", "x@c.example", {id_field(contoso_id)}), strict_rules(), &index).reason,
              Reason::contradiction);
}

}  // namespace
}  // namespace exota::decision
