// Evidence as JSON and back: what `log.evidence` writes and `explain --evidence` reads.
//
// Strings that are not UTF-8 are written as {"base64": "…"}, so that writing and reading back is the identity for every Evidence.
// Tested by json_test.cc (round trip) and fuzz/evidence_fuzz.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/result.h"
#include "evidence/evidence.h"

namespace exota::evidence {

/// One line, no line break at the end, nothing in it that does not show (base::append_json_string). docs/schema/evidence.schema.json
/// describes it.
std::string to_json(const Evidence& evidence);
void write_json(const Evidence& evidence, base::JsonPlace place);
/// The member "verification" alone.
std::string verification_to_json(const Verification& verification);
/// @return invalid_data with the JSON path of what is wrong; unknown keys are errors.
base::Result<Evidence> from_json(std::string_view text);

}  // namespace exota::evidence
