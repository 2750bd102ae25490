// What `check`, `explain` and `migrate` load alike: the configuration that `serve` would use, and the tenants it names.
//
// Tested by tests/cli_check_test.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "directory/shrink_guard.h"
#include "programs/command.h"
#include "tenant/tenants_file.h"

namespace exota::programs {

struct LoadedFiles {
    app::LoadedConfig config;
    tenant::LoadedTenants tenants;             // read only if the configuration is good
    std::vector<app::ConfigProblem> problems;  // of both, in order
    directory::Fingerprint fingerprint;        // of the tenants file
    bool file_missing = false;                 // configuration or tenants file does not exist
    std::size_t errors() const;
    std::size_t warnings() const;
    /// ok, no_input or bad_config.
    Exit exit() const;
};

/// @param named  what -c says.
LoadedFiles load_files(const std::optional<std::string>& named);

/// One problem a line; below an error of syntax the line that has it.
std::string to_text(const std::vector<app::ConfigProblem>& problems);
/// A JSON array of {severity, file, line, column, key, text}.
std::string to_json(const std::vector<app::ConfigProblem>& problems);

/// `text` as a JSON string.
std::string json_string(std::string_view text);

}  // namespace exota::programs
