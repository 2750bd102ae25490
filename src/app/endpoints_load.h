// The endpoint list, taken up while the daemon runs: by the same rules as `exota endpoints update` (config/endpoint_rules.h), against the
// list in use. Tenants and the rest of the configuration stay as they are.
//
// Tested by endpoints_load_test.cc and daemon_reload_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "app/loading.h"

namespace exota::app {

/// Reads the file anew. Blocks.
Loaded load_endpoints(const config::Config& in_use, const gate::Snapshot& previous);

/// What speaks against the list of a configuration that was read anew; none if it names another file than the one in use does.
std::vector<config::Problem> endpoint_problems(const config::Config& config, const config::EndpointsFile& in_use);

/// Since when nobody knows of a newer list than the one in use: when its file was written, or when the service last said so to
/// `exota endpoints update`, whichever is later. Seconds since 1970; 0: there is no list, or its times lie ahead of this one. Reads a small
/// file.
std::int64_t endpoints_as_of(const config::Config& config, std::chrono::system_clock::time_point time);

/// Whether the file changed, by looking now and then; half-written ones are waited for.
class EndpointsWatch {
public:
    /// It is in use now.
    void was_read(const config::EndpointsFile& file);
    /// What to do about it.
    directory::FileWatch::Action look_again();

private:
    std::string path_;                           // empty: there is none
    std::optional<directory::FileWatch> watch_;  // of a path
};

}  // namespace exota::app
