// `exota serve`: the daemon, in the foreground.
//
// Tested by tests/system and app/daemon_test.cc.
#pragma once

#include <optional>
#include <string>

namespace exota::programs {

struct ServeOptions {
    std::optional<std::string> config_path;  // -c; without it the environment or the default file decides (config/config.h)
    bool monitor = false;                    // --monitor: judge everything, refuse nothing
    bool watch = false;                      // --watch: a configuration file that was replaced is a reload
};

/// Serves until SIGTERM or SIGINT.
/// @return  a sysexits(3) code: 0 stopped by a signal, 78 configuration or tenants, 69 socket.
int run_serve(const ServeOptions& options);

}  // namespace exota::programs
