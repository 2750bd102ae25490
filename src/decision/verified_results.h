// What we verified ourselves, as an Authentication-Results field (RFC 8601).
//
// Tested by header_edits_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "decision/decision.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// The field's value, folded; empty when nothing was verified. Every value is encoded: no domain can forge a result. The domain that SPF
/// checked is smtp.mailfrom, or smtp.helo where the sender was null (RFC 8601 section 2.7.2).
/// @param decision  of an inbound door: its composite authentication is a result, too.
std::string verified_results(const evidence::Evidence& evidence, std::string_view authserv_id, const Decision* decision = nullptr);

}  // namespace exota::decision
