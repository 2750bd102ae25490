// Mail that one's own EOP handed over: judged by what EOP found, as [eop] says.
#include "decision/eop.h"
#include "decision/inbound_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

struct Verdicts {
    std::string_view results;  // of EOP, for bank.example
    std::string_view action, setting, reason;
};

TEST(JudgeInboundEop, that_message_of_2024_is_refused) {
    const Decision decision = judged_inbound(handed_over_mail());
    EXPECT_EQ(decision.judged, Verdict::reject);
    EXPECT_EQ(decision.verdict, Verdict::reject);
    EXPECT_EQ(decision.reason, Reason::eop_verdict);
    EXPECT_TRUE(decision.inbound->handed_over);
    EXPECT_EQ(decision.inbound->setting, "eop.oreject");
    EXPECT_EQ(compauth_text(decision), "none 451");
    EXPECT_EQ(decision.tenant_name, "fabrikam");
    EXPECT_EQ(found(decision, Factor::eop), Finding::absent) << "EOP's word is that it fails";
    ASSERT_TRUE(decision.reply);
    EXPECT_EQ(decision.reply->line(),
              "550 5.7.26 Rejected as Exchange Online Protection found it not to be of microsoft.com (domain microsoft.com, id 4XyZ1)");
}

TEST(JudgeInboundEop, each_mark_of_an_indirect_way_changes_nothing) {
    for (const std::string_view mark :
         {"List-Id: <list.example>", "List-Post: <mailto:l@list.example>", "X-BeenThere: l@list.example", "Resent-From: l@list.example",
          "X-Forwarded-To: bob@fabrikam.com", "ARC-Seal: i=1; a=rsa-sha256; d=list.example; s=x; cv=none; b=A",
          "ARC-Seal: i=1; a=rsa-sha256; d=microsoft.com; s=arcselector10001; cv=none; b=A"}) {
        Incoming incoming = handed_over_mail();
        incoming.with(mark).signed_by("list.example");
        EXPECT_EQ(judged_inbound(incoming).verdict, Verdict::reject) << mark;
    }
    for (const std::string_view sender : {"<SRS0=ab=cd=mail.example=x@forwarder.example>", "<prvs=0123=x@mail.example>"}) {
        Incoming incoming = handed_over_mail();
        incoming.message.reverse_path = sender;
        EXPECT_EQ(judged_inbound(incoming).verdict, Verdict::reject) << sender;
    }
}

TEST(JudgeInboundEop, what_the_settings_say_of_each_result) {
    const Verdicts rows[] = {
        {"dmarc=fail action=oreject header.from=bank.example;compauth=none reason=451", "reject", "eop.oreject", "eop-verdict"},
        {"dmarc=fail action=oreject header.from=bank.example;compauth=fail reason=000", "reject", "eop.oreject", "eop-verdict"},
        {"dmarc=fail action=oreject header.from=bank.example;compauth=pass reason=100", "reject", "eop.oreject", "eop-verdict"},
        {"dmarc=fail action=reject header.from=bank.example;compauth=fail reason=000", "reject", "eop.oreject", "eop-verdict"},
        {"dmarc=fail action=oreject header.from=bank.example;compauth=pass reason=130", "none", "", "passed"},
        {"dmarc=fail action=oreject header.from=bank.example;compauth=fail reason=130", "reject", "eop.oreject", "eop-verdict"},
        {"dmarc=fail action=none header.from=bank.example;compauth=fail reason=010", "reject", "eop.own_domain", "own-domain"},
        {"dmarc=none action=none header.from=bank.example;compauth=fail reason=601", "reject", "eop.own_domain", "own-domain"},
        {"dmarc=none action=none header.from=bank.example;compauth=none reason=600", "reject", "eop.own_domain", "own-domain"},
        {"dmarc=none action=none header.from=bank.example;compauth=pass reason=601", "none", "", "passed"},
        {"dmarc=fail action=quarantine header.from=bank.example;compauth=fail reason=000", "mark", "eop.quarantine", "eop-verdict"},
        {"dmarc=fail action=pct.quarantine header.from=bank.example;compauth=fail reason=000", "mark", "eop.quarantine", "eop-verdict"},
        {"dmarc=fail action=pct.reject header.from=bank.example;compauth=none reason=400", "mark", "eop.quarantine", "eop-verdict"},
        {"dmarc=fail action=none header.from=bank.example;compauth=none reason=400", "mark", "eop.bypassed", "eop-verdict"},
        {"dmarc=fail action=none header.from=bank.example;compauth=none reason=905", "mark", "eop.bypassed", "eop-verdict"},
        {"dmarc=fail action=none header.from=bank.example", "mark", "eop.bypassed", "eop-verdict"},
        {"dmarc=none action=none header.from=bank.example;compauth=none reason=405", "none", "", "passed"},
        {"dmarc=none action=none header.from=bank.example;compauth=fail reason=001", "none", "eop.implicit_fail", "passed"},
        {"dmarc=fail action=none header.from=bank.example;compauth=fail reason=002", "none", "eop.implicit_fail", "passed"},
        {"dmarc=pass action=none header.from=bank.example;compauth=pass reason=100", "none", "", "passed"},
        {"dmarc=bestguesspass action=none header.from=bank.example;compauth=pass reason=109", "none", "", "passed"},
        {"dmarc=none action=none header.from=bank.example;compauth=softpass reason=201", "none", "", "passed"},
        {"dmarc=temperror action=temperror header.from=bank.example;compauth=none reason=300", "none", "", "passed"},
        {"dmarc=permerror action=permerror header.from=bank.example;compauth=pass reason=116", "none", "", "passed"},
    };
    for (const Verdicts& row : rows) {
        const Decision decision = judged_inbound(handed_over_mail(row.results, "boss@bank.example"));
        ASSERT_TRUE(decision.inbound->handed_over) << row.results;
        EXPECT_EQ(name_of(decision.inbound->action), row.action) << row.results;
        EXPECT_EQ(decision.inbound->setting, row.setting) << row.results;
        EXPECT_EQ(name_of(decision.reason), row.reason) << row.results;
        EXPECT_EQ(decision.inbound->compauth->row, 1);
    }
}

TEST(JudgeInboundEop, each_setting_is_obeyed) {
    struct Setting {
        Action EopRules::* key;
        std::string_view results;
    };
    const Setting settings[] = {
        {&EopRules::own_domain, "dmarc=none action=none header.from=bank.example;compauth=fail reason=601"},
        {&EopRules::oreject, "dmarc=fail action=oreject header.from=bank.example;compauth=none reason=451"},
        {&EopRules::quarantine, "dmarc=fail action=quarantine header.from=bank.example;compauth=fail reason=000"},
        {&EopRules::bypassed, "dmarc=fail action=none header.from=bank.example;compauth=none reason=400"},
        {&EopRules::implicit_fail, "dmarc=none action=none header.from=bank.example;compauth=fail reason=001"},
    };
    for (const Setting& setting : settings)
        for (const Action action : {Action::none, Action::mark, Action::hold, Action::reject}) {
            Rules rules = inbound_rules();
            rules.inbound->eop.*setting.key = action;
            const Decision decision = judged_inbound(handed_over_mail(setting.results, "boss@bank.example"), rules);
            EXPECT_EQ(decision.inbound->action, action) << setting.results;
            EXPECT_EQ(decision.verdict, action == Action::reject ? Verdict::reject : Verdict::accept) << setting.results;
            EXPECT_EQ(decision.quarantine, action == Action::hold) << setting.results;
            EXPECT_EQ(decision.inbound->marked, action == Action::mark) << setting.results;
        }
}

TEST(JudgeInboundEop, clients_that_are_excepted) {
    Rules rules = inbound_rules();
    rules.inbound->eop.clients = prefixes({"192.0.2.40/29"});
    EXPECT_EQ(judged_inbound(handed_over_mail(), rules).reason, Reason::passed);
    rules.inbound->eop.clients = prefixes({"192.0.2.48/29"});
    EXPECT_EQ(judged_inbound(handed_over_mail(), rules).reason, Reason::eop_verdict);
}

TEST(JudgeInboundEop, report_lets_pass_and_says_what_enforce_would) {
    Rules rules = inbound_rules();
    rules.inbound->eop.results = EopUse::report;
    rules.header.verification_results = true;
    const Decision decision = judged_inbound(handed_over_mail(), rules);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(decision.judged, Verdict::reject);
    EXPECT_EQ(decision.reason, Reason::eop_verdict);
    EXPECT_FALSE(decision.inbound->marked);
    std::string header;
    for (const mail::HeaderEdit& edit : decision.header_edits) header += edit.name + ": " + edit.value + "\n";
    EXPECT_TRUE(header.contains("auth=fail door=inbound reason=eop-verdict action=reject mode=monitor")) << header;
    EXPECT_TRUE(header.contains("x-compauth=none reason=\"451\" header.from=microsoft.com")) << header;
    EXPECT_EQ(judged_inbound(handed_over_mail("dmarc=pass action=none header.from=microsoft.com;compauth=pass reason=100"), rules).reason,
              Reason::passed);
}

TEST(JudgeInboundEop, ignored_results_leave_it_to_our_own_verification) {
    Rules rules = inbound_rules();
    rules.inbound->eop.results = EopUse::ignore;
    const Decision decision = judged_inbound(handed_over_mail(), rules);
    EXPECT_FALSE(decision.inbound->handed_over);
    EXPECT_EQ(compauth_text(decision), "fail 000");
    EXPECT_EQ(decision.reason, Reason::dmarc_failed);
    Incoming signed_mail = handed_over_mail();
    EXPECT_EQ(judged_inbound(signed_mail.signed_by("microsoft.com"), rules).reason, Reason::passed);
}

TEST(JudgeInboundEop, while_the_peer_cannot_be_proven_nothing_is_decided) {
    Incoming incoming = handed_over_mail();
    incoming.message.certificate.reset();  // TLS from Exchange Online's address, and nobody verified its certificate
    const Decision decision = judged_inbound(incoming);
    EXPECT_EQ(decision.judged, Verdict::tempfail);
    EXPECT_EQ(decision.reason, Reason::unavailable);
    EXPECT_FALSE(decision.inbound->handed_over);
    EXPECT_EQ(decision.reply->code, 451);
}

TEST(JudgeInboundEop, nothing_is_looked_up_of_mail_that_was_handed_over) {
    const Rules rules = inbound_rules();
    evidence::Evidence evidence = evidence_of(handed_over_mail(), rules);
    evidence.verification = {};
    EXPECT_FALSE(wanted_inbound(evidence, &all_customers(), rules, {}).any());
    Rules ignoring = rules;
    ignoring.inbound->eop.results = EopUse::ignore;
    EXPECT_TRUE(wanted_inbound(evidence, &all_customers(), ignoring, {}).dmarc);
}

// --- The factor -----------------------------------------------------------------------------------------------------------------------

/// A relay door that passes on what came in to fabrikam and goes out again: a forward of a foreign author.
tenant::Index relaying_with_eop() {
    return index_of(R"({"version": 2, "tenants": {"fabrikam": {
        "tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "domains": ["fabrikam.com"],
        "proofs": ["client-cert + tenant-id + eop"], "forwarding": true, "hybrid": true}}})");
}

TEST(FactorEop, lets_a_relay_door_pass_on_what_was_authentic) {
    const tenant::Index tenants = relaying_with_eop();
    const Rules rules = strict_rules();
    struct Row {
        std::string_view results;
        Finding finding;
        Reason reason;
    };
    const Row rows[] = {
        {"dmarc=pass action=none header.from=bank.example;compauth=pass reason=100", Finding::holds, Reason::authorised},
        {"dmarc=fail action=oreject header.from=bank.example;compauth=pass reason=130", Finding::holds, Reason::authorised},
        {"dmarc=pass action=none header.from=bank.example;compauth=fail reason=002", Finding::holds, Reason::authorised},
        {"dmarc=fail action=oreject header.from=bank.example;compauth=none reason=451", Finding::absent, Reason::not_proven},
        {"dmarc=bestguesspass action=none header.from=bank.example;compauth=softpass reason=201", Finding::absent, Reason::not_proven},
        {"dmarc=pass action=none header.from=other.example;compauth=pass reason=100", Finding::absent, Reason::not_proven},
        {"dmarc=pass action=none header.from=bank.example;dmarc=fail", Finding::absent, Reason::not_proven},
    };
    for (const Row& row : rows) {
        Incoming incoming = handed_over_mail(row.results, "boss@bank.example");
        incoming.recipients = {"anybody@elsewhere.example"};  // "but recipients"
        const Decision decision = decide(evidence_of(incoming, rules), &tenants, rules);
        EXPECT_EQ(found(decision, Factor::eop), row.finding) << row.results;
        EXPECT_EQ(decision.reason, row.reason) << row.results;
    }
}

TEST(FactorEop, says_why_results_do_not_count) {
    const auto detail_of = [](const Incoming& incoming) {
        const Rules rules = inbound_rules();
        return detail(judge_inbound(evidence_of(incoming, rules), &all_customers(), rules, {}), Factor::eop);
    };
    EXPECT_EQ(detail_of(strange_mail()), "");
    EXPECT_EQ(detail_of(strange_mail().with("X-Microsoft-Antispam: BCL:0;")), "no-results");
    Incoming unreadable = handed_over_mail("dmarc=passed");
    EXPECT_EQ(detail_of(unreadable), "eop-unreadable");
}

}  // namespace
}  // namespace exota::decision
