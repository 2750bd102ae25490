// Documents are named "docs/…" in texts; where they are installed, people are told the path by which they can open them.
//
// Tested by tests/cli_explain_test.py.
#pragma once

#include <string>
#include <string_view>

namespace exota::programs {

/// @param text  in which each "docs/….md" becomes its path as installed with this program; unchanged if none is.
std::string with_installed_documents(std::string_view text);

}  // namespace exota::programs
