// Evidence × tenants × rules → Decision (docs/life-of-a-message.md; the steps are numbered there and here alike).
//
// Pure and total: no I/O, no time, every input has an answer, every factor is examined. Tested by decide_test.cc, forgery_test.cc,
// tests/cases and fuzz/decide_fuzz.cc.
#pragma once

#include "decision/decision.h"
#include "decision/rules.h"
#include "evidence/evidence.h"
#include "tenant/index.h"

namespace exota::decision {

/// The whole judgement: steps 1 to 6, mode, clean-up, reply. Limits (step 7) are counted by the caller, see apply_limit.
/// @param tenants  nullptr: the directory cannot be asked, so the verdict is `unavailable`.
Decision decide(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

/// Step 7: the caller counted an authorised message and the tenant is above its limit. Turns `decision` into limit-exceeded and
/// renders it anew.
void apply_limit(Decision& decision, const tenant::Limit& passed, const evidence::Evidence& evidence, const Rules& rules);

/// Step 8 where the MTA offers no hold queue: a decision to quarantine becomes a temporary failure, and is rendered anew. Any other stays.
void refuse_without_hold_queue(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

/// Which network look-ups could still change the outcome ("the network is asked only while some proof can still hold"). Called before
/// verification; what it does not name is found `absent` with the detail `not-asked`.
struct Wanted {
    bool dkim = false, spf = false, dmarc = false, arc = false;
    bool any() const noexcept { return dkim || spf || dmarc || arc; }
};
Wanted wanted(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

}  // namespace exota::decision
