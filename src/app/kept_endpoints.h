// The endpoint list in use, kept over a restart, so that a start compares what stands in the file with it: else a list that the running
// daemon refused would be in force after the next restart, without a word from anybody.
//
// Kept is the file as it was, octet for octet, in tenants.state_directory: "endpoints.used.FINGERPRINT", by the fingerprint of the path of
// the list. Without a state directory, and for a list that another file had, there is nothing to compare with.
//
// Tested by kept_endpoints_test.cc and tests/system/test_endpoints.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace exota::app {

/// Where the list of this configuration is kept; empty: nowhere.
std::string kept_endpoints_path(const config::Config& config);

/// The list that is kept. What lies in its place and is no regular file is not read, for its folder is the daemon's user's.
/// @return  as config::read_endpoints_file; not_found also where nothing is ever kept. Blocks.
base::Result<config::EndpointsFile> read_kept_endpoints(const config::Config& config);

/// For a start, and for commands that look at what a start would do: a list that may not take the place of the one kept
/// (config::why_not_used) is left for that one, as a reload leaves it. Blocks.
/// @return  warnings: that it was left; that what is kept cannot be read, and nothing was compared.
std::vector<config::Problem> compare_with_kept(config::Config& config);

/// Keeps the list of a configuration that is taken into use. Nothing is written where it is kept already, or has changed since it was read.
/// Blocks.
/// @return  a warning: it cannot be kept.
std::optional<config::Problem> keep_endpoints(const config::Config& config);

}  // namespace exota::app
