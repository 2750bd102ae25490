// How many files and sockets the process may have open: raised as far as the configuration needs and the system allows.
//
// Tested by tests/system/test_limits.py.
#pragma once

#include <optional>
#include <string>

namespace exota::config {
struct Config;
}

namespace exota::app {

/// Room for max_sessions sockets and what else is open. A gateway's session has two, and perhaps a file.
/// @return  what the system does not allow, in a sentence.
std::optional<std::string> raise_descriptor_limit(const config::Config& config);

}  // namespace exota::app
