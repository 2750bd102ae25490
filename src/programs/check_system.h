// What of a configuration this host lacks, before the daemon finds out: looks at the file system and the groups, changes nothing.
//
// Tested by tests/cli_check_test.py.
#pragma once

#include <vector>

#include "config/config.h"

namespace exota::programs {

/// Warnings, for what is missing may come later: a unit's RuntimeDirectory comes with the start.
std::vector<config::Problem> problems_of_system(const config::Config& config);

}  // namespace exota::programs
