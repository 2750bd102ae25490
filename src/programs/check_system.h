// What of a configuration this host lacks, before the daemon finds out: looks at the file system and the groups, changes nothing.
//
// Tested by tests/cli_check_test.py.
#pragma once

#include <vector>

#include "app/config.h"

namespace exota::programs {

/// Warnings, for what is missing may come later: a unit's RuntimeDirectory comes with the start.
std::vector<app::ConfigProblem> problems_of_system(const app::Config& config);

}  // namespace exota::programs
