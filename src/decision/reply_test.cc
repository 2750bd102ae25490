// Replies: codes, texts, templates, and that nothing a sender writes makes a second line.
#include "decision/reply.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

Message reported(std::string_view result, std::string_view from = "From: jane@contoso.com") {
    Message message;
    return message.with("Authentication-Results: mx.example.net; " + std::string(result))
        .with("Received: x")
        .with(signature_of("contoso.com"))
        .with(from);
}

std::string line_of(const Decision& decision) { return decision.reply ? decision.reply->line() : ""; }

TEST(Reply, CodesNameWhatIsMissing) {
    const auto with_proofs = [](std::string_view proofs) {
        return index_of(R"({"version": 2, "tenants": {"c": {"domains": ["contoso.com"], "proofs": [")" + std::string(proofs) + R"("]}}})");
    };
    struct Row {
        std::string_view proof, authres;
        int code;
        std::string_view enhanced;
    };
    const Row rows[] = {
        {"dkim", "dkim=fail header.d=contoso.com", 550, "5.7.20"},
        {"dkim", "dkim=pass header.d=evil.example", 550, "5.7.21"},
        {"dkim-aligned", "dkim=fail header.d=contoso.com", 550, "5.7.20"},
        {"dkim-aligned", "dkim=pass header.d=evil.example", 550, "5.7.22"},
        {"dkim-any", "dkim=none", 550, "5.7.20"},
        {"spf", "dkim=none", 550, "5.7.23"},
        {"dmarc", "dkim=none", 550, "5.7.26"},
        {"arc", "dkim=none", 550, "5.7.29"},
        {"tenant-id", "dkim=none", 550, "5.7.1"},
        {"xoorg", "dkim=none", 550, "5.7.1"},
        {"client-cert + dkim", "dkim=none", 550, "5.7.20"},
        {"dkim", "dkim=temperror header.d=contoso.com", 451, "4.7.1"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(std::string(row.proof) + " " + std::string(row.authres));
        const tenant::Index index = with_proofs(row.proof);
        const Decision decision = judged(reported(row.authres), strict_rules(), &index);
        ASSERT_TRUE(decision.reply);
        EXPECT_EQ(decision.reply->code, row.code);
        EXPECT_EQ(decision.reply->enhanced, row.enhanced);
        EXPECT_NE(decision.reply->text.find(row.code == 451 ? "unavailable" : "not-proven"), std::string::npos) << decision.reply->text;
        EXPECT_NE(decision.reply->text.find("contoso.com"), std::string::npos) << decision.reply->text;
        EXPECT_NE(decision.reply->text.find("4XyZ1"), std::string::npos) << decision.reply->text;
    }
}

TEST(Reply, NamesTheFirstMissingFactorOfTheClosestProof) {
    EXPECT_EQ(line_of(judged(bare_mail())),
              "550 5.7.20 not-proven: dkim is missing, no valid DKIM signature of the tenant (domain contoso.com, id 4XyZ1)");
    Message other = bare_mail();
    other.certificate = "evil.example";
    const Decision decision = judged(other.with("Subject: x"));
    EXPECT_EQ(decision.reply->text.substr(0, 36), "not-proven: client-cert is missing, ") << decision.reply->text;
    EXPECT_EQ(decision.why, "not-proven: client-cert is missing, no verified client certificate of Exchange Online (contoso.com)");
}

TEST(Reply, EachReasonSaysItsName) {
    Message too_complex = bare_mail();
    too_complex.too_complex = "header fields above 2000, secret detail";
    Message no_certificate = honest_mail();
    no_certificate.certificate.reset();
    const Decision decisions[] = {
        judged(too_complex),
        judged(Message()),
        judged(bare_mail("From: a, b")),
        judged(bare_mail("From: x@foreign.example")),
        judged(bare_mail("From: x@foreign.example").with("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id))),
        judged(bare_mail().with("X-MS-Exchange-CrossTenant-Id: " + std::string(unknown_id))),
        judged(bare_mail()),
        judged(honest_mail(), strict_rules(), nullptr),
        judged(no_certificate),
    };
    for (const Decision& decision : decisions) {
        SCOPED_TRACE(decision.why);
        ASSERT_TRUE(decision.reply);
        EXPECT_TRUE(decision.reply->text.starts_with(name_of(decision.reason))) << decision.reply->text;
        EXPECT_NE(decision.reply->text.find("id 4XyZ1"), std::string::npos);
        EXPECT_EQ(decision.reply->text.find("secret"), std::string::npos);
        EXPECT_EQ(decision.reply->code, decision.verdict == Verdict::tempfail ? 451 : 550);
    }
    EXPECT_NE(decisions[8].reply->text.find("clientAuth"), std::string::npos);
}

TEST(Reply, SaysWhatContradicts) {
    const struct {
        std::vector<std::string> fields;
        std::string_view says;
    } rows[] = {
        {{"X-MS-Exchange-CrossTenant-Id: 99999999-2222-4333-8444-555555555555"},
         "contradiction: tenant-id does not belong to the tenant that may use this domain"},
        {{"X-MS-Exchange-CrossTenant-Id: garbage"},
         "contradiction: tenant-id is malformed, so it is none of the tenant that may use this domain"},
        {{"X-MS-Exchange-CrossTenant-Id: 99999999-2222-4333-8444-555555555555",
          "X-MS-Exchange-CrossTenant-Id: 1234abcd-18c5-45e8-88de-123456789abc"},
         "contradiction: tenant-id occurs with two different values"},
    };
    for (const auto& row : rows) {
        Message message = bare_mail();
        for (const std::string& field : row.fields) message.with(field);
        EXPECT_TRUE(line_of(judged(message)).starts_with("550 5.7.1 " + std::string(row.says) + " (domain")) << line_of(judged(message));
    }
}

TEST(Reply, LimitsAre452OrARefusal) {
    const evidence::Evidence evidence = evidence_of(reported("dkim=pass header.d=relaxed.com", "From: r@relaxed.com"));
    Decision decision = decide(evidence, &all_customers(), strict_rules());
    ASSERT_EQ(decision.reason, Reason::authorised) << decision.why;
    Decision refused = decision;
    apply_limit(refused, {.amount = 10}, std::chrono::seconds(7), evidence, strict_rules());
    EXPECT_EQ(refused.reply->code, 550);
    EXPECT_TRUE(refused.reply->text.starts_with("limit-exceeded: the tenant sent too much (domain")) << "a refusal promises nothing";
    tenant::Policy policy = *decision.policy;
    policy.limit_action = tenant::LimitAction::tempfail;
    decision.policy = &policy;
    apply_limit(decision, {.amount = 10}, std::chrono::seconds(7), evidence, strict_rules());
    EXPECT_EQ(decision.reply->code, 452);
    EXPECT_EQ(decision.reply->enhanced, "4.7.1");
    EXPECT_TRUE(decision.reply->text.starts_with("limit-exceeded: the tenant sent too much, again possible in 7 s (domain"))
        << decision.reply->text;
    apply_limit(decision, {.amount = 10}, std::nullopt, evidence, strict_rules());
    EXPECT_TRUE(decision.reply->text.starts_with("limit-exceeded: the tenant sent too much, try again later (domain"))
        << decision.reply->text;
}

TEST(Reply, Templates) {
    EXPECT_EQ(fill_template("{text}/{reason}/{domain}/{queue_id}", "T", "R", "D", "Q"), "T/R/D/Q");
    EXPECT_EQ(fill_template("{domain}{domain} {other} { } {text", "T", "R", "D", "Q"), "DD {other} { } {text");
    EXPECT_EQ(fill_template("{text}", "{queue_id}", "R", "D", "Q"), "{queue_id}") << "what was filled in is no template";
    EXPECT_EQ(fill_template("", "T", "R", "D", "Q"), "");
    Rules rules = strict_rules();
    rules.reply.reject = "go away, 100% sure\r\n250 ok {reason}";
    EXPECT_EQ(line_of(judged(bare_mail(), rules)), "550 5.7.20 go away, 100% sure??250 ok not-proven")
        << "one line; a % is doubled by the milter writer";
    rules.reply.tempfail = "later";
    rules.reply.tempfail_code = 450;
    EXPECT_EQ(line_of(judged(honest_mail(), rules, nullptr)), "450 4.7.1 later");
}

TEST(Reply, IsOneSafeLineWhateverTheQueueIdIs) {
    Message message = bare_mail();
    message.queue_id = "A\r\n250 2.0.0 ok\xC3\xA4\x1b[0m";
    const std::string line = line_of(judged(message));
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << line;
    message.queue_id.assign(5000, 'x');
    EXPECT_LE(judged(message).reply->text.size(), mail::max_reply_text_octets);
    message.queue_id.clear();
    EXPECT_NE(line_of(judged(message)).find("id none"), std::string::npos);
}

}  // namespace
}  // namespace exota::decision
