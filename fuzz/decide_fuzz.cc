// The judgement on evidence of every shape: what is drawn from the input are facts, claims, results and rules, from small sets of values
// that meet often. Properties:
//
//   * a message is accepted in mode enforce only if a proof holds (for a forward, with evidence of its tenant), never against a
//     contradiction;
//   * taking away a passing DKIM result never makes a message acceptable;
//   * what wanted() does not ask for could not have changed the verdict;
//   * the order in which a tenant's proofs, and the factors of each, are listed changes nothing but what a refusal names first;
//   * a reply is one safe line of the right class; edits come with accept alone, and removals in descending order of what is there;
//   * the JSON parses.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "decision/decide.h"
#include "decision/findings.h"
#include "decision/proofs.h"
#include "decision/render.h"
#include "draw.h"
#include "evidence/author.h"
#include "property.h"
#include "tenant/tenants_file.h"

namespace {

using namespace exota;
using decision::Decision;
using decision::Finding;
using decision::Verdict;
using evidence::Source;

using exota::fuzz::Draw;
using exota::fuzz::require;

constexpr std::string_view tenants_text = R"({"version": 2, "tenants": {
  "a": {"tenant_ids": ["00000000-0000-4000-8000-00000000000a"], "organizations": ["a.example"], "domains": ["a.com", "*.a.com", "a.onmicrosoft.com"],
        "dkim_domains": ["signer.example"], "proofs": ["client-cert + dkim", "client-cert + tenant-id", "peer + xoorg", "spf + client-ip", "arc"],
        "connector_clients": ["203.0.113.7"]},
  "b": {"tenant_ids": ["00000000-0000-4000-8000-00000000000b"], "organizations": ["b.example"], "domains": ["b.com", "b.onmicrosoft.com"],
        "proofs": ["client-cert", "dmarc", "originator-org + dkim-aligned"], "alignment": "relaxed", "forwarding": true, "hybrid": true},
  "c": {"domains": ["c.com"], "proofs": ["client-cert + hosted", "dkim-any", "listed + client-ip"], "forwarding": true, "mode": "monitor"},
  "d": {"tenant_ids": ["00000000-0000-4000-8000-00000000000d"], "domains": ["d.com", "sub.a.com"], "proofs": ["dkim-aligned"], "mode": "defer"}
}})";

tenant::Index index_of(std::string_view text) {
    tenant::LoadedTenants loaded = tenant::read_tenants(text, {});
    require(loaded.index.has_value(), "the tenants of this target are good");
    return *std::move(loaded.index);
}

const tenant::Index& all_tenants() {
    static const tenant::Index index = index_of(tenants_text);
    return index;
}

/// "client-cert + dkim" → "dkim + client-cert"
std::string with_factors_reversed(std::string_view proof) {
    std::string out;
    while (!proof.empty()) {
        const std::string_view factor = base::trim(base::take_until(proof, '+'));
        out = out.empty() ? std::string(factor) : std::string(factor) + " + " + out;
    }
    return out;
}

/// The same tenants, their proofs and the factors of each listed from the last to the first.
const tenant::Index& all_tenants_reversed() {
    static const tenant::Index index = [] {
        boost::json::value file = boost::json::parse(tenants_text);
        std::size_t moved = 0;
        for (auto& [name, tenant] : file.at("tenants").as_object()) {
            boost::json::array& proofs = tenant.at("proofs").as_array();
            std::ranges::reverse(proofs);
            for (boost::json::value& proof : proofs) {
                const std::string before(std::string_view(proof.as_string()));
                proof = with_factors_reversed(before);
                moved += std::string_view(proof.as_string()) != before ? 1 : 0;
            }
        }
        require(moved == 7, "proofs of two factors are there, and the other way round");
        return index_of(boost::json::serialize(file));
    }();
    return index;
}

constexpr std::string_view domain_names[] = {
    "a.com",     "x.a.com",   "a.onmicrosoft.com", "b.com",     "x.b.com",      "b.onmicrosoft.com", "c.com", "d.com",
    "sub.a.com", "a.example", "x.a.example",       "b.example", "evil.example", "signer.example",    "com",   "onmicrosoft.com"};
constexpr std::string_view ids[] = {"00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b",
                                    "00000000-0000-4000-8000-00000000000d", "00000000-0000-4000-8000-0000000000ff",
                                    mail::consumer_tenant_id};
constexpr std::string_view addresses[] = {"40.107.1.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "40.95.0.1", "203.0.113.7"};

mail::Domain domain(Draw& draw) { return mail::Domain::parse(draw.of(domain_names)).value(); }
mail::TenantId id(Draw& draw) { return mail::TenantId::parse(draw.of(ids)).value(); }
base::IpAddress address(Draw& draw) { return base::IpAddress::parse(draw.of(addresses)).value(); }

template <class T, class Value>
evidence::Fact<T> fact(Draw& draw, Value value) {
    switch (draw.below(8)) {
        case 0:
        case 1:
            return evidence::Absent{};
        case 2:
            return evidence::Conflicting{{draw.text(), draw.text()}};
        case 3:
            return evidence::Malformed{draw.text(), "why"};
        case 4:
            return evidence::Unavailable{"why"};
        default:
            return evidence::Observed<T>{value(draw), static_cast<Source>(draw.below(6))};
    }
}

std::vector<evidence::DkimResult> dkim_results(Draw& draw) {
    std::vector<evidence::DkimResult> results(draw.below(4));
    for (evidence::DkimResult& result : results) {
        result.value = draw.coin() ? evidence::DkimResult::Value::pass : static_cast<evidence::DkimResult::Value>(draw.below(7));
        if (!draw.one_in(8)) result.sdid = domain(draw);
        result.source = Source::own_verification;
        result.counts = !draw.one_in(4);
    }
    return results;
}

std::string mailbox(Draw& draw) { return "x@" + std::string(draw.of(domain_names)); }

evidence::Evidence evidence_from(Draw& draw) {
    evidence::Evidence out;
    auto& session = out.session;
    session.client.address = fact<base::IpAddress>(draw, address);
    session.tls.version = draw.coin() ? "TLSv1.3" : "";
    if (draw.coin())
        session.tls.certificate_name = evidence::Observed<std::string>{"mail.protection.outlook.com", Source::peer_certificate};
    if (draw.one_in(4)) session.tls.certificate_name = fact<std::string>(draw, [](Draw& d) { return d.text(); });
    if (draw.one_in(8)) session.tls.certificate_dns_names = {draw.text()};
    session.tls.hint = static_cast<evidence::CertificateHint>(draw.below(4));
    session.authenticated = draw.one_in(8);
    out.envelope.xoorg = fact<mail::Domain>(draw, domain);
    out.envelope.queue_id = draw.text();
    auto& header = out.header;
    header.from.push_back(draw.one_in(6) ? draw.text() : mailbox(draw));
    if (draw.one_in(8)) header.from.push_back(mailbox(draw));
    if (draw.one_in(8)) header.from.clear();
    header.from_count = static_cast<std::uint32_t>(header.from.size());
    header.author = evidence::author_of(header, session.mta);
    for (std::size_t left = draw.below(3); left > 0; --left) header.resent_from.push_back(draw.one_in(6) ? draw.text() : mailbox(draw));
    header.originator_org = fact<mail::Domain>(draw, domain);
    header.tenant_id = fact<mail::TenantId>(draw, id);
    header.auth_as = fact<std::string>(draw, [](Draw& d) { return d.coin() ? std::string("Internal") : d.text(); });
    if (draw.one_in(3))
        header.attributed_connection =
            fact<evidence::AttributedConnection>(draw, [](Draw& d) { return evidence::AttributedConnection{id(d), address(d)}; });
    for (std::size_t left = draw.below(4); left > 0; --left) {
        evidence::AuthresField field;
        field.value = std::string(draw.coin() ? "mx.example.net" : "other.example") + "; " +
                      (draw.coin() ? "dkim=pass header.d=" + std::string(draw.of(domain_names)) : draw.text());
        if (draw.one_in(4)) field.value = draw.text() + "mx.example.net; x-exota=pass";
        field.index = ++header.authentication_results_count;
        field.received_above = static_cast<std::uint32_t>(draw.below(2));
        header.authentication_results.push_back(std::move(field));
    }
    header.authentication_results_count += static_cast<std::uint32_t>(draw.one_in(8) ? draw.below(3) : 0);
    header.dkim_signature_count = static_cast<std::uint32_t>(draw.below(3));
    header.own_result_count = static_cast<std::uint32_t>(draw.below(4));
    if (draw.coin()) header.firewall = {{"X-MS-Exchange-Organization-AuthAs", 2}, {"X-OriginatorOrg", 1}};
    if (draw.one_in(8)) out.too_complex = "a limit";
    auto& verification = out.verification;
    if (header.dkim_signature_count > 0 && draw.coin()) verification.dkim = dkim_results(draw);
    if (draw.coin()) {
        verification.spf.emplace();
        verification.spf->value = static_cast<evidence::SpfValue>(draw.below(7));
        verification.spf->domain = domain(draw);
    }
    if (draw.coin()) {
        verification.dmarc.emplace();
        verification.dmarc->value = static_cast<evidence::DmarcValue>(draw.below(5));
        verification.dmarc->aligned_dkim = draw.coin();
    }
    if (draw.coin()) {
        verification.arc.emplace();
        verification.arc->value = static_cast<evidence::ArcValue>(draw.below(4));
        for (std::uint32_t i = 1; i <= draw.below(4); ++i)
            verification.arc->instances.push_back({i, std::string(draw.of(domain_names)),
                                                   "hop.example; dkim=pass header.d=" + std::string(draw.of(domain_names)) + draw.text()});
    }
    return out;
}

decision::Rules rules_from(Draw& draw) {
    decision::Rules rules;
    rules.mode = static_cast<tenant::Mode>(draw.below(4));
    rules.force_monitor = draw.one_in(8);
    rules.contradictions_refuse = !draw.one_in(4);
    rules.peer_proof = static_cast<decision::PeerProof>(draw.below(5));
    rules.resent_from = draw.coin();
    rules.exchange_online = {base::IpPrefix::parse("40.92.0.0/14").value(), base::IpPrefix::parse("40.107.0.0/16").value()};
    rules.relay_pool = {base::IpPrefix::parse("40.95.0.0/16").value()};
    if (draw.one_in(4)) rules.bypass_clients = {base::IpPrefix::parse("192.0.2.3").value()};
    rules.bypass_authenticated = draw.one_in(4);
    if (draw.one_in(4)) rules.certificate_exempt = {base::IpPrefix::parse("192.0.2.1").value()};
    if (draw.one_in(4)) rules.trusted_relays = {base::IpPrefix::parse("192.0.2.2").value()};
    rules.dkim_source = static_cast<decision::DkimSource>(draw.below(3));
    rules.authres.authserv_ids = {"mx.example.net"};
    if (draw.one_in(4)) rules.authres.position = evidence::AuthresTrust::Position::any;
    rules.authres_missing = static_cast<decision::WhenMissing>(draw.below(2));
    rules.certificate_missing = static_cast<decision::WhenMissing>(draw.below(2));
    rules.arc_trusted_sealers = {"a.example", "b.example"};
    rules.header.authserv_id = "mx.example.net";
    rules.header.format = static_cast<decision::HeaderFormat>(draw.below(2));
    rules.header.verification_results = draw.one_in(4);
    rules.header_firewall = draw.coin();
    if (draw.one_in(4)) rules.reply.reject = "{text}{queue_id}" + draw.text();
    if (draw.one_in(6))
        rules.drop_in = decision::DropIn{
            .x509 = draw.coin(), .tenant_id_required = draw.coin(), .dkim = draw.coin(), .dkim_alignment_required = draw.coin()};
    return rules;
}

void check_acceptance(const Decision& made, const decision::Rules& rules) {
    if (made.mode == tenant::Mode::enforce) require(made.verdict == made.judged, "enforce says what was judged");
    if (made.judged != Verdict::accept || made.reason == decision::Reason::bypassed) return;
    require(made.reason == decision::Reason::authorised && made.proof.has_value() && made.tenant.has_value(),
            "accepted for a proof of a tenant");
    const auto& proof = made.policy->proofs.at(*made.proof);
    require(!proof.factors.empty(), "a proof asks something");
    for (const tenant::Factor factor : proof.factors) require(is(made.findings, factor, Finding::holds), "all factors of the proof hold");
    if (made.forward && !rules.drop_in)
        require(evidence_of_tenant(made.findings) == Finding::holds, "a forward has evidence of its tenant");
    if (!rules.contradictions_refuse) return;
    for (const decision::FactorFinding& found : made.findings)
        require(found.finding != Finding::contradicts, "a contradiction is never accepted");
}

void check_reply(const Decision& made) {
    require(made.reply.has_value() == (made.verdict != Verdict::accept), "a reply exactly where the message is not let through");
    if (!made.reply) return;
    const mail::Reply& reply = *made.reply;
    require(reply.code / 100 == (made.verdict == Verdict::reject ? 5 : 4), "the code is of the verdict's class");
    require(!reply.enhanced.empty() && reply.enhanced.front() == (made.verdict == Verdict::reject ? '5' : '4'), "so is the enhanced code");
    require(reply.text.size() <= mail::max_reply_text_octets, "the reply is short enough");
    for (const char c : reply.line()) require(c >= 0x20 && c < 0x7f, "the reply is one safe line");
}

void check_edits(const Decision& made, const evidence::Evidence& seen) {
    if (made.verdict != Verdict::accept) require(made.header_edits.empty(), "no edits of what is not let through");
    std::map<std::string, std::uint32_t> next;  // by name: what the next index must be below
    for (const mail::HeaderEdit& edit : made.header_edits) {
        require(edit.value.find('\r') == std::string::npos, "values are folded with LF");
        for (std::size_t at = edit.value.find('\n'); at != std::string::npos; at = edit.value.find('\n', at + 1))
            require(at + 1 < edit.value.size() && base::is_wsp(edit.value[at + 1]), "no value ends its field");
        if (edit.op != mail::EditOp::remove) continue;
        const auto [at, fresh] = next.try_emplace(base::lower(edit.name), UINT32_MAX);
        require(edit.index >= 1 && edit.index < at->second, "removals go from the highest index down");
        at->second = edit.index;
        (void)fresh;
    }
    if (made.verdict == Verdict::accept && seen.header.own_result_count > 0)
        require(next["x-exota-authentication-results"] == 1, "all fields that pose as ours are removed");
}

void check_monotony(const evidence::Evidence& seen, const Decision& made, const decision::Rules& rules) {
    if (!seen.verification.dkim || made.judged == Verdict::accept) return;
    for (std::size_t i = 0; i < seen.verification.dkim->size(); ++i) {
        if ((*seen.verification.dkim)[i].value != evidence::DkimResult::Value::pass) continue;
        evidence::Evidence less = seen;
        less.verification.dkim->erase(less.verification.dkim->begin() + static_cast<std::ptrdiff_t>(i));
        require(decide(less, &all_tenants(), rules).judged != Verdict::accept, "less evidence never accepts");
    }
}

void check_wanted(const evidence::Evidence& seen, const Decision& made, const decision::Rules& rules) {
    if (!seen.verification.dkim) return;
    evidence::Evidence unasked = seen;
    unasked.verification.dkim.reset();
    if (wanted(unasked, &all_tenants(), rules).dkim) return;
    require((decide(unasked, &all_tenants(), rules).judged == Verdict::accept) == (made.judged == Verdict::accept),
            "what is not wanted makes nothing acceptable or not");
}

/// What a decision comes to: all of it but which proof, and which missing factor, is named first.
std::string essence_of(const Decision& made) {
    std::string out;
    for (const std::string_view part :
         {name_of(made.verdict), name_of(made.judged), name_of(made.reason), tenant::name_of(made.mode), std::string_view(made.detail),
          std::string_view(made.author_domain), std::string_view(made.tenant_name)})
        out.append(part).append(1, '\n');
    for (const bool is : {made.forward, made.peer_proven, made.judged_at_all, made.quarantine, made.may_change, made.proof.has_value()})
        out += is ? 'y' : 'n';
    out += std::to_string(made.believed_field);
    for (const decision::FactorFinding& found : made.findings) {
        out.append(1, '\n').append(name_of(found.finding)).append(1, ' ').append(found.detail);
        out += found.would_contradict ? '!' : '.';
    }
    for (const mail::HeaderEdit& edit : made.header_edits)
        out.append(1, '\n').append(edit.name).append(std::to_string(edit.index)).append(1, ':').append(edit.value);
    return out;
}

/// Each proof by its set of factors: whether it holds, and how many of them are missing.
std::vector<std::pair<std::string, std::size_t>> weighed(const Decision& made, bool reversed) {
    std::vector<std::pair<std::string, std::size_t>> all;
    for (const decision::ProofOutcome& proof : made.proofs)
        all.emplace_back((reversed ? with_factors_reversed(proof.text) : proof.text) + (proof.holds ? " holds" : ""), proof.missing.size());
    if (reversed) std::ranges::reverse(all);
    return all;
}

void check_order(const evidence::Evidence& seen, const Decision& made, const decision::Rules& rules) {
    const Decision other = decide(seen, &all_tenants_reversed(), rules);
    require(essence_of(other) == essence_of(made), "the order of proofs and factors decides nothing");
    require(weighed(other, true) == weighed(made, false), "nor whether a proof holds and what it lacks");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Draw draw(data, size);
    const decision::Rules rules = rules_from(draw);
    const bool directory = !draw.one_in(16);
    const evidence::Evidence seen = evidence_from(draw);
    Decision made = decide(seen, directory ? &all_tenants() : nullptr, rules);
    require(directory || made.judged != Verdict::accept || !made.judged_at_all, "a dead directory authorises nobody");
    check_acceptance(made, rules);
    check_reply(made);
    check_edits(made, seen);
    if (directory) check_monotony(seen, made, rules);
    if (directory) check_wanted(seen, made, rules);
    if (directory) check_order(seen, made, rules);
    boost::system::error_code error;
    boost::json::parse(decision::to_json(made, seen), error);
    require(!error, "the JSON parses");
    require(decision::findings_text(made).find('\n') == std::string::npos, "findings are one line");
    if (made.reason == decision::Reason::authorised) {
        apply_limit(made, {.amount = 1}, std::nullopt, seen, rules);
        require(made.judged != Verdict::accept, "above a limit nothing is accepted");
        check_reply(made);
        check_edits(made, seen);
    }
    return 0;
}
