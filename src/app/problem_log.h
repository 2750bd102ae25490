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

}  // namespace exota::app
