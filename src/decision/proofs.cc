// Three-valued logic: a proof holds when all its factors do, is undecided when it lacks only what could not be found out, else fails.
//
// Tested by proofs_test.cc.
#include "decision/proofs.h"

#include <algorithm>

namespace exota::decision {
namespace {

using tenant::Factor;

bool lacks_only_unavailable(const ProofOutcome& proof, const Findings& findings) noexcept {
    return std::ranges::all_of(proof.missing, [&findings](Factor factor) { return is(findings, factor, Finding::unavailable); });
}

Finding best_of(const Findings& findings, std::initializer_list<Factor> factors) noexcept {
    Finding best = Finding::absent;
    for (const Factor factor : factors) {
        if (is(findings, factor, Finding::holds)) return Finding::holds;
        if (is(findings, factor, Finding::unavailable)) best = Finding::unavailable;
    }
    return best;
}

}  // namespace

std::vector<ProofOutcome> weigh_proofs(const std::vector<tenant::Proof>& proofs, const Findings& findings) {
    std::vector<ProofOutcome> outcomes;
    outcomes.reserve(proofs.size());
    for (const tenant::Proof& proof : proofs) {
        ProofOutcome& outcome = outcomes.emplace_back(ProofOutcome{.text = proof.text, .holds = false, .missing = {}});
        for (const Factor factor : proof.factors)
            if (!is(findings, factor, Finding::holds)) outcome.missing.push_back(factor);
        outcome.holds = outcome.missing.empty() && !proof.factors.empty();  // nothing asked is nothing proven
    }
    return outcomes;
}

Weighed weigh(const std::vector<ProofOutcome>& proofs, const Findings& findings, Finding named_tenant) {
    const auto held = std::ranges::find_if(proofs, &ProofOutcome::holds);
    if (held != proofs.end() && named_tenant == Finding::holds) return {Verdict::accept, static_cast<std::size_t>(held - proofs.begin())};
    const bool may_still = named_tenant == Finding::holds || named_tenant == Finding::unavailable;
    if (may_still && (held != proofs.end() || closest_proof(proofs, findings, Among::undecided))) return {Verdict::tempfail, std::nullopt};
    return {Verdict::reject, std::nullopt};
}

Finding evidence_of_tenant(const Findings& findings) noexcept {
    return best_of(findings, {Factor::tenant_id, Factor::xoorg, Factor::originator_org, Factor::dkim});
}

Finding evidence_of_author(const Findings& findings) noexcept { return best_of(findings, {Factor::dkim_aligned, Factor::arc}); }

const ProofOutcome* closest_proof(const std::vector<ProofOutcome>& proofs, const Findings& findings, Among among) noexcept {
    const ProofOutcome* closest = nullptr;
    for (const ProofOutcome& proof : proofs) {
        if (proof.missing.empty() || (among == Among::undecided && !lacks_only_unavailable(proof, findings))) continue;
        if (!closest || proof.missing.size() < closest->missing.size()) closest = &proof;
    }
    return closest;
}

}  // namespace exota::decision
