// The start, and problems of configuration and tenants, as lines of the log.
//
// Tested by daemon_reload_test.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace exota::telemetry {
class Log;
}

namespace exota::app {

/// That a daemon starts, and whether it refuses nothing whatever is said elsewhere (--monitor).
void log_start(telemetry::Log& log, std::string_view version, const config::Config& config, std::size_t threads);

/// @param tenants  what problems of tenants have as their file; empty: there are none of them.
void log_problems(telemetry::Log& log, const std::vector<config::Problem>& problems, const std::string& tenants);

/// The settings that differ and wait for a restart.
void log_restart_needed(telemetry::Log& log, const config::Config& in_use, const config::Config& read);

/// @param text  nothing: nothing is said.
void log_warning(telemetry::Log& log, std::string_view place, const std::optional<std::string>& text);

/// That a watched file is gone, as event "WHAT-vanished" with its place.
/// @param what  "tenants"; what was read of it stays in use.
void log_vanished(telemetry::Log& log, const std::string& what, const std::string& path);

}  // namespace exota::app
