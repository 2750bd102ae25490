// Text that people read, on one line whatever was quoted in it: a terminal obeys nothing of it, and no reader finds a line more.
//
// Tested by one_line_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace exota::base {

/// What does not show (base/unicode.h) is escaped as in a JSON string, and each octet that is not UTF-8 becomes U+FFFD; quotes and
/// backslashes stay as they are.
std::string in_one_line(std::string_view text);

}  // namespace exota::base
