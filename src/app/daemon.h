// The daemon's life, from the first look at the configuration to the last session. daemon.cc is to be read from top to bottom.
//
// Tested by daemon_test.cc, daemon_reload_test.cc and tests/system.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/loading.h"
#include "app/reloader.h"
#include "config/config.h"

namespace exota::app {

struct DaemonOptions {
    std::function<config::LoadedConfig()> read_config;  // at start and at every SIGHUP; called on other threads too, one at a time
    std::string watched_config = {};                    // exota serve --watch: a change of this file is a reload; empty: none
    ForceMonitor force_monitor = ForceMonitor::no;      // exota serve --monitor
    std::string version;
    ThreadStarter start_thread = {};  // of reloads; empty: std::thread
    /// A reload for which the system had no thread, or the file changed while it was read, is tried again after this.
    std::chrono::milliseconds retry_after{10'000};
    /// How long a second of drain_timeout, watch_interval, and of what nobody can set, lasts: tests have no time for real ones.
    std::chrono::milliseconds second{1'000};
    /// Texts of the log with documents named as they are installed; from any thread. Empty: "docs/….md".
    std::function<std::string(std::string_view)> name_documents = {};
    /// Problems that keep it from starting, one line each.
    std::function<void(std::string_view)> complain;
    /// Mail is served at these sockets ("unix:/path", "inet:127.0.0.1:40123"; http ones after the milter's). For tests.
    std::function<void(const std::vector<std::string>& bound)> on_ready;
};

enum class DaemonEnd : std::uint8_t {
    stopped,     // by SIGTERM or SIGINT
    bad_config,  // configuration or tenants: sysexits 78
    no_socket,   // a socket could not be opened, or there were not enough threads: 69
};

/// Serves until a signal ends it. Handles SIGTERM, SIGINT, SIGHUP of the process, so there is one at a time.
DaemonEnd run_daemon(const DaemonOptions& options);

}  // namespace exota::app
