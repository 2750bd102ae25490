// Replies of our own form. The predecessor's are in drop_in.cc. A `%` is not doubled here: that is the milter writer's affair.
//
// Tested by reply_test.cc.
#include "decision/reply.h"

#include <algorithm>
#include <array>

#include "decision/findings.h"
#include "decision/proofs.h"

namespace exota::decision {
namespace {

using tenant::Factor;

/// What it means that a factor does not hold, for the sender's administrator. By tenant::Factor.
constexpr std::array<std::string_view, tenant::factor_count> what_is_missing{
    "the sending server is not proven to be Exchange Online",
    "the client address is none of Exchange Online",
    "no verified client certificate of Exchange Online",
    "no XOORG parameter of the tenant",
    "no X-OriginatorOrg field of the tenant",
    "no X-MS-Exchange-CrossTenant-Id field of the tenant",
    "no valid DKIM signature of the tenant",
    "no valid DKIM signature of the author domain",
    "DMARC does not pass by a DKIM signature",
    "SPF does not pass for a domain of the tenant",
    "no trusted ARC seal reports the message as authentic",
    "the message comes neither from a mailbox of the tenant nor from one of its connectors",
    "the message is none of Exchange's own (NDR, automatic reply, journal report, connector validation)",
    "no valid DKIM signature",
    "the author domain is not listed",
    "Exchange Online Protection does not say that the message was authentic when it came in",
};

/// RFC 7372 section 3 and RFC 8617 section 14.3, where one of their codes says it better than 5.7.1.
std::string_view enhanced_for(Factor missing, const Findings& findings) noexcept {
    const bool some_signature_passes = is(findings, Factor::dkim_any, Finding::holds);
    switch (missing) {
        case Factor::dkim:
            return some_signature_passes ? "5.7.21" : "5.7.20";
        case Factor::dkim_aligned:
            return some_signature_passes ? "5.7.22" : "5.7.20";
        case Factor::dkim_any:
            return "5.7.20";
        case Factor::spf:
            return "5.7.23";
        case Factor::dmarc:
            return "5.7.26";
        case Factor::arc:
            return "5.7.29";
        default:
            return "5.7.1";
    }
}

std::string join(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    std::string out;
    out.reserve(size);
    for (const auto part : parts) out += part;
    return out;
}

Explanation not_proven(const Decision& decision) {
    const ProofOutcome* closest = std::ranges::any_of(decision.proofs, &ProofOutcome::holds)
                                      ? nullptr
                                      : closest_proof(decision.proofs, decision.findings, Among::all);
    if (!closest) {
        if (decision.forward) return {"not-proven: a forward needs evidence of its tenant (tenant-id, xoorg, originator-org or dkim)"};
        return {"not-proven: the tenant has no proof that can hold"};
    }
    const Factor missing = closest->missing.front();
    return {join({"not-proven: ", name_of(missing), " is missing, ", what_is_missing[static_cast<std::size_t>(missing)]}),
            enhanced_for(missing, decision.findings)};
}

std::string could_not_be_checked(Factor factor) {
    if (factor == Factor::client_cert || factor == Factor::peer)
        return "unavailable: TLS without a verified client certificate (client-cert); does it lack the purpose clientAuth?";
    return join({"unavailable: ", name_of(factor), " could not be checked, try again later"});
}

Explanation not_available(const Decision& decision) {
    if (decision.detail == tenants_unanswered) return {"unavailable: not all that the message names could be looked up, try again later"};
    if (decision.detail == tenants_stale)
        return {"unavailable: no tenant is known, and new ones cannot be looked up at the moment, try again later"};
    if (decision.detail == limits_unknown) return {"unavailable: the limits of the tenant could not be counted, try again later"};
    if (!decision.tenant) {
        const bool certificate = is(decision.findings, Factor::client_cert, Finding::unavailable) && !decision.author_domain.empty();
        if (certificate && decision.forward) return {could_not_be_checked(Factor::client_cert)};
        return {"unavailable: the tenants cannot be looked up at the moment, try again later"};
    }
    for (const Factor factor : {Factor::tenant_id, Factor::xoorg, Factor::originator_org, Factor::hosted})
        if (finding_of(decision.findings, factor).would_contradict)
            return {join(
                {"unavailable: ", name_of(factor), " names another tenant, and whether Exchange Online says so could not be checked"})};
    if (const ProofOutcome* closest = closest_proof(decision.proofs, decision.findings, Among::undecided))
        return {could_not_be_checked(closest->missing.front())};
    return {"unavailable: the evidence of a forward could not be checked, try again later"};
}

/// What is wrong with the value that contradicts, from the finding's detail.
std::string_view what_contradicts(std::string_view detail) noexcept {
    if (detail == "different-values") return " occurs with two different values";
    if (detail == "malformed") return " is malformed, so it is none of the tenant that may use this domain";
    return " does not belong to the tenant that may use this domain";
}

Explanation contradiction(const Decision& decision) {
    for (const Factor factor : {Factor::tenant_id, Factor::xoorg, Factor::originator_org, Factor::hosted})
        if (is(decision.findings, factor, Finding::contradicts) && decision.tenant)
            return {join({"contradiction: ", name_of(factor), what_contradicts(finding_of(decision.findings, factor).detail)})};
    return {"contradiction: the evidence of a forward names two tenants"};
}

}  // namespace

Explanation explain_refusal(const Decision& decision) {
    switch (decision.reason) {
        case Reason::authorised:
            return {"authorised"};
        case Reason::bypassed:
            return {"bypassed: the client is not judged"};
        case Reason::too_complex:
            return {"too-complex: the message is over a limit on its header"};
        case Reason::from_missing:
            return {"from-missing: the message has no From field"};
        case Reason::from_ambiguous:
            return {"from-ambiguous: the message has no single unambiguous author in From"};
        case Reason::unavailable:
            return not_available(decision);
        case Reason::no_policy:
            return {"no-policy: no tenant may use this domain here"};
        case Reason::forwarding_not_allowed:
            if (decision.detail == customer_subdomain)
                return {"forwarding-not-allowed: customer-subdomain, the domain belongs to a customer but is not listed"};
            if (decision.detail == neighbours_unknown)
                return {"forwarding-not-allowed: a forward needs evidence of its author (dkim-aligned or arc) here"};
            return {"forwarding-not-allowed: the tenant may not send as domains that are not its own"};
        case Reason::contradiction:
            return contradiction(decision);
        case Reason::not_proven:
            return not_proven(decision);
        case Reason::limit_exceeded:
            if (decision.judged != Verdict::tempfail) return {"limit-exceeded: the tenant sent too much"};
            if (!decision.again) return {"limit-exceeded: the tenant sent too much, try again later"};
            return {"limit-exceeded: the tenant sent too much, again possible in " + std::to_string(decision.again->count()) + " s"};
        case Reason::passed:
        case Reason::client_blocked:
        case Reason::client_listed:
        case Reason::no_reverse_name:
        case Reason::recipient_foreign:
        case Reason::recipient_unknown:
        case Reason::too_many_unknown:
        case Reason::dmarc_failed:
        case Reason::own_domain:
        case Reason::eop_verdict:
            break;  // an inbound door says more (inbound_reply.h)
    }
    return {std::string(name_of(decision.reason))};
}

std::string fill_template(std::string_view pattern, std::string_view text, std::string_view reason, std::string_view domain,
                          std::string_view queue_id) {
    struct Placeholder {
        std::string_view name, value;
    };
    const std::array<Placeholder, 4> placeholders{{{"{text}", text}, {"{reason}", reason}, {"{domain}", domain}, {"{queue_id}", queue_id}}};
    std::string out;
    out.reserve(pattern.size() + text.size() + domain.size() + queue_id.size());
    while (!pattern.empty()) {
        const auto placeholder =
            std::ranges::find_if(placeholders, [pattern](const Placeholder& p) { return pattern.starts_with(p.name); });
        if (placeholder != placeholders.end()) {
            out += placeholder->value;
            pattern.remove_prefix(placeholder->name.size());
        } else {
            out += pattern.front();
            pattern.remove_prefix(1);
        }
    }
    return out;
}

void render_reply(Decision& decision, const Explanation& explanation, const evidence::Evidence& evidence, const Rules& rules) {
    decision.reply.reset();
    if (decision.verdict == Verdict::accept) return;
    const bool refused = decision.verdict == Verdict::reject;
    mail::Reply& reply = decision.reply.emplace();
    if (refused) {
        reply.code = 550;
        reply.enhanced = explanation.enhanced;
    } else {
        const bool limited = decision.reason == Reason::limit_exceeded && decision.judged == Verdict::tempfail;
        const bool has_own_code = explanation.code != 0 && decision.judged == Verdict::tempfail;
        reply.code = has_own_code ? explanation.code : limited ? 452 : rules.reply.tempfail_code;
        reply.enhanced = has_own_code ? explanation.enhanced_for_now : "4.7.1";  // the codes of RFC 7372 are for refusals
    }
    if (explanation.whole_line) {
        reply.text = mail::safe_reply_text(explanation.text);
        return;
    }
    const std::string_view domain = decision.author_domain.empty() ? std::string_view("none") : std::string_view(decision.author_domain);
    const std::string_view queue_id =
        evidence.envelope.queue_id.empty() ? std::string_view("none") : std::string_view(evidence.envelope.queue_id);
    const std::string& pattern = refused ? rules.reply.reject : rules.reply.tempfail;
    reply.text = mail::safe_reply_text(fill_template(pattern, explanation.text, name_of(decision.reason), domain, queue_id));
}

}  // namespace exota::decision
