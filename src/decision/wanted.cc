// Which network look-ups could still change the outcome: those of a factor that is open, in a proof whose other factors may all hold.
// Where one proof holds already, nothing is asked; where none can hold any more, nothing is asked either.
//
// Tested by wanted_test.cc.
#include <algorithm>

#include "decision/decide.h"
#include "decision/judgement.h"
#include "decision/proofs.h"
#include "decision/sighting.h"

namespace exota::decision {
namespace {

using tenant::Factor;
using tenant::FactorSet;

constexpr FactorSet dkim_factors{Factor::dkim, Factor::dkim_aligned, Factor::dkim_any};

/// The factors that a look-up could still make hold.
FactorSet open_factors(const evidence::Evidence& evidence, const Findings& findings, const Rules& rules) {
    FactorSet open;
    const bool is_signed = evidence.header.dkim_signature_count > 0;
    const auto& known = evidence.verification;
    if (is_signed && !known.dkim && rules.dkim_source != DkimSource::authentication_results)
        for (const Factor factor : {Factor::dkim, Factor::dkim_aligned, Factor::dkim_any})
            if (!is(findings, factor, Finding::holds)) open.insert(factor);
    if (!known.spf) open.insert(Factor::spf);
    if (!known.dmarc && is_signed) open.insert(Factor::dmarc);  // holds by a signature or not at all
    if (!known.arc && !rules.arc_trusted_sealers.empty()) open.insert(Factor::arc);
    return open;
}

bool may_hold(const Findings& findings, Factor factor, FactorSet open) noexcept {
    return open.contains(factor) || is(findings, factor, Finding::holds) || is(findings, factor, Finding::unavailable);
}

/// The open factors that decide between the outcomes still possible.
FactorSet deciding_factors(const std::vector<tenant::Proof>& proofs, const Findings& findings, FactorSet open, bool forward,
                           FactorSet also) {
    const Finding of_tenant = forward ? evidence_of_tenant(findings) : Finding::holds;
    if (of_tenant != Finding::holds) {
        if (of_tenant != Finding::unavailable && !open.contains(Factor::dkim)) return {};
        if (open.contains(Factor::dkim)) also.insert(Factor::dkim);
    }
    FactorSet deciding;
    for (const tenant::Proof& proof : proofs) {
        if (proof.factors.empty() || !std::ranges::all_of(proof.factors, [&](Factor factor) { return may_hold(findings, factor, open); }))
            continue;
        FactorSet asked = also;
        bool settled = true;
        for (const Factor factor : proof.factors) {
            if (open.contains(factor)) asked.insert(factor);
            settled = settled && is(findings, factor, Finding::holds);
        }
        if (settled && also.empty()) return {};  // authorised already
        for (std::size_t i = 0; i < tenant::factor_count; ++i)
            if (asked.contains(static_cast<Factor>(i))) deciding.insert(static_cast<Factor>(i));
    }
    return deciding;
}

Wanted wanted_for_verdict(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    if (!tenants || !evidence.too_complex.empty() || is_bypassed(evidence.session, rules)) return {};
    if (!value_of(evidence.header.author)) return {};

    const Examination examination(evidence, tenants, rules, examine_peer(evidence.session, rules));
    Selection selection = select_tenant(examination.message, examination.named, examination.peer.belief);
    if (selection.outcome != Selection::Outcome::found) return {};
    Findings findings;
    examination.examine(selection.subject, findings);
    FactorSet open = open_factors(evidence, findings, rules);
    FactorSet also;  // must hold whatever the proof
    if (rules.contradictions_refuse && is_contradicted(findings)) {
        const auto other = select_forwarder(examination.message, examination.named, examination.peer.belief);
        if (!other || !may_hold(findings, Factor::dkim_aligned, open)) return {};
        if (open.contains(Factor::dkim_aligned)) also.insert(Factor::dkim_aligned);
        selection = *other;
        examination.examine(selection.subject, findings);
        if (is_contradicted(findings)) return {};
        open = open_factors(evidence, findings, rules);
    }

    if (rules.contradictions_refuse && may_be_contradicted(findings)) return {};  // no answer could make the claims' writer known
    if (selection.forward && !rules.drop_in && !doubt_of_foreign_author(examination.message, selection.subject).empty()) {
        // Either of the author's words will do.
        if (!may_hold(findings, Factor::dkim_aligned, open) && !may_hold(findings, Factor::arc, open)) return {};
        if (evidence_of_author(findings) != Finding::holds)
            for (const Factor factor : {Factor::dkim_aligned, Factor::arc})
                if (open.contains(factor)) also.insert(factor);
    }

    const bool names_its_tenant = !selection.forward || rules.drop_in;
    const FactorSet deciding = deciding_factors(selection.subject.policy->proofs, findings, open, !names_its_tenant, also);
    Wanted wanted;
    wanted.spf = deciding.contains(Factor::spf);
    wanted.dmarc = deciding.contains(Factor::dmarc);
    wanted.arc = deciding.contains(Factor::arc);
    // DMARC is judged by the signatures that we verified.
    wanted.dkim = deciding.intersects(dkim_factors) || (wanted.dmarc && !evidence.verification.dkim);
    return wanted;
}

}  // namespace

Wanted wanted(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    Wanted wanted = wanted_for_verdict(evidence, tenants, rules);
    wanted.dkim = wanted.dkim || wants_signatures(evidence, tenants, rules);
    return wanted;
}

}  // namespace exota::decision
