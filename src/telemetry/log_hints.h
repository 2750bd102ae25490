// Findings for the log: short stable codes in `findings`, and what they mean for an operator in `hint`.
//
// Tested by log_hints_test.cc.
#pragma once

#include <string>

#include "decision/decision.h"

namespace exota::telemetry {

/// @param findings  as decision::findings_text.
/// @param hint      "client-cert: …; dkim: …" of what `findings` shows; a sentence that several share is said once. At most 300 octets
///                  of each factor, and 1,000 of all.
void findings_for_log(const decision::Decision& decision, std::string& findings, std::string& hint);

}  // namespace exota::telemetry
