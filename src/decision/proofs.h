// Step 6: which proofs hold, what the others lack, and which came closest.
//
// Tested by proofs_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decision/findings.h"
#include "tenant/proof.h"

namespace exota::decision {

std::vector<ProofOutcome> weigh_proofs(const std::vector<tenant::Proof>& proofs, const Findings& findings);

/// What the proofs come to: accept, tempfail (some proof lacks only what is unavailable) or reject.
/// @param named_tenant  for a forward: does evidence of the tenant hold (tenant-id, xoorg, originator-org, dkim)? `holds` for the others.
struct Weighed {
    Verdict verdict = Verdict::reject;
    std::optional<std::size_t> proof;  // the first that holds; set on accept only
};
Weighed weigh(const std::vector<ProofOutcome>& proofs, const Findings& findings, Finding named_tenant);

/// "One of tenant-id, xoorg, originator-org, dkim must hold as well."
Finding evidence_of_tenant(const Findings& findings) noexcept;
/// Whether the author's domain speaks for the message: dkim-aligned or arc. Never contradicts.
Finding evidence_of_author(const Findings& findings) noexcept;

enum class Among : std::uint8_t {
    all,
    undecided,  // those that lack nothing but what is unavailable
};
/// The proof with the fewest missing factors, on a tie the first listed. nullptr: no such proof.
const ProofOutcome* closest_proof(const std::vector<ProofOutcome>& proofs, const Findings& findings, Among among) noexcept;

}  // namespace exota::decision
