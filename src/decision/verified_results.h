// What we verified ourselves, as an Authentication-Results field (RFC 8601).
//
// Tested by header_edits_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "evidence/evidence.h"

namespace exota::decision {

/// The field's value, folded; empty when nothing was verified. Every value is encoded: no domain can forge a result.
std::string verified_results(const evidence::Verification& verification, std::string_view authserv_id);

}  // namespace exota::decision
