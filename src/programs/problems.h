// Problems of configuration and tenants (app/loading.h) as the commands show them, and what they mean for the exit code.
//
// Tested by tests/cli_test.py.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/loading.h"
#include "programs/command.h"

namespace exota::programs {

std::size_t errors_in(const app::ReadFiles& files);
std::size_t warnings_in(const app::ReadFiles& files);
/// ok, no_input or bad_config.
Exit exit_of(const app::ReadFiles& files);

/// One problem a line; below an error of syntax the line that has it.
std::string to_text(const std::vector<config::Problem>& problems);
/// A JSON array of {severity, file, line, column, key, text}.
std::string to_json(const std::vector<config::Problem>& problems);

/// `text` as a JSON string.
std::string json_string(std::string_view text);

}  // namespace exota::programs
