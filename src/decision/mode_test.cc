// Modes: whose counts, and what becomes of a refusal in each.
#include "decision/mode.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using tenant::Mode;

Rules in_mode(Mode mode) {
    Rules rules = strict_rules();
    rules.mode = mode;
    return rules;
}

const std::string fabrikam = "X-MS-Exchange-CrossTenant-Id: " + std::string(fabrikam_id);
const std::string lenient = "X-MS-Exchange-CrossTenant-Id: bbbbbbbb-0000-4000-8000-00000000000b";

TEST(Mode, WhatBecomesOfARefusal) {
    const Message unknown = bare_mail("From: x@foreign.example");
    struct Row {
        Mode mode;
        Verdict verdict;
        bool quarantine;
        int code;  // 0: no reply
    };
    for (const Row& row : {Row{Mode::enforce, Verdict::reject, false, 550}, Row{Mode::defer, Verdict::tempfail, false, 451},
                           Row{Mode::quarantine, Verdict::accept, true, 0}, Row{Mode::monitor, Verdict::accept, false, 0}}) {
        const Decision decision = judged(unknown, in_mode(row.mode));
        SCOPED_TRACE(tenant::name_of(row.mode));
        EXPECT_EQ(decision.verdict, row.verdict);
        EXPECT_EQ(decision.judged, Verdict::reject);
        EXPECT_EQ(decision.reason, Reason::no_policy);
        EXPECT_EQ(decision.quarantine, row.quarantine);
        EXPECT_EQ(decision.reply ? decision.reply->code : 0, row.code);
        if (decision.reply) EXPECT_EQ(decision.reply->enhanced, row.code == 550 ? "5.7.1" : "4.7.1");
    }
}

TEST(Mode, AcceptIsAcceptInEveryMode) {
    for (const Mode mode : {Mode::enforce, Mode::defer, Mode::quarantine, Mode::monitor}) {
        Rules rules = in_mode(mode);
        rules.bypass_clients = prefixes({"192.0.2.1"});
        Message message = bare_mail();
        message.client = "192.0.2.1";
        EXPECT_EQ(judged(message, rules).verdict, Verdict::accept);
        EXPECT_FALSE(judged(message, rules).quarantine);
    }
}

TEST(Mode, MonitorAndQuarantineLetThroughWhatTheyCannotJudge) {
    for (const Mode mode : {Mode::monitor, Mode::quarantine}) {
        Message too_complex = honest_mail();
        too_complex.too_complex = "x";
        too_complex.without("From:").with("From: x@foreign.example");
        EXPECT_EQ(judged(too_complex, in_mode(mode)).verdict, Verdict::accept);
        EXPECT_EQ(judged(honest_mail().with("From: x@y.example"), in_mode(mode)).verdict, Verdict::accept);
        EXPECT_EQ(judged(honest_mail(), in_mode(mode), nullptr).verdict, Verdict::accept);
        EXPECT_EQ(judged(honest_mail(), in_mode(mode), nullptr).judged, Verdict::tempfail);
    }
}

TEST(Mode, WhoseCounts) {
    // lenient is in monitor mode, the others and the configuration enforce.
    Message named = bare_mail("From: x@foreign.example").with(lenient);
    Message disputed = bare_mail("From: x@foreign.example").with(lenient).with("X-OriginatorOrg: fabrikam.example");
    Message unproven = named;
    unproven.certificate = "other.example";
    Message by_resent_from = bare_mail("From: x@foreign.example").with("Resent-From: a@lenient.com");
    Message named_by_id_only_connector_elsewhere =
        bare_mail("From: x@foreign.example")
            .with(lenient)
            .with("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(fabrikam_id) +
                  ";Ip=[192.0.2.1];Helo=[h]");
    Message connector_twice = named_by_id_only_connector_elsewhere;
    connector_twice.with(
        "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId="
        "bbbbbbbb-0000-4000-8000-00000000000b"
        ";Ip=[192.0.2.1];Helo=[h]");
    Message ambiguous = bare_mail("From: a@lenient.com, b@lenient.com");
    Message too_complex = bare_mail("From: a@lenient.com");
    too_complex.too_complex = "x";
    Message too_complex_of_nobody = named;
    too_complex_of_nobody.too_complex = "x";
    Message between = bare_mail("From: jane@contoso.com").with(lenient);
    between.header.insert(between.header.begin(), "Authentication-Results: mx.example.net; dkim=pass header.d=contoso.com");
    Message between_undecided = between;
    between_undecided.header.front() = "Authentication-Results: mx.example.net; dkim=temperror header.d=contoso.com";
    Message not_between = bare_mail("From: jane@contoso.com").with(lenient);

    Rules rules = in_mode(Mode::enforce);
    rules.resent_from = true;
    struct Row {
        std::string name;
        Message message;
        Mode mode;
    };
    const std::vector<Row> rows{
        {"the tenant covers the author domain", bare_mail("From: a@lenient.com"), Mode::monitor},
        {"named by proven evidence", named, Mode::monitor},
        {"named by one, another named too", disputed, Mode::enforce},
        {"named by what is not proven", unproven, Mode::enforce},
        {"named by Resent-From", by_resent_from, Mode::enforce},
        {"the connector is another's", named_by_id_only_connector_elsewhere, Mode::enforce},
        {"the connector is another's and its own", connector_twice, Mode::enforce},
        {"no one author", ambiguous, Mode::enforce},
        {"too complex, and the author is the tenant's", too_complex, Mode::monitor},
        {"too complex, and nobody's author", too_complex_of_nobody, Mode::enforce},
        {"between two customers", between, Mode::monitor},
        {"between two customers, not known yet", between_undecided, Mode::enforce},
        {"contradicted: the author's tenant", not_between, Mode::enforce},
    };
    for (const Row& row : rows) EXPECT_EQ(judged(row.message, rules).mode, row.mode) << row.name;
    EXPECT_EQ(judged(bare_mail("From: a@lenient.com"), rules, nullptr).mode, Mode::enforce) << "the directory is down";
    EXPECT_EQ(judged(bare_mail(), in_mode(Mode::monitor)).mode, Mode::enforce) << "the tenant's own beats the configuration's";
}

TEST(Mode, ForcedMonitorBeatsBoth) {
    Rules rules = in_mode(Mode::enforce);
    rules.force_monitor = true;
    EXPECT_EQ(judged(bare_mail(), rules).mode, Mode::monitor);
    EXPECT_EQ(judged(bare_mail(), rules).verdict, Verdict::accept);
    EXPECT_EQ(judged(bare_mail(), rules).judged, Verdict::reject);
    EXPECT_EQ(judged(bare_mail("From: x@foreign.example"), rules).verdict, Verdict::accept);
}

TEST(Mode, LimitsAreSoftenedToo) {
    const auto limited = [](const Message& message) {
        const evidence::Evidence evidence = evidence_of(message);
        Decision decision = decide(evidence, &all_customers(), strict_rules());
        EXPECT_EQ(decision.reason, Reason::authorised);
        apply_limit(decision, decision.policy->limits.at(0), {}, evidence, strict_rules());
        EXPECT_EQ(decision.reason, Reason::limit_exceeded);
        EXPECT_EQ(decision.proof, std::nullopt);
        EXPECT_NE(decision.why.find("10 messages"), std::string::npos) << decision.why;
        return decision;
    };
    const auto signed_by = [](std::string_view domain) {
        Message message;
        return message.with("Authentication-Results: mx.example.net; dkim=pass header.d=" + std::string(domain))
            .with("Received: x")
            .with("From: a@" + std::string(domain));
    };
    const Decision rejected = limited(signed_by("relaxed.com"));
    EXPECT_EQ(rejected.verdict, Verdict::reject);
    ASSERT_TRUE(rejected.reply);
    EXPECT_EQ(rejected.reply->code, 550);
    EXPECT_TRUE(rejected.header_edits.empty());

    const Decision monitored = limited(signed_by("lenient.com"));
    EXPECT_EQ(monitored.judged, Verdict::tempfail);
    EXPECT_EQ(monitored.verdict, Verdict::accept);
    EXPECT_FALSE(monitored.reply);
    ASSERT_EQ(monitored.header_edits.size(), 1u);
    EXPECT_NE(monitored.header_edits[0].value.find("auth=fail reason=limit-exceeded mode=monitor"), std::string::npos)
        << monitored.header_edits[0].value;
}

}  // namespace
}  // namespace exota::decision
