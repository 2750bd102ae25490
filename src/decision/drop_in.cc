// The predecessor asks one check after the other and the first that fails speaks; we examine everything and then look for that check. Its
// texts are matched by operators' scripts, so they stay as they are, odd spellings included.
//
// Tested by drop_in_test.cc.
#include "decision/drop_in.h"

#include <utility>

#include "decision/findings.h"
#include "decision/select_tenant.h"

namespace exota::decision {
namespace {

using tenant::Factor;

/// The check that fails: its verdict, our reason for it, its text (empty: the predecessor gives none).
struct Failed {
    Verdict verdict;
    Reason reason;
    std::string text;
};

/// What a factor that does not hold amounts to.
Verdict verdict_of(Finding finding) noexcept { return finding == Finding::unavailable ? Verdict::tempfail : Verdict::reject; }
Reason reason_of(Finding finding) noexcept { return finding == Finding::unavailable ? Reason::unavailable : Reason::not_proven; }

std::optional<Failed> certificate_check(const Decision& decision, const evidence::Evidence& evidence) {
    const FactorFinding& found = finding_of(decision.findings, Factor::client_cert);
    if (found.finding == Finding::holds) return std::nullopt;
    const std::string* name = value_of(evidence.session.tls.certificate_name);
    std::string text = name ? "Untrusted x509 client CN: " + *name : "No trusted x509 client CN found";
    return Failed{verdict_of(found.finding), reason_of(found.finding), std::move(text)};
}

Failed no_policy(const Decision& decision, const evidence::Evidence& evidence) {
    const auto resent_from = last_resent_from(evidence.header);
    return {Verdict::reject, Reason::no_policy,
            resent_from ? "No policy for 5322.resent_from_domain " + resent_from->domain.text()
                        : "No policy for 5322.from_domain " + decision.author_domain};
}

std::optional<Failed> tenant_id_check(const Decision& decision, const evidence::Evidence& evidence) {
    const FactorFinding& found = finding_of(decision.findings, Factor::tenant_id);
    if (found.finding == Finding::holds) return std::nullopt;
    const bool seen = !std::holds_alternative<evidence::Absent>(evidence.header.tenant_id);
    return Failed{verdict_of(found.finding), reason_of(found.finding), seen ? "No policy match for tenant-id" : "Tenant-ID is missing!"};
}

std::optional<Failed> dkim_check(const Decision& decision, const DropIn& drop_in) {
    const bool aligned = drop_in.dkim_alignment_required && decision.policy && decision.policy->v1_dkim_alignment_required;
    const Finding asked = finding_of(decision.findings, aligned ? Factor::dkim_aligned : Factor::dkim_any).finding;
    if (asked == Finding::holds) return std::nullopt;
    const bool some_signature_passes = is(decision.findings, Factor::dkim_any, Finding::holds);
    return Failed{verdict_of(asked), reason_of(asked),
                  some_signature_passes ? "DKIM alignment required!" : "No valid DKIM authentication results found"};
}

bool asks_dkim(const Decision& decision, const DropIn& drop_in) noexcept {
    return drop_in.dkim && decision.policy && decision.policy->v1_dkim_enabled;
}

Failed first_failed_check(const Decision& decision, const evidence::Evidence& evidence, const DropIn& drop_in) {
    if (decision.reason == Reason::too_complex) return {decision.judged, decision.reason, "Message header over a limit"};
    if (decision.reason == Reason::from_ambiguous) return {decision.judged, decision.reason, {}};
    if (drop_in.x509)
        if (auto failed = certificate_check(decision, evidence)) return *std::move(failed);
    if (decision.reason == Reason::from_missing) return {decision.judged, decision.reason, "5322.from header missing"};
    if (drop_in.tenant_id_required && std::holds_alternative<evidence::Conflicting>(evidence.header.tenant_id))
        return {Verdict::reject, Reason::contradiction, "Multiple/different tenant-ID headers found!"};
    if (decision.reason == Reason::no_policy) return no_policy(decision, evidence);
    if (!decision.policy || decision.detail == tenants_unanswered)
        return {Verdict::tempfail, Reason::unavailable, "Policy backend problem"};
    if (drop_in.tenant_id_required)
        if (auto failed = tenant_id_check(decision, evidence)) return *std::move(failed);
    if (asks_dkim(decision, drop_in))
        if (auto failed = dkim_check(decision, drop_in)) return *std::move(failed);
    return {decision.judged, decision.reason, std::string(name_of(decision.reason))};  // a check that the predecessor did not have
}

std::string_view boolean(bool value) noexcept { return value ? "True" : "False"; }

}  // namespace

Explanation explain_as_predecessor(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    const DropIn& drop_in = *rules.drop_in;
    const Failed failed = first_failed_check(decision, evidence, drop_in);
    decision.judged = failed.verdict;
    decision.reason = failed.reason;
    Explanation explanation;
    explanation.whole_line = true;
    explanation.text = "queue_id: ";
    explanation.text += evidence.envelope.queue_id.empty() ? "None" : evidence.envelope.queue_id;
    explanation.text += " - ";
    explanation.text += failed.verdict == Verdict::tempfail ? drop_in.tempfail_message : drop_in.reject_message;
    if (!failed.text.empty()) {
        explanation.text += " - reason: ";
        explanation.text += failed.text;
    }
    return explanation;
}

std::string predecessor_result(const Decision& decision, const DropIn& drop_in) {
    const bool dkim_enabled = decision.policy && decision.policy->v1_dkim_enabled;
    const bool aligned = asks_dkim(decision, drop_in) && is(decision.findings, Factor::dkim_aligned, Finding::holds);
    std::string out = "auth=pass 5322_from_domain=";
    out += decision.author_domain;
    out += " dkim=";
    out += boolean(dkim_enabled);
    out += " dkim_aligned=";
    out += boolean(aligned);
    out += " x509_client_trust=";
    out += boolean(drop_in.x509);
    out += " forwarded=";
    out += boolean(decision.forward);
    return out;
}

}  // namespace exota::decision
