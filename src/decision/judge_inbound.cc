// The order of the steps; each is a file of its own.
#include "decision/judge_inbound.h"

#include <utility>

#include "decision/author_step.h"
#include "decision/eop.h"
#include "decision/header_edits.h"
#include "decision/inbound_reply.h"
#include "decision/judgement.h"
#include "decision/keys.h"
#include "decision/recipient_step.h"
#include "decision/reply.h"
#include "evidence/author.h"

namespace exota::decision {
namespace {

using tenant::Factor;

// --- 2. The client --------------------------------------------------------------------------------------------------------------------

std::optional<Refusal> examine_client(const evidence::Session& session, const Rules& rules, const ClientStanding& client) {
    using enum ClientStanding::Is;
    // One that cannot be read, or is two, is nobody's whom a list could know; without one the client is local.
    if (value_of(session.client.address) == nullptr && !std::holds_alternative<evidence::Absent>(session.client.address))
        return Refusal{.judged = Verdict::tempfail,
                       .reason = Reason::unavailable,
                       .explanation = {.text = "The client's address is not clear, try again later", .whole_line = true}};
    if (client.is == passes || client.is == allowed) return std::nullopt;
    if (client.is == listed && is_trusted_client(session, rules)) return std::nullopt;  // nobody is asked about it, whoever answered
    return client_refused(session, client, *rules.inbound);
}

// --- 4. The message -------------------------------------------------------------------------------------------------------------------

struct Beforehand {
    Verdict judged;
    Reason reason;
    std::string why;  // for the log; empty: as the reply says
};
std::optional<Beforehand> examine_message(const Case& message) {
    if (!message.evidence.too_complex.empty())
        return Beforehand{Verdict::reject, Reason::too_complex, "too-complex: " + message.evidence.too_complex};
    if (!message.author) {
        const auto& author = message.evidence.header.author;
        if (std::holds_alternative<evidence::Absent>(author)) return Beforehand{Verdict::reject, Reason::from_missing, {}};
        return Beforehand{Verdict::reject, Reason::from_ambiguous, "from-ambiguous: " + std::string(why_no_author(author))};
    }
    if (!message.tenants) return Beforehand{Verdict::tempfail, Reason::unavailable, {}};
    return std::nullopt;
}

// --- 5. The hand-over -----------------------------------------------------------------------------------------------------------------

/// @param findings  of the tenant that the claims name.
EopStanding examine_handover(const Examination& examination, Findings& findings) {
    const Case& message = examination.message;
    const auto tenant = examination.named.first();
    EopStanding standing;
    standing.why = "no-results";
    if (!message.evidence.header.eop || !tenant || message.rules.inbound->eop.results == EopUse::ignore) return standing;
    const Subject subject{tenant, &message.tenants->policy(*tenant)};
    examination.examine(subject, findings);
    standing = eop_standing(message, subject, examination.named, examination.peer, findings);
    if (standing.counts != Finding::absent && !covers_every_recipient(message, *tenant)) {
        standing.counts = Finding::absent;
        standing.why = "other-recipients";
    }
    standing.tenant = tenant;
    return standing;
}

Subject author_subject(const Case& message) noexcept {
    if (!message.author_coverage) return {};
    return {message.author_coverage->tenant, message.author_coverage->policy};
}

Examination examination_of(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    Examination examination(evidence, tenants, rules, examine_peer(evidence.session, rules));
    examination.dkim = verified_dkim(evidence);  // whatever relay doors read
    return examination;
}

// --- All of it ------------------------------------------------------------------------------------------------------------------------

void set(Decision& decision, Verdict judged, Reason reason) noexcept {
    decision.judged = judged;
    decision.reason = reason;
}

void set_tenant(Decision& decision, const Subject& subject, const tenant::Index& tenants) {
    if (!subject.tenant) return;
    decision.tenant = subject.tenant;
    decision.policy = subject.policy;
    decision.tenant_name = tenants.name(*subject.tenant);
}

void set_action(Decision& decision, Action action, std::string_view setting, Reason reason) {
    decision.inbound->action = action;
    decision.inbound->setting = setting;
    const Verdict judged = action == Action::reject ? Verdict::reject : action == Action::tempfail ? Verdict::tempfail : Verdict::accept;
    set(decision, judged, reason);
}

void refuse(Decision& decision, Refusal refusal) {
    decision.inbound->action = refusal.judged == Verdict::reject ? Action::reject : Action::tempfail;
    set(decision, refusal.judged, refusal.reason);
    decision.inbound->explanation = std::move(refusal.explanation);
}

/// Steps 2 to 6; leaves verdict, reply and header to finish().
void judge(Decision& decision, const Examination& examination, const InboundFacts& facts) {
    const Case& message = examination.message;
    const InboundRules& rules = *message.rules.inbound;
    InboundOutcome& outcome = *decision.inbound;
    const Subject author = author_subject(message);
    const auto refuse_beforehand = [&](Refusal refusal) {
        examination.examine(author, decision.findings);
        refuse(decision, std::move(refusal));
    };

    // 2. The client.
    if (auto refusal = examine_client(message.evidence.session, message.rules, facts.client)) return refuse_beforehand(*std::move(refusal));
    // 3. The recipients.
    if (auto refusal = examine_recipients(message.evidence.envelope, facts, message.tenants, message.rules))
        return refuse_beforehand(*std::move(refusal));
    // 4. The message.
    if (auto beforehand = examine_message(message)) {
        examination.examine(author, decision.findings);
        outcome.action = beforehand->judged == Verdict::reject ? Action::reject : Action::tempfail;
        set(decision, beforehand->judged, beforehand->reason);
        outcome.explanation = explain_refusal(decision);
        decision.why = std::move(beforehand->why);
        return;
    }

    // 5. The hand-over.
    const EopStanding standing = examine_handover(examination, decision.findings);
    if (standing.counts != Finding::absent) {
        set_tenant(decision, {standing.tenant, &message.tenants->policy(*standing.tenant)}, *message.tenants);
        if (standing.counts == Finding::unavailable) {
            outcome.handover_unknown = true;
            set_action(decision, Action::tempfail, {}, Reason::unavailable);
        } else {
            const evidence::EopReading eop = reading_of(*message.evidence.header.eop);
            const EopVerdict verdict = eop_verdict(eop, rules.eop);
            outcome.handed_over = true;
            outcome.compauth = eop_compauth(eop);
            set_action(decision, verdict.action, verdict.setting,
                       verdict.action == Action::none              ? Reason::passed
                       : verdict.setting == eop_own_domain_setting ? Reason::own_domain
                                                                   : Reason::eop_verdict);
            if (rules.eop.results == EopUse::report) decision.mode = tenant::Mode::monitor;
        }
        outcome.explanation = explain_author(decision);
        return;
    }

    // 6. The author.
    set_tenant(decision, author, *message.tenants);
    examination.examine(author, decision.findings);
    const AuthorVerdict verdict = judge_author(examination, decision.findings);
    outcome.compauth = verdict.compauth;
    set_action(decision, verdict.action, verdict.setting, verdict.reason);
    outcome.explanation = explain_author(decision);
    decision.may_change = verdict.compauth.row > row::proven;  // what the rows up to it go by cannot be taken back
}

/// What becomes of it under the mode.
void soften(Decision& decision) noexcept {
    const bool monitored = decision.mode == tenant::Mode::monitor;
    const bool refused = decision.judged != Verdict::accept;
    InboundOutcome& outcome = *decision.inbound;
    decision.verdict = decision.judged;
    decision.quarantine = !monitored && outcome.action == Action::hold;
    outcome.marked = !monitored && outcome.action == Action::mark;
    if (!refused) return;
    if (decision.mode == tenant::Mode::defer) decision.verdict = Verdict::tempfail;
    if (decision.mode == tenant::Mode::quarantine || monitored) decision.verdict = Verdict::accept;
    decision.quarantine = decision.mode == tenant::Mode::quarantine;
}

void finish(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    if (rules.header_firewall && evidence.header.firewall_incomplete) {  // as decide(): nothing lets it through
        set(decision, Verdict::reject, Reason::too_complex);
        decision.inbound->action = Action::reject;
        decision.inbound->explanation = explain_refusal(decision);
        decision.mode = tenant::Mode::enforce;
        decision.may_change = false;
    }
    soften(decision);
    const Explanation& explanation = decision.inbound->explanation;
    if (decision.why.empty()) {
        decision.why.append(name_of(decision.reason));
        if (decision.reason != Reason::passed && decision.reason != Reason::bypassed) decision.why.append(": ").append(explanation.text);
        if (!decision.author_domain.empty()) decision.why.append(" (").append(decision.author_domain).append(")");
    }
    render_reply(decision, explanation, evidence, rules);
    render_header_edits(decision, evidence, rules);
}

/// A refusal of steps 2 or 3 while there is no message, and what the mode makes of it.
Decision refuse_early(const evidence::Session& session, const tenant::Index* tenants, const Rules& rules, Refusal refusal) {
    evidence::Evidence evidence;
    evidence.session = session;
    Decision decision;
    decision.inbound.emplace();
    decision.mode = inbound_mode(rules);
    const Examination examination = examination_of(evidence, tenants, rules);
    decision.peer_proven = examination.peer.peer.finding == Finding::holds;
    examination.examine({}, decision.findings);
    refuse(decision, std::move(refusal));
    finish(decision, evidence, rules);
    return decision;
}

/// The whole judgement by these tenants, whether or not all were asked for.
void judge_by(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts,
              Decision& decision) {
    decision.inbound.emplace();
    decision.mode = inbound_mode(rules);
    if (const mail::Mailbox* const author = value_of(evidence.header.author)) {
        decision.author_domain = author->domain.text();
        decision.author_address = author->text();
    }
    // 1. Whose session?
    if (is_bypassed(evidence.session, rules)) {
        decision.peer_proven = examine_peer(evidence.session, rules).peer.finding == Finding::holds;
        decision.judged_at_all = false;
        set(decision, Verdict::accept, Reason::bypassed);
    } else {
        const Examination examination = examination_of(evidence, tenants, rules);
        decision.peer_proven = examination.peer.peer.finding == Finding::holds;
        judge(decision, examination, facts);
    }
    finish(decision, evidence, rules);
}

/// Puts off what was judged otherwise.
void defer(Decision& decision, std::string_view detail, const evidence::Evidence& evidence, const Rules& rules) {
    decision.mode = inbound_mode(rules);
    InboundOutcome& outcome = *decision.inbound;
    outcome = {};
    set_action(decision, Action::tempfail, {}, Reason::unavailable);
    decision.detail = detail;
    decision.why.clear();
    outcome.explanation = explain_author(decision);
    finish(decision, evidence, rules);
}

/// It passes alike, whoever has the names that got no answer.
bool passes_alike(const Decision& decision, const evidence::Evidence& evidence, const tenant::Index& at_worst, const Rules& rules,
                  const InboundFacts& facts) {
    const InboundOutcome& outcome = *decision.inbound;
    if (decision.reason != Reason::passed) return false;  // refused, marked or held: an answer might prove it
    // Whoever's id it bears may be a tenant for whom EOP's results count.
    if (evidence.header.eop && rules.inbound->eop.results != EopUse::ignore && !outcome.handed_over) return false;
    Decision other;
    judge_by(evidence, &at_worst, rules, facts, other);
    return other.reason == Reason::passed && other.inbound->handed_over == outcome.handed_over &&
           other.inbound->compauth == outcome.compauth;
}

/// Some of the names that were asked for got no answer. What comes in though all of these be another tenant's comes in; the rest waits
/// until they are known. What hangs on no tenant, or was weighed with them before (recipients), stays.
void allow_for_what_is_not_answered(Decision& decision, const evidence::Evidence& evidence, const tenant::Index& at_worst,
                                    const Rules& rules, const InboundFacts& facts) {
    switch (decision.reason) {
        case Reason::passed:
        case Reason::dmarc_failed:
        case Reason::own_domain:
        case Reason::eop_verdict:
            if (!passes_alike(decision, evidence, at_worst, rules, facts)) defer(decision, tenants_unanswered, evidence, rules);
            return;
        case Reason::bypassed:
        case Reason::too_complex:
        case Reason::from_missing:
        case Reason::from_ambiguous:
        case Reason::unavailable:
        case Reason::client_blocked:
        case Reason::client_listed:
        case Reason::no_reverse_name:
        case Reason::recipient_foreign:
        case Reason::recipient_unknown:
        case Reason::too_many_unknown:
            return;
        case Reason::authorised:  // and what follows: of a relay door
        case Reason::no_policy:
        case Reason::forwarding_not_allowed:
        case Reason::contradiction:
        case Reason::not_proven:
        case Reason::limit_exceeded:
            return;
    }
}

}  // namespace

bool is_trusted_client(const evidence::Session& session, const Rules& rules) noexcept {
    const base::IpAddress* address = value_of(session.client.address);
    if (address == nullptr) return false;
    const bool is_exchange_online = any_contains(rules.exchange_online, *address) && !any_contains(rules.relay_pool, *address);
    return is_exchange_online || any_contains(rules.inbound->trusted_forwarders.clients, *address);
}

std::optional<Decision> refuse_client(const evidence::Session& session, const Rules& rules, const ClientStanding& client) {
    if (is_bypassed(session, rules)) return std::nullopt;
    auto refusal = examine_client(session, rules, client);
    if (!refusal) return std::nullopt;
    Decision decision = refuse_early(session, nullptr, rules, *std::move(refusal));
    if (decision.verdict == Verdict::accept) return std::nullopt;
    return decision;
}

std::optional<Decision> refuse_recipient(const evidence::Session& session, std::string_view recipient, RecipientIs known,
                                         RecipientCounts before, const tenant::Index* tenants, const Rules& rules) {
    if (is_bypassed(session, rules)) return std::nullopt;
    auto refusal = examine_recipient(recipient, known, tenants, *rules.inbound);
    if (!refusal) return std::nullopt;
    if (refusal->reason == Reason::recipient_unknown && before.accepted == 0 && before.unknown >= rules.inbound->max_unknown &&
        !is_trusted_client(session, rules))
        refusal = too_many_unknown();
    return refuse_early(session, tenants, rules, *std::move(refusal));
}

void judge_inbound(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts,
                   Decision& decision) {
    judge_by(evidence, tenants, rules, facts, decision);
    if (tenants == nullptr) return;
    if (const auto* at_worst = tenants->at_worst()) allow_for_what_is_not_answered(decision, evidence, *at_worst, rules, facts);
}

Decision judge_inbound(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts) {
    Decision decision;
    judge_inbound(evidence, tenants, rules, facts, decision);
    return decision;
}

Wanted wanted_inbound(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts) {
    if (tenants == nullptr || is_bypassed(evidence.session, rules)) return {};
    if (examine_client(evidence.session, rules, facts.client)) return {};
    if (examine_recipients(evidence.envelope, facts, tenants, rules)) return {};
    const Examination examination = examination_of(evidence, tenants, rules);
    if (examine_message(examination.message)) return {};
    Findings findings;
    if (examine_handover(examination, findings).counts != Finding::absent) return {};
    examination.examine(author_subject(examination.message), findings);
    const CompauthCase asked = compauth_case(examination, findings);
    if (asked.own_tenant == Finding::holds) return {};  // whatever else holds
    const bool has_address = value_of(evidence.session.client.address) != nullptr;
    return {.dkim = evidence.header.dkim_signature_count > 0,
            .spf = has_address,
            .dmarc = true,
            .arc = !rules.arc_trusted_sealers.empty(),
            .iprev = has_address && !asked.own,
            .published = true};
}

tenant::Keys keys_of_inbound(const evidence::Evidence& evidence, const Rules& rules) {
    tenant::Keys keys = keys_of(evidence, rules);
    add_recipients(keys, evidence);
    return keys;
}

tenant::Keys keys_of_recipient(std::string_view recipient) {
    evidence::Evidence evidence;
    evidence.envelope.recipients.emplace_back(recipient);
    tenant::Keys keys;
    add_recipients(keys, evidence);
    return keys;
}

void defer_foreign_recipients(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    if (decision.reason != Reason::recipient_foreign) return;
    refuse(decision, recipients_unavailable());
    decision.detail = tenants_stale;
    decision.why.clear();
    finish(decision, evidence, rules);
}

void hold_without_queue(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    if (decision.inbound->action == Action::hold) {  // else it is the mode that holds what was refused
        decision.judged = Verdict::tempfail;
        decision.why += no_hold_queue;
    }
    if (!std::exchange(decision.quarantine, false)) return;
    decision.verdict = Verdict::tempfail;
    decision.inbound->explanation.text += no_hold_queue;
    render_reply(decision, decision.inbound->explanation, evidence, rules);
    render_header_edits(decision, evidence, rules);
}

}  // namespace exota::decision
