// Problems of configuration and tenants as lines of the log.
//
// Tested by daemon_reload_test.cc.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace exota::telemetry {
class Log;
}

namespace exota::app {

/// @param tenants  what problems of tenants have as their file; empty: there are none of them.
void log_problems(telemetry::Log& log, const std::vector<config::Problem>& problems, const std::string& tenants);

/// That a watched file is gone, as event "WHAT-vanished" with its place.
/// @param what  "tenants"; what was read of it stays in use.
void log_vanished(telemetry::Log& log, const std::string& what, const std::string& path);

}  // namespace exota::app
