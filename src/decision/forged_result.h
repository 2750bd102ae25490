// Whether an Authentication-Results field that came in could be read as our own result, by a strict reader or by a careless one.
//
// Tested by forged_result_test.cc and fuzz/forged_result_fuzz.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace exota::decision {

struct OwnField {
    std::string_view authserv_id;
    bool all_of_ours = false;  // every field with our id goes, because we are about to write one
};
/// readable: it was read when the message was judged.
enum class Readable : std::uint8_t { unknown, yes };

/// True for a field with our authserv-id that speaks of x-exota or cannot be read, and for one of which some reader could think so: who
/// splits at each ';', drops comments, quotes or backslashes, trims blanks and final dots, unfolds without a blank, decodes encoded-words.
/// Another ExOTA's field, and a validator's that speaks of neither, are none.
bool poses_as_ours(std::string_view value, const OwnField& own, Readable readable);

}  // namespace exota::decision
