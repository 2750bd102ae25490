// "And" and "or" of findings that are known or are not: Kleene's logic, with `unavailable` for the unknown.
//
// Tested by peer_test.cc, decide_test.cc and contradiction_test.cc.
#pragma once

#include "decision/decision.h"

namespace exota::decision {

/// Holds if either does; unavailable if either could still. What contradicts does not hold.
constexpr Finding either_of(Finding a, Finding b) noexcept {
    if (a == Finding::holds || b == Finding::holds) return Finding::holds;
    return a == Finding::unavailable || b == Finding::unavailable ? Finding::unavailable : Finding::absent;
}

/// Holds if both do; unavailable if both could still. What contradicts does not hold.
constexpr Finding both_of(Finding a, Finding b) noexcept {
    const auto could_hold = [](Finding finding) { return finding == Finding::holds || finding == Finding::unavailable; };
    if (!could_hold(a) || !could_hold(b)) return Finding::absent;
    return a == Finding::unavailable || b == Finding::unavailable ? Finding::unavailable : Finding::holds;
}

}  // namespace exota::decision
