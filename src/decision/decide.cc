// The judgement, top to bottom. Each step is a file of its own; here is only their order, which is that of docs/reference/decision.md.
//
// Tested by decide_test.cc, refuse_at_mail_test.cc, looked_up_test.cc, contradiction_test.cc, every_outcome_test.cc, forgery_test.cc,
// tests/cases and fuzz/decide_fuzz.cc.
#include "decision/decide.h"

#include <algorithm>

#include "decision/drop_in.h"
#include "decision/header_edits.h"
#include "decision/judgement.h"
#include "decision/mode.h"
#include "decision/proofs.h"
#include "decision/reply.h"
#include "decision/three_valued.h"
#include "evidence/author.h"

namespace exota::decision {
namespace {

using tenant::Factor;

void set(Decision& decision, Verdict judged, Reason reason) noexcept {
    decision.judged = judged;
    decision.reason = reason;
}

void set_subject(Decision& decision, const Subject& subject, const tenant::Index& tenants) {
    decision.tenant = subject.tenant;
    decision.policy = subject.policy;
    if (subject.tenant) decision.tenant_name = tenants.name(*subject.tenant);
}

/// What stands before any tenant is looked for (too-complex, from-*, a dead directory), in this order.
bool refused_beforehand(Decision& decision, const Case& message) {
    // The log says which limit, or what is odd about From; the reply does not.
    if (!message.evidence.too_complex.empty()) {
        set(decision, Verdict::reject, Reason::too_complex);
        decision.why = "too-complex: " + message.evidence.too_complex;
    } else if (!message.author) {
        const auto& author = message.evidence.header.author;
        const bool missing = std::holds_alternative<evidence::Absent>(author);
        set(decision, Verdict::reject, missing ? Reason::from_missing : Reason::from_ambiguous);
        if (!missing) decision.why = "from-ambiguous: " + std::string(why_no_author(author));
    } else if (!message.tenants) {
        set(decision, Verdict::tempfail, Reason::unavailable);
    } else {
        return false;
    }
    return true;
}

/// Step 3 gave no tenant to judge by.
void refuse_selection(Decision& decision, Selection::Outcome outcome) noexcept {
    switch (outcome) {
        case Selection::Outcome::found:
            break;
        case Selection::Outcome::no_policy:
            set(decision, Verdict::reject, Reason::no_policy);
            break;
        case Selection::Outcome::forwarding_not_allowed:
            set(decision, Verdict::reject, Reason::forwarding_not_allowed);
            break;
        case Selection::Outcome::names_differ:
            set(decision, Verdict::reject, Reason::contradiction);
            break;
        case Selection::Outcome::undecided:
            set(decision, Verdict::tempfail, Reason::unavailable);
            break;
    }
}

/// Step 6. `also` must hold besides some proof.
void weigh_evidence(Decision& decision, Finding also) {
    const Weighed weighed = weigh(decision.proofs, decision.findings, also);
    decision.proof = weighed.proof;
    switch (weighed.verdict) {
        case Verdict::accept:
            set(decision, Verdict::accept, Reason::authorised);
            break;
        case Verdict::tempfail:
            set(decision, Verdict::tempfail, Reason::unavailable);
            break;
        case Verdict::reject:
            set(decision, Verdict::reject, Reason::not_proven);
            break;
    }
}

/// Step 3, between two customers: proven evidence speaks against the author's tenant. If it speaks for another that may forward, and the
/// author's own signature does or may count, the message is judged anew as that one's forward.
/// @return  unavailable: whose message it is, that signature has yet to tell, so the stricter reading of the mode holds. Else holds.
Finding turn_to_forwarder(Selection& selection, Decision& decision, const Examination& examination) {
    const Finding aligned = finding_of(decision.findings, Factor::dkim_aligned).finding;
    auto other = select_forwarder(examination.message, examination.named, examination.peer.belief);
    if (!other || (aligned != Finding::holds && aligned != Finding::unavailable)) return Finding::holds;
    if (aligned == Finding::unavailable) other->own_mode = false;
    selection = *std::move(other);
    examination.examine(selection.subject, decision.findings);
    return aligned;
}

/// Step 3, a forward whose author is, or may be, of another customer: that needs the author's own word. Without it the selection is that no
/// forward is allowed.
/// @return  what the author's evidence says; holds where none is asked for.
Finding ask_author_of_forward(Selection& selection, Decision& decision, const Case& message) {
    const std::string_view doubt = doubt_of_foreign_author(message, selection.subject);
    if (doubt.empty()) return Finding::holds;
    const Finding evidence = evidence_of_author(decision.findings);
    if (evidence == Finding::absent) {
        selection.outcome = Selection::Outcome::forwarding_not_allowed;
        decision.detail = doubt;
    }
    return evidence;
}

/// Steps 2 to 6; leaves verdict, reply and header to finish().
void judge(Decision& decision, const Examination& examination, const Rules& rules) {
    const Case& message = examination.message;
    decision.believed_field = examination.dkim.reported.field;

    // 2. Which author domain?
    if (refused_beforehand(decision, message)) {
        examination.examine({}, decision.findings);
        if (message.author_coverage) {  // too complex, but whose author it has is certain, and so whose mode counts
            const Subject author_tenant{message.author_coverage->tenant, message.author_coverage->policy};
            set_subject(decision, author_tenant, *message.tenants);
            decision.mode = effective_mode(author_tenant.policy, rules);
        }
        return;
    }

    // 3. Which tenant?
    Selection selection = select_tenant(message, examination.named, examination.peer.belief);
    // 4. Findings.
    examination.examine(selection.subject, decision.findings);

    Finding foreign_author = Finding::holds;
    Finding author_of_customer = Finding::holds;
    if (selection.outcome == Selection::Outcome::found) {
        if (rules.contradictions_refuse && is_contradicted(decision.findings))
            foreign_author = turn_to_forwarder(selection, decision, examination);
        if (selection.forward && !rules.drop_in) author_of_customer = ask_author_of_forward(selection, decision, message);
    }

    set_subject(decision, selection.subject, *message.tenants);
    decision.forward = selection.forward;
    decision.mode = effective_mode(selection.own_mode ? selection.subject.policy : nullptr, rules);
    if (foreign_author == Finding::unavailable) decision.mode = effective_mode(message.author_coverage->policy, rules);
    decision.may_change = foreign_author == Finding::unavailable || author_of_customer == Finding::unavailable;
    if (selection.subject.policy) decision.proofs = weigh_proofs(selection.subject.policy->proofs, decision.findings);
    if (selection.outcome != Selection::Outcome::found) return refuse_selection(decision, selection.outcome);

    // 5. Contradiction refuses, whatever else holds.
    if (rules.contradictions_refuse && is_contradicted(decision.findings)) return set(decision, Verdict::reject, Reason::contradiction);

    // Nothing is accepted against a value that would contradict if its writer could be told.
    if (rules.contradictions_refuse && may_be_contradicted(decision.findings)) return set(decision, Verdict::tempfail, Reason::unavailable);

    // 6. Proof. The predecessor asks nothing more of a forward than of other mail.
    const bool names_its_tenant = !decision.forward || rules.drop_in;
    weigh_evidence(decision, both_of(names_its_tenant ? Finding::holds : evidence_of_tenant(decision.findings),
                                     both_of(foreign_author, author_of_customer)));
}

/// The header firewall cannot remove what the collector could not keep, so nothing lets such a message through: no mode, no bypass.
bool must_not_pass(const evidence::Evidence& evidence, const Rules& rules) noexcept {
    return rules.header_firewall && evidence.header.firewall_incomplete;
}

/// Steps 8 and 9 and the reply: everything that follows from what was judged.
void finish(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    const bool passes_never = must_not_pass(evidence, rules);
    if (passes_never) {
        set(decision, Verdict::reject, Reason::too_complex);
        decision.mode = tenant::Mode::enforce;
    }
    const bool is_open = decision.may_change || decision.judged == Verdict::tempfail;
    const bool as_predecessor = rules.drop_in && decision.judged != Verdict::accept;
    Explanation explanation = as_predecessor ? explain_as_predecessor(decision, evidence, rules) : explain_refusal(decision);
    // explain_as_predecessor() may have judged anew: the message is open while either judgement is.
    decision.may_change = !passes_never && (is_open || decision.judged == Verdict::tempfail);
    soften(decision);
    if (decision.why.empty()) {
        decision.why = explanation.text;
        if (!decision.author_domain.empty() && !explanation.whole_line) {
            decision.why += " (";
            decision.why += decision.author_domain;
            decision.why += ')';
        }
    }
    render_reply(decision, explanation, evidence, rules);
    render_header_edits(decision, evidence, rules);
}

void decide_by(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, Decision& decision) {
    decision.mode = effective_mode(nullptr, rules);

    if (const mail::Mailbox* const author = value_of(evidence.header.author)) {
        decision.author_domain = author->domain.text();
        decision.author_address = author->text();
    }
    Peer peer = examine_peer(evidence.session, rules);
    decision.peer_proven = peer.peer.finding == Finding::holds;

    // 1. Whose session?
    if (is_bypassed(evidence.session, rules)) {
        decision.judged_at_all = false;
        set(decision, Verdict::accept, Reason::bypassed);
    } else {
        judge(decision, Examination(evidence, tenants, rules, std::move(peer)), rules);
    }
    finish(decision, evidence, rules);
}

/// The same message, if other names were other tenants'.
bool is_authorised_alike(const Decision& decision, const evidence::Evidence& evidence, const tenant::Index& tenants, const Rules& rules) {
    Decision other;
    decide_by(evidence, &tenants, rules, other);
    return other.reason == Reason::authorised && other.tenant_name == decision.tenant_name && other.forward == decision.forward;
}

/// The source of the tenants cannot be asked for every kind of name. That counts against a forward.
void allow_for_what_is_not_asked(Decision& decision, const evidence::Evidence& evidence, const tenant::Index& at_worst,
                                 const Rules& rules) {
    if (decision.reason != Reason::authorised || !decision.forward || rules.drop_in) return;
    if (is_authorised_alike(decision, evidence, at_worst, rules)) return;
    set(decision, Verdict::reject, Reason::forwarding_not_allowed);
    decision.detail = neighbours_unknown;
    decision.proof.reset();
    decision.why.clear();
    finish(decision, evidence, rules);
}

/// Some of the names that were asked for got no answer. What is accepted though all of these be another tenant's is accepted; nothing that
/// an answer could turn is refused for good.
void allow_for_what_is_not_answered(Decision& decision, const evidence::Evidence& evidence, const tenant::Index& at_worst,
                                    const Rules& rules) {
    switch (decision.reason) {
        case Reason::bypassed:
        case Reason::too_complex:
        case Reason::from_missing:
        case Reason::from_ambiguous:
        case Reason::unavailable:
            return;
        case Reason::authorised:
            if (is_authorised_alike(decision, evidence, at_worst, rules)) return;
            break;
        case Reason::no_policy:
        case Reason::forwarding_not_allowed:
        case Reason::contradiction:
        case Reason::not_proven:
        case Reason::limit_exceeded:
            break;
        case Reason::passed:  // and what follows: of an inbound door, which is judged elsewhere
        case Reason::client_blocked:
        case Reason::client_listed:
        case Reason::no_reverse_name:
        case Reason::recipient_foreign:
        case Reason::recipient_unknown:
        case Reason::too_many_unknown:
        case Reason::dmarc_failed:
        case Reason::own_domain:
        case Reason::eop_verdict:
            break;
    }
    // Whether the mode is this tenant's to say may hang on the answer, too: the stricter reading.
    decision.mode = std::min(decision.mode, effective_mode(nullptr, rules));
    set(decision, Verdict::tempfail, Reason::unavailable);
    decision.detail = tenants_unanswered;
    decision.proof.reset();
    decision.why.clear();
    finish(decision, evidence, rules);
}

}  // namespace

Decision decide(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    Decision decision;
    decide(evidence, tenants, rules, decision);
    return decision;
}

void decide(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, Decision& decision) {
    decide_by(evidence, tenants, rules, decision);
    if (!tenants) return;
    if (const auto* at_worst = tenants->at_worst_for_a_forward()) allow_for_what_is_not_asked(decision, evidence, *at_worst, rules);
    if (const auto* at_worst = tenants->at_worst()) allow_for_what_is_not_answered(decision, evidence, *at_worst, rules);
}

std::optional<Decision> refuse_at_mail(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    if (!rules.contradictions_refuse) return {};  // then an organisation of nobody speaks against nothing
    const mail::Domain* organization = value_of(evidence.envelope.xoorg);
    if (organization == nullptr || tenants == nullptr || tenants->tenant_count() == 0 || !tenants->all_have_organizations()) return {};
    const tenant::Mode mode = effective_mode(nullptr, rules);
    if ((mode != tenant::Mode::enforce && mode != tenant::Mode::defer) || tenants->mildest_mode() > mode || rules.drop_in) return {};
    if (!evidence.too_complex.empty() || is_bypassed(evidence.session, rules)) return {};
    if (tenants->with_organization(organization->text()) || tenants->covering(organization->text())) return {};
    Peer peer = examine_peer(evidence.session, rules);
    if (peer.belief != Belief::proven) return {};

    Decision decision;
    decision.mode = mode;
    decision.peer_proven = true;
    decision.why = "no-policy: no tenant has the organisation " + organization->text();
    set(decision, Verdict::reject, Reason::no_policy);
    Examination(evidence, tenants, rules, std::move(peer)).examine({}, decision.findings);
    finish(decision, evidence, rules);
    return decision;
}

void apply_limit(Decision& decision, const tenant::Limit& passed, std::optional<std::chrono::seconds> again,
                 const evidence::Evidence& evidence, const Rules& rules) {
    const bool refuse = decision.policy && decision.policy->limit_action == tenant::LimitAction::reject;
    set(decision, refuse ? Verdict::reject : Verdict::tempfail, Reason::limit_exceeded);
    decision.proof.reset();
    decision.why = "limit-exceeded: more than " + passed.text() + " (" + decision.author_domain + ")";
    decision.again = again;
    finish(decision, evidence, rules);
}

void defer_uncounted(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    set(decision, Verdict::tempfail, Reason::unavailable);
    decision.detail = limits_unknown;
    decision.proof.reset();
    decision.why.clear();
    finish(decision, evidence, rules);
}

void defer_unfound(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    if (decision.reason != Reason::no_policy) return;
    set(decision, Verdict::tempfail, Reason::unavailable);
    decision.detail = tenants_stale;
    decision.why.clear();
    finish(decision, evidence, rules);
}

void refuse_without_hold_queue(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    if (!decision.quarantine) return;
    decision.quarantine = false;
    decision.verdict = Verdict::tempfail;  // never into the mailbox for want of a hold queue
    Explanation explanation = explain_refusal(decision);
    explanation.text += no_hold_queue;
    render_reply(decision, explanation, evidence, rules);
    render_header_edits(decision, evidence, rules);
}

}  // namespace exota::decision
