// Step 8: what becomes of a verdict that is not `accept`. The one place where a judgement is softened.
//
// Tested by mode_test.cc.
#pragma once

#include "decision/decision.h"
#include "decision/rules.h"

namespace exota::decision {

/// The mode that counts: --monitor before all, else the tenant's own, else the configuration's.
/// @param policy  of the tenant whose mode may count; nullptr: nobody's.
inline tenant::Mode effective_mode(const tenant::Policy* policy, const Rules& rules) noexcept {
    if (rules.force_monitor) return tenant::Mode::monitor;
    return policy ? policy->mode : rules.mode;
}

/// Sets `verdict` and `quarantine` from `judged` and `mode`.
inline void soften(Decision& decision) noexcept {
    decision.verdict = decision.judged;
    decision.quarantine = false;
    if (decision.judged == Verdict::accept) return;
    switch (decision.mode) {
        case tenant::Mode::enforce:
            break;
        case tenant::Mode::defer:
            decision.verdict = Verdict::tempfail;
            break;
        case tenant::Mode::quarantine:
            decision.verdict = Verdict::accept;
            decision.quarantine = true;
            break;
        case tenant::Mode::monitor:
            decision.verdict = Verdict::accept;
            break;
    }
}

}  // namespace exota::decision
