// Drop-in mode: what the predecessor would have told the sender, in its order and in its words (docs/migration.md).
//
// Tested by drop_in_test.cc.
#pragma once

#include <string>

#include "decision/decision.h"
#include "decision/reply.h"
#include "decision/rules.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// For a message that is not accepted: the first of the predecessor's checks that it fails. Where that comes before what our own order
/// found (a missing certificate before a dead directory), verdict and reason of `decision` become those of that check.
Explanation explain_as_predecessor(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

/// The value of its result field, behind the authserv-id.
std::string predecessor_result(const Decision& decision, const DropIn& drop_in);

}  // namespace exota::decision
