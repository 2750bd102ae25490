// The steps around the author: whose session, which client, which message; mode, replies and header.
#include "decision/judge_inbound.h"

#include <boost/json.hpp>

#include "decision/inbound_fixture.h"
#include "decision/keys.h"
#include "decision/render.h"

namespace exota::decision {
namespace {

using namespace fixture;
using Is = ClientStanding::Is;

/// Enforced, and nothing proves it.
Incoming refused_mail() { return strange_mail().policy("bank.example", "v=DMARC1; p=reject"); }

std::string header_of(const Decision& decision) {
    std::string header;
    for (const mail::HeaderEdit& edit : decision.header_edits) {
        header += edit.op == mail::EditOp::remove ? "-" : "+";
        header += edit.name + ": " + (edit.op == mail::EditOp::remove ? std::to_string(edit.index) : edit.value) + "\n";
    }
    return header;
}

TEST(JudgeInbound, bypassed_clients_are_not_judged_but_cleaned) {
    Rules rules = inbound_rules();
    rules.bypass_clients = prefixes({"198.51.100.0/24"});
    Incoming incoming = refused_mail();
    incoming.with("X-ExOTA-Disposition: quarantine");
    incoming.facts.client = {.is = Is::blocked, .list = {}, .text = {}};
    const Decision decision = judged_inbound(incoming, rules);
    EXPECT_EQ(decision.reason, Reason::bypassed);
    EXPECT_EQ(decision.verdict, Verdict::accept);
    EXPECT_EQ(header_of(decision), "-X-ExOTA-Disposition: 1\n");
}

TEST(JudgeInbound, a_client_whose_address_is_not_clear_is_put_off_and_a_local_one_passes) {
    const Rules rules = inbound_rules();
    evidence::Session session;
    EXPECT_FALSE(refuse_client(session, rules, {})) << "local";
    session.client.address = evidence::Malformed{"fe80::1%eth0", "a zone"};
    auto refused = refuse_client(session, rules, {});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reply->line(), "451 4.7.1 The client's address is not clear, try again later");
    session.client.address = evidence::Conflicting{{"192.0.2.1", "198.51.100.1"}};
    refused = refuse_client(session, rules, {});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, Reason::unavailable);
}

// --- Clients --------------------------------------------------------------------------------------------------------------------------

TEST(JudgeInbound, clients) {
    struct Row {
        ClientStanding client;
        std::string_view delist, reply;
    };
    const std::string longest_delist(200, 'd');
    const std::string with_longest_delist =
        "550 5.7.1 Client [198.51.100.7] blocked (l.example: " + std::string(143, 't') + "); to be removed: " + longest_delist;
    const Row rows[] = {
        {{Is::blocked, "", ""}, "", "550 5.7.1 Client [198.51.100.7] blocked"},
        {{Is::blocked, "", ""},
         "https://postmaster.example/",
         "550 5.7.1 Client [198.51.100.7] blocked; to be removed: https://postmaster.example/"},
        {{Is::listed, "zen.dnsbl.example", ""}, "", "550 5.7.1 Client [198.51.100.7] blocked (zen.dnsbl.example)"},
        {{Is::listed, "zen.dnsbl.example", "see https://l.example/?ip=198.51.100.7"},
         "postmaster@example.net",
         "550 5.7.1 Client [198.51.100.7] blocked (zen.dnsbl.example: see https://l.example/?ip=198.51.100.7); to be removed: "
         "postmaster@example.net"},
        {{Is::listed, "l.example", "a) ok; 250 2.0.0 (b\r\n250 done\x01\xff"},
         "",
         "550 5.7.1 Client [198.51.100.7] blocked (l.example: a  ok  250 2.0.0  b?"
         "?250 done?"
         "?)"},
        {{Is::listed, "l.example", std::string(300, 't')}, std::string_view(longest_delist), std::string_view(with_longest_delist)},
        {{Is::no_reverse_name, "", ""}, "x", "550 5.7.25 Client [198.51.100.7] has no confirmed reverse name"},
    };
    for (const Row& row : rows) {
        Rules rules = inbound_rules();
        rules.inbound->delist = row.delist;
        Incoming incoming = strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject");
        incoming.facts.client = row.client;
        const Decision decision = judged_inbound(incoming, rules);
        ASSERT_TRUE(decision.reply);
        EXPECT_EQ(decision.reply->line(), row.reply);
        const auto early = refuse_client(evidence_of(incoming, rules).session, rules, row.client);
        ASSERT_TRUE(early);
        EXPECT_EQ(early->reply->line(), row.reply) << "before any message the same is said";
        EXPECT_EQ(early->reason, decision.reason);
    }
    for (const Is is : {Is::passes, Is::allowed}) {
        Incoming incoming = strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject");
        incoming.facts.client.is = is;
        EXPECT_EQ(judged_inbound(incoming).reason, Reason::passed);
    }
    Incoming long_text = strange_mail();
    long_text.facts.client = {Is::listed, "l.example", std::string(5000, 'x')};
    EXPECT_LE(judged_inbound(long_text).reply->line().size(), 512U);
}

TEST(JudgeInbound, an_allowed_client_is_still_asked_for_its_author) {
    Incoming incoming = refused_mail();
    incoming.facts.client.is = Is::allowed;
    EXPECT_EQ(judged_inbound(incoming).reason, Reason::dmarc_failed);
}

TEST(JudgeInbound, no_list_speaks_of_exchange_online_or_trusted_forwarders) {
    Rules rules = inbound_rules();
    rules.inbound->trusted_forwarders.clients = prefixes({"198.51.100.0/24"});
    const ClientStanding listed{Is::listed, "l.example", ""}, blocked{Is::blocked, "", ""};
    const auto session_from = [](std::string_view address) {
        Incoming incoming = strange_mail();
        incoming.message.client = address;
        return evidence_of(incoming.message).session;
    };
    for (const std::string_view trusted : {"40.107.22.5", "2a01:111:f400::1", "198.51.100.7"}) {
        EXPECT_FALSE(refuse_client(session_from(trusted), rules, listed)) << trusted;
        EXPECT_TRUE(refuse_client(session_from(trusted), rules, blocked)) << "the operator's own word counts: " << trusted;
        EXPECT_TRUE(is_trusted_client(session_from(trusted), rules));
    }
    for (const std::string_view stranger : {"40.95.1.1", "203.0.113.9"}) {
        EXPECT_TRUE(refuse_client(session_from(stranger), rules, listed)) << stranger;
        EXPECT_FALSE(is_trusted_client(session_from(stranger), rules));
    }
}

// --- The message ----------------------------------------------------------------------------------------------------------------------

TEST(JudgeInbound, what_stands_before_the_author) {
    Incoming complex = refused_mail();
    complex.message.too_complex = "header fields above 2000";
    EXPECT_EQ(judged_inbound(complex).reason, Reason::too_complex);
    EXPECT_EQ(judged_inbound(complex).reply->code, 550);
    Incoming without_from = refused_mail();
    without_from.message.without("From:");
    EXPECT_EQ(judged_inbound(without_from).reason, Reason::from_missing);
    Incoming two = refused_mail();
    two.with("From: other@bank.example");
    EXPECT_EQ(judged_inbound(two).reason, Reason::from_ambiguous);
    const Decision no_directory = judged_inbound(refused_mail(), inbound_rules(), nullptr);
    EXPECT_EQ(no_directory.reason, Reason::unavailable);
    EXPECT_EQ(no_directory.verdict, Verdict::tempfail);
    // The client comes before the recipients, those before the message.
    complex.facts.client.is = Is::blocked;
    EXPECT_EQ(judged_inbound(complex).reason, Reason::client_blocked);
    complex.facts.client.is = Is::passes;
    complex.recipients = {"x@elsewhere.example"};
    EXPECT_EQ(judged_inbound(complex).reason, Reason::recipient_foreign);
}

// --- Modes ----------------------------------------------------------------------------------------------------------------------------

TEST(JudgeInbound, modes) {
    struct Row {
        tenant::Mode mode;
        Verdict verdict;
        bool held;
    };
    const Row rows[] = {{tenant::Mode::enforce, Verdict::reject, false},
                        {tenant::Mode::defer, Verdict::tempfail, false},
                        {tenant::Mode::quarantine, Verdict::accept, true},
                        {tenant::Mode::monitor, Verdict::accept, false}};
    for (const Row& row : rows) {
        Rules rules = inbound_rules();
        rules.inbound->mode = row.mode;
        const Decision decision = judged_inbound(refused_mail(), rules);
        EXPECT_EQ(decision.judged, Verdict::reject);
        EXPECT_EQ(decision.verdict, row.verdict) << tenant::name_of(row.mode);
        EXPECT_EQ(decision.quarantine, row.held) << tenant::name_of(row.mode);
        EXPECT_EQ(decision.reason, Reason::dmarc_failed);
        // A client is let through where the message can still tell of it.
        const ClientStanding blocked{Is::blocked, "", ""};
        EXPECT_EQ(refuse_client(evidence_of(refused_mail(), rules).session, rules, blocked).has_value(), row.verdict != Verdict::accept);
        Incoming from_blocked = refused_mail();
        from_blocked.facts.client = blocked;
        EXPECT_EQ(judged_inbound(from_blocked, rules).reason, Reason::client_blocked);
        rules.force_monitor = true;
        EXPECT_EQ(judged_inbound(refused_mail(), rules).verdict, Verdict::accept) << "--monitor beats all";
    }
}

TEST(JudgeInbound, mark_and_hold_do_nothing_in_monitor_mode) {
    for (const Action action : {Action::mark, Action::hold}) {
        Rules rules = inbound_rules();
        rules.inbound->on_quarantine = action;
        Incoming incoming = strange_mail().policy("bank.example", "v=DMARC1; p=quarantine");
        Decision decision = judged_inbound(incoming, rules);
        EXPECT_EQ(decision.verdict, Verdict::accept);
        EXPECT_EQ(decision.inbound->marked, action == Action::mark);
        EXPECT_EQ(decision.quarantine, action == Action::hold);
        EXPECT_EQ(header_of(decision).contains("+X-ExOTA-Disposition: quarantine reason=dmarc-failed"), action == Action::mark);
        rules.inbound->mode = tenant::Mode::monitor;
        decision = judged_inbound(incoming, rules);
        EXPECT_FALSE(decision.inbound->marked || decision.quarantine);
        EXPECT_FALSE(header_of(decision).contains("X-ExOTA-Disposition"));
        EXPECT_TRUE(header_of(decision).contains("auth=fail door=inbound reason=dmarc-failed action=" + std::string(name_of(action)) +
                                                 " mode=monitor"));
    }
}

TEST(JudgeInbound, without_a_hold_queue_it_is_put_off) {
    Rules rules = inbound_rules();
    rules.inbound->on_quarantine = Action::hold;
    const Incoming incoming = strange_mail().policy("bank.example", "v=DMARC1; p=quarantine");
    Decision decision = judged_inbound(incoming, rules);
    hold_without_queue(decision, evidence_of(incoming, rules), rules);
    EXPECT_EQ(decision.verdict, Verdict::tempfail);
    EXPECT_EQ(decision.judged, Verdict::tempfail);
    EXPECT_TRUE(decision.why.starts_with("dmarc-failed: ") &&
                decision.why.ends_with("; it was to be held, but the MTA offers no hold queue"));
    EXPECT_EQ(decision.reply->code, 451);
    EXPECT_TRUE(decision.header_edits.empty());
    Decision refused = judged_inbound(refused_mail(), rules);
    hold_without_queue(refused, evidence_of(refused_mail(), rules), rules);
    EXPECT_EQ(refused.verdict, Verdict::reject) << "what is not to be held stays as it is";
    rules.inbound->mode = tenant::Mode::monitor;
    Decision monitored = judged_inbound(incoming, rules);
    const std::string header = header_of(monitored);
    hold_without_queue(monitored, evidence_of(incoming, rules), rules);
    EXPECT_EQ(monitored.verdict, Verdict::accept);
    EXPECT_EQ(monitored.judged, Verdict::tempfail);
    EXPECT_TRUE(monitored.why.contains("no hold queue") && !monitored.reply);
    EXPECT_EQ(header_of(monitored), header);
    rules.inbound->mode = tenant::Mode::quarantine;
    Decision held = judged_inbound(refused_mail(), rules);
    hold_without_queue(held, evidence_of(refused_mail(), rules), rules);
    EXPECT_EQ(held.verdict, Verdict::tempfail);
    EXPECT_EQ(held.judged, Verdict::reject) << "its mode alone would have held it";
}

// --- Header, replies, JSON ------------------------------------------------------------------------------------------------------------

TEST(JudgeInbound, reply_of_a_refused_author) {
    EXPECT_EQ(judged_inbound(refused_mail()).reply->line(),
              "550 5.7.26 Rejected per DMARC policy for bank.example (domain bank.example, id 4XyZ1)");
    Incoming own = strange_mail("ceo@contoso.com").policy("contoso.com", "v=DMARC1; p=reject");
    EXPECT_EQ(judged_inbound(own).reply->line(),
              "550 5.7.26 Mail of contoso.com from outside must prove that it is (domain contoso.com, id 4XyZ1)");
}

TEST(JudgeInbound, incoming_dispositions_and_results_are_removed) {
    Rules rules = inbound_rules();
    rules.header.verification_results = true;
    Incoming incoming = strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject");
    incoming.with("X-ExOTA-Disposition: quarantine reason=x")
        .with("x-exota-disposition: none")
        .with("X-ExOTA-Authentication-Results: mx.example.net; auth=pass")
        .with("Authentication-Results: mx.example.net; x-compauth=pass reason=\"100\" header.from=bank.example");
    const Decision decision = judged_inbound(incoming, rules);
    EXPECT_EQ(header_of(decision),
              "-X-ExOTA-Authentication-Results: 1\n-X-ExOTA-Disposition: 2\n-X-ExOTA-Disposition: 1\n-Authentication-Results: 1\n"
              "+Authentication-Results: mx.example.net;\n\tdkim=pass header.d=bank.example;\n\tspf=none smtp.mailfrom=sender.example;\n"
              "\tdmarc=pass;\n\tx-compauth=pass reason=\"100\" header.from=bank.example\n"
              "+X-ExOTA-Authentication-Results: mx.example.net;\n  auth=pass door=inbound reason=passed compauth=pass compauth_reason=100 "
              "5322_from_domain=bank.example\n");
}

TEST(JudgeInbound, results_of_rfc8601) {
    Rules rules = inbound_rules();
    rules.header.format = HeaderFormat::rfc8601;
    rules.inbound->mode = tenant::Mode::monitor;
    EXPECT_TRUE(header_of(judged_inbound(refused_mail(), rules))
                    .contains("x-exota=fail reason=dmarc-failed header.from=bank.example policy.mode=monitor"));
}

TEST(JudgeInbound, the_header_firewall_spares_what_a_hybrid_tenants_eop_wrote) {
    Rules rules = inbound_rules();
    rules.header_firewall = true;
    const Decision stranger = judged_inbound(
        strange_mail().signed_by("bank.example").policy("bank.example", "v=DMARC1; p=reject").with("X-MS-Exchange-Organization-SCL: -1"),
        rules);
    EXPECT_TRUE(header_of(stranger).contains("-X-MS-Exchange-Organization-SCL: 1"));
    Incoming handed = handed_over_mail("dmarc=pass action=none header.from=microsoft.com;compauth=pass reason=100");
    handed.with("X-MS-Exchange-Organization-SCL: 1");
    EXPECT_FALSE(header_of(judged_inbound(handed, rules)).contains("-X-MS"));
}

TEST(JudgeInbound, json_tells_of_the_door_and_a_relay_door_does_not) {
    const Rules rules = inbound_rules();
    const Incoming incoming = refused_mail();
    const evidence::Evidence evidence = evidence_of(incoming, rules);
    const boost::json::object inbound = boost::json::parse(to_json(judged_inbound(incoming), evidence)).as_object();
    EXPECT_EQ(inbound.at("door").as_string(), "inbound");
    EXPECT_EQ(inbound.at("compauth").at("result").as_string(), "fail");
    EXPECT_EQ(inbound.at("compauth").at("reason").as_string(), "000");
    EXPECT_EQ(inbound.at("action").as_string(), "reject");
    EXPECT_EQ(inbound.at("setting").as_string(), "inbound.on_reject");
    const boost::json::object relay = boost::json::parse(to_json(decide(evidence, &all_customers(), rules), evidence)).as_object();
    for (const char* member : {"door", "compauth", "action", "setting", "handed_over", "disposition"}) EXPECT_FALSE(relay.contains(member));
    EXPECT_TRUE(to_text(judged_inbound(incoming), evidence).contains("compauth  fail 000 (row 8)\naction    reject (inbound.on_reject)"));
}

TEST(JudgeInbound, hostile_text_stays_on_its_line) {
    Incoming incoming = strange_mail();
    incoming.message.without("From:").with("From: \"a\r\n b\" <x\"@bank.example>").with("List-Id: a\r\n\t250 ok");
    incoming.recipients = {"<a\r\n250 ok>@x"};
    const Decision decision = judged_inbound(incoming);
    ASSERT_TRUE(decision.reply);
    for (const char c : decision.reply->line()) EXPECT_TRUE(c >= ' ' && c < 0x7f);
}

// --- What is asked --------------------------------------------------------------------------------------------------------------------

TEST(JudgeInbound, what_is_still_to_be_asked) {
    const Rules rules = inbound_rules();
    evidence::Evidence evidence = evidence_of(strange_mail(), rules);
    evidence.verification = {};
    Wanted wanted = wanted_inbound(evidence, &all_customers(), rules, {});
    EXPECT_TRUE(wanted.spf && wanted.dmarc && wanted.iprev && wanted.published);
    EXPECT_FALSE(wanted.dkim) << "nothing is signed";
    EXPECT_FALSE(wanted.arc) << "nobody's seal is trusted";
    evidence.header.dkim_signature_count = 1;
    Rules with_sealers = rules;
    with_sealers.arc_trusted_sealers = {"list.example"};
    wanted = wanted_inbound(evidence, &all_customers(), with_sealers, {});
    EXPECT_TRUE(wanted.dkim && wanted.arc);
    EXPECT_FALSE(wanted_inbound(evidence, nullptr, rules, {}).any());
    EXPECT_FALSE(wanted_inbound(evidence, &all_customers(), rules, {.client = {Is::blocked, "", ""}, .recipients = {}}).any());
    evidence::Evidence own = evidence_of(strange_mail("a@contoso.com"), rules);
    EXPECT_FALSE(wanted_inbound(own, &all_customers(), rules, {}).iprev) << "no name of the client makes own mail pass";
}

TEST(JudgeInbound, the_directory_is_asked_for_the_recipients_too) {
    const Rules rules = inbound_rules();
    const tenant::Keys keys = keys_of_inbound(evidence_of(strange_mail(), rules), rules);
    EXPECT_TRUE(std::ranges::count(keys.domains, "fabrikam.com") == 1);
    EXPECT_TRUE(std::ranges::count(keys.domains, "bank.example") == 1);
    EXPECT_FALSE(std::ranges::count(keys_of(evidence_of(strange_mail(), rules), rules).domains, "fabrikam.com") == 1);
}

}  // namespace
}  // namespace exota::decision
