// The DKIM factors: dkim (a signature of the tenant), dkim-aligned (of the author domain), dkim-any (of anybody).
//
// Tested by dkim_test.cc and forgery_test.cc.
#pragma once

#include <optional>
#include <string_view>

#include "decision/decision.h"
#include "decision/findings.h"
#include "evidence/authres_trust.h"

namespace exota::decision {

/// The DKIM results of a message that are believed, from the sources that the operator chose (`dkim.source`).
struct DkimResults {
    evidence::BelievedDkim reported;                              // by the operator's validator
    const std::vector<evidence::DkimResult>* verified = nullptr;  // by ourselves; null: not asked for, or not asked yet
    FactorFinding otherwise;                                      // what a DKIM factor is for which no result speaks
};
/// Of our own verification alone, wherever results are read otherwise.
DkimResults verified_dkim(const evidence::Evidence& evidence);
DkimResults dkim_results(const evidence::Evidence& evidence, const Rules& rules);

/// Identifier alignment (`alignment` of the tenants file). Strict: the same domain. Relaxed: the same organisational domain, unless `sdid`
/// is covered by a tenant other than the author domain's.
bool is_aligned(const mail::Domain& sdid, const Case& message, tenant::Alignment alignment);
/// The alignment that counts: of the tenant that covers the author domain, else of the tenant that the message is judged by; strict in a
/// customer's name.
tenant::Alignment alignment_for(const Case& message, const Subject& subject);

/// Whether a signature of the author's very domain passes and counts, whatever alignment is asked of anybody.
FactorFinding strictly_aligned(const DkimResults& results, const mail::Domain& author);

void examine_dkim(const Case& message, const Subject& subject, const DkimResults& results, Findings& findings);

}  // namespace exota::decision
