// Words of a POSIX shell (2.2.3, single quotes): what people copy into one, and scripts.
//
// Tested by shell_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace exota::base {

/// One word, in single quotes unless no shell takes anything in it for more than it is.
std::string shell_word(std::string_view text);

}  // namespace exota::base
