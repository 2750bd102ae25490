// Step 9: what is removed from the header of a message that is let through, and the result that is added.
//
// Tested by header_edits_test.cc and forged_result_test.cc.
#pragma once

#include "decision/decision.h"
#include "decision/rules.h"
#include "evidence/evidence.h"

namespace exota::decision {

inline constexpr std::string_view own_result_field = "X-ExOTA-Authentication-Results";
inline constexpr std::string_view disposition_field = "X-ExOTA-Disposition";
inline constexpr std::string_view authentication_results_field = "Authentication-Results";

/// Sets `decision.header_edits`: removals from the highest index down, then what is added. None unless the verdict is accept.
void render_header_edits(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

}  // namespace exota::decision
