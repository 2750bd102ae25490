// The operations of `exota eval`: one JSON object in, one out. Opens no file but those
// that a configuration names; looks at the clock only where a line that verifies gives no `now`.
//
// Tested by eval_ops_test.cc, fuzz/eval_fuzz.cc and the shared corpora (tests/corpora_test.py).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exota::programs {

inline constexpr std::size_t max_eval_line_octets = 64 * 1024 * 1024;

/// @param line  without its line break.
/// @return      one JSON object as one line, without a line break: the answer, or {"error": "…"}; with the "id" of the line if it has one.
std::string evaluate_line(std::string_view line);

}  // namespace exota::programs
