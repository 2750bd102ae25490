// Problems of configuration and tenants (app/loading.h) as the commands show them, and what they mean for the exit code.
//
// Tested by tests/cli_test.py.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/loading.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "programs/command.h"

namespace exota::programs {

std::size_t errors_in(const app::ReadFiles& files);
std::size_t warnings_in(const app::ReadFiles& files);
/// ok, no_input or bad_config.
Exit exit_of(const app::ReadFiles& files);

/// The configuration as config::choose has it, for a command that reads no tenants. What is wrong was said.
/// @return  else no_input: there is no such file; or bad_config.
std::expected<config::Config, Exit> chosen_config(const std::optional<std::string>& named, const char* const* environment,
                                                  config::Endpoints endpoints = config::Endpoints::read);

/// One problem a line; below an error of syntax the line that has it.
std::string to_text(const std::vector<config::Problem>& problems);
/// For each an object of severity, file, line, column, key, text.
void add_problems(base::JsonArray& array, const std::vector<config::Problem>& problems);

}  // namespace exota::programs
