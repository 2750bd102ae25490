// Decision → what others see: JSON for `explain`, fields for the log line. Replies and header edits are rendered by decide() itself
// (reply.cc, header_edits.cc), because the verdict is not complete without them.
//
// Every writer encodes for where it writes: no text of a sender can forge a second field, line or result.
// Tested by render_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "decision/decision.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// As `exota explain --json` prints it (docs/schema/decision.schema.json). One line.
std::string to_json(const Decision& decision, const evidence::Evidence& evidence);

/// Several lines for a person: verdict, why, the proofs, every finding with its source, what to do next.
std::string to_text(const Decision& decision, const evidence::Evidence& evidence);

/// The findings as one short text, "client-cert=holds dkim=absent(not-asked)", for the log.
std::string findings_text(const Decision& decision);
void append_findings_text(std::string& out, const Decision& decision);

}  // namespace exota::decision
