// The factors that only our own verification can answer, each weaker than its name: spf, dmarc, arc.
//
// Tested by weak_test.cc.
#pragma once

#include "decision/decision.h"
#include "decision/findings.h"

namespace exota::decision {

void examine_spf(const Case& message, const Subject& subject, Findings& findings);
/// A pass by SPF alone never holds: Exchange Online's addresses pass for every tenant (EchoSpoofing).
void examine_dmarc(const Case& message, Findings& findings);
void examine_arc(const Case& message, const Subject& subject, Findings& findings);

}  // namespace exota::decision
