// The inbound judgement on evidence of every shape: what is drawn from the input are facts, results, EOP's fields and rules, from small
// sets of values that meet often. Properties:
//
//   * an own domain passes only proven: by composite authentication, or because one's own EOP handed it over;
//   * what DNS did not answer for refuses nobody;
//   * EOP's results count from a proven peer alone;
//   * mode monitor lets everything through, unmarked;
//   * a reply is one safe line of the right class; edits come with accept alone; the JSON parses.
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "decision/judge_inbound.h"
#include "decision/render.h"
#include "draw.h"
#include "evidence/author.h"
#include "evidence/collector.h"
#include "property.h"
#include "tenant/tenants_file.h"

namespace {

using namespace exota;
using decision::Action;
using decision::Decision;
using decision::Reason;
using decision::Verdict;

using exota::fuzz::Draw;
using exota::fuzz::require;

const tenant::Index& tenants() {
    static const tenant::Index index = *tenant::read_tenants(R"({"version": 2, "tenants": {
        "a": {"tenant_ids": ["00000000-0000-4000-8000-00000000000a"], "organizations": ["a.example"], "domains": ["a.com", "*.a.com"],
              "hybrid": true, "recipients": "authoritative"},
        "b": {"tenant_ids": ["00000000-0000-4000-8000-00000000000b"], "domains": ["b.com"]}}})",
                                                             tenant::Defaults{})
                                            .index;
    return index;
}

constexpr std::string_view domains[] = {"a.com", "x.a.com", "b.com", "bank.example", "mail.bank.example", "list.example"};

decision::Rules rules_of(Draw& draw) {
    decision::Rules rules;
    rules.exchange_online = {base::IpPrefix::parse("40.107.0.0/16").value()};
    rules.arc_trusted_sealers = {"list.example"};
    rules.header.authserv_id = "mx.example.net";
    rules.header.verification_results = draw.coin();
    decision::InboundRules& inbound = rules.inbound.emplace();
    constexpr tenant::Mode modes[] = {tenant::Mode::enforce, tenant::Mode::monitor, tenant::Mode::defer, tenant::Mode::quarantine};
    constexpr Action of_reject[] = {Action::direct, Action::reject, Action::mark, Action::none};
    constexpr decision::EopUse uses[] = {decision::EopUse::enforce, decision::EopUse::report, decision::EopUse::ignore};
    inbound.mode = draw.of(modes);
    inbound.on_reject = draw.of(of_reject);
    inbound.own_domain_unenforced = Action::reject;
    inbound.implicit_fail = draw.coin() ? Action::reject : Action::none;
    inbound.eop.results = draw.of(uses);
    if (draw.coin()) inbound.trusted_forwarders.signers = {"list.example"};
    if (draw.coin()) inbound.domains["bank.example"] = draw.coin() ? Action::none : Action::reject;
    return rules;
}

evidence::Evidence evidence_of(Draw& draw) {
    static const evidence::MessageLimits limits;
    evidence::Collector collector(limits);
    constexpr std::string_view clients[] = {"40.107.1.1", "198.51.100.7"};
    constexpr std::string_view certificates[] = {"mail.protection.outlook.com", "evil.example"};
    evidence::Client client;
    client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse(draw.of(clients)).value(), evidence::Source::mta};
    collector.connected(client, "Postfix 3.7.11");
    if (draw.coin()) {
        evidence::Tls tls{.version = "TLSv1.3"};
        if (draw.coin())
            tls.certificate_name = evidence::Observed<std::string>{std::string(draw.of(certificates)), evidence::Source::peer_certificate};
        collector.tls(tls);
    }
    collector.mail(draw.coin() ? "<SRS0=x@list.example>" : "<x@list.example>");
    constexpr std::string_view recipients[] = {"r@a.com", "r@b.com", "r@elsewhere.example", "postmaster", "r"};
    do collector.recipient(draw.of(recipients));
    while (draw.coin());
    const std::string author(draw.of(domains));
    collector.header_field("From", " <u@" + author + ">");
    constexpr std::string_view ids[] = {"00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b",
                                        "99999999-9999-4999-8999-999999999999"};
    while (draw.coin()) collector.header_field("X-MS-Exchange-CrossTenant-Id", draw.of(ids));
    constexpr std::string_view written_as[] = {"Internal", "Anonymous"};
    if (draw.coin()) collector.header_field("X-MS-Exchange-CrossTenant-AuthAs", draw.of(written_as));
    constexpr std::string_view reports[] = {"CIP:192.0.2.1;DIR:INB;", "CIP:192.0.2.2;DIR:INB;", "CIP:192.0.2.1;DIR:OUT;"};
    if (draw.coin())
        collector.header_field("X-Forefront-Antispam-Report", draw.coin() ? draw.of(reports) : std::string_view(draw.text(20)));
    constexpr std::string_view words[] = {"dmarc=pass header.from=", "dmarc=fail action=oreject header.from="};
    while (draw.coin())
        collector.header_field("Authentication-Results", "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=" + draw.text(20) + ";" +
                                                             std::string(draw.of(words)) + author + ";compauth=none reason=451");
    if (draw.coin()) collector.header_field("List-Id", draw.text(20));
    if (draw.coin()) collector.header_field("X-ExOTA-Disposition", draw.text(20));
    evidence::Evidence evidence = collector.finish();

    auto& verified = evidence.verification;
    verified.dkim.emplace();
    using Value = evidence::DkimResult::Value;
    constexpr Value values[] = {Value::pass, Value::fail, Value::temperror};
    while (draw.coin())
        verified.dkim->push_back({.value = draw.of(values),
                                  .sdid = mail::Domain::parse(draw.of(domains)).value(),
                                  .source = evidence::Source::own_verification});
    constexpr evidence::SpfValue spf[] = {evidence::SpfValue::pass, evidence::SpfValue::fail, evidence::SpfValue::temperror};
    verified.spf = evidence::SpfVerification{.value = draw.of(spf), .domain = mail::Domain::parse("list.example").value(), .detail = {}};
    constexpr evidence::DmarcValue dmarc[] = {evidence::DmarcValue::fail, evidence::DmarcValue::pass, evidence::DmarcValue::none,
                                              evidence::DmarcValue::temperror};
    constexpr std::string_view policies[] = {"reject", "quarantine", "none"};
    auto& result = verified.dmarc.emplace();
    result.value = draw.of(dmarc);
    result.aligned_dkim = result.value == evidence::DmarcValue::pass && draw.coin();
    result.aligned_spf = result.value == evidence::DmarcValue::pass && !result.aligned_dkim;
    result.published = {
        .has_record = result.value != evidence::DmarcValue::none, .enforced = std::string(draw.of(policies)), .policy_domain = author};
    constexpr evidence::ArcValue arc[] = {evidence::ArcValue::none, evidence::ArcValue::pass, evidence::ArcValue::temperror};
    if (draw.coin())
        verified.arc = evidence::ArcVerification{
            .value = draw.of(arc), .instances = {{1, "list.example", "x; dmarc=pass header.from=" + author}}, .detail = {}};
    return evidence;
}

decision::InboundFacts facts_of(Draw& draw) {
    using Is = decision::ClientStanding::Is;
    constexpr Is standings[] = {Is::passes, Is::allowed, Is::blocked, Is::listed, Is::no_reverse_name};
    constexpr decision::RecipientIs known[] = {decision::RecipientIs::known, decision::RecipientIs::unknown,
                                               decision::RecipientIs::unavailable};
    decision::InboundFacts facts;
    if (draw.coin()) facts.client = {.is = draw.of(standings), .list = draw.text(20), .text = draw.text(20)};
    while (draw.coin()) facts.recipients.push_back(draw.of(known));
    return facts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Draw draw(data, size);
    const decision::Rules rules = rules_of(draw);
    const evidence::Evidence evidence = evidence_of(draw);
    const decision::InboundFacts facts = facts_of(draw);
    const Decision decision = decision::judge_inbound(evidence, &tenants(), rules, facts);
    require(decision.inbound.has_value(), "an inbound door says so");
    const decision::InboundOutcome& outcome = *decision.inbound;
    const bool is_own = tenants().covering(decision.author_domain).has_value();

    if (is_own && decision.reason == Reason::passed && !outcome.handed_over)
        require(outcome.compauth && outcome.compauth->result == decision::CompauthResult::pass, "an own domain passes only proven");
    if (!outcome.handed_over && evidence.verification.dmarc->value == evidence::DmarcValue::temperror &&
        (decision.reason == Reason::dmarc_failed || decision.reason == Reason::own_domain))
        require(false, "nothing is refused for want of an answer");
    if (outcome.handed_over)
        require(decision.peer_proven && rules.inbound->eop.results != decision::EopUse::ignore, "EOP counts when proven");
    if (rules.inbound->mode == tenant::Mode::monitor)
        require(decision.verdict == Verdict::accept && !outcome.marked && !decision.quarantine, "monitor lets everything through");
    require(decision.reply.has_value() == (decision.verdict != Verdict::accept), "who is refused is told, and nobody else");
    if (decision.reply) {
        const std::string line = decision.reply->line();
        for (const char c : line) require(c >= ' ' && c < 0x7f, "a reply is one safe line");
        require(line.front() == (decision.verdict == Verdict::reject ? '5' : '4'), "a reply of its class");
        require(decision.header_edits.empty(), "edits come with accept alone");
    }
    for (const mail::HeaderEdit& edit : decision.header_edits)
        require(edit.value.find('\r') == std::string::npos, "a field of ours is folded by LF");
    boost::json::error_code error;
    boost::json::parse(decision::to_json(decision, evidence), error);
    require(!error, "the JSON parses");
    decision::to_text(decision, evidence);
    return 0;
}
