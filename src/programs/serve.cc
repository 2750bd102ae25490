#include "programs/serve.h"

#include <unistd.h>

#include <string>

#include "app/daemon.h"
#include "programs/command.h"
#include "programs/installed_documents.h"

namespace exota::programs {

namespace {

/// Empty: the environment is the configuration, and that of a process does not change.
std::string file_of(const ServeOptions& options) {
    if (options.config_path) return *options.config_path;
    return config::drop_in_requested(environ) ? std::string() : std::string(config::default_config_path);
}

}  // namespace

int run_serve(const ServeOptions& options) {
    const app::DaemonOptions daemon{
        .read_config = [&] { return config::choose(options.config_path, environ); },
        .watched_config = options.watch ? file_of(options) : std::string(),
        .force_monitor = options.monitor ? app::ForceMonitor::yes : app::ForceMonitor::no,
        .version = EXOTA_VERSION,
        .name_documents = with_installed_documents,
        .complain = [](std::string_view problem) { complain(with_installed_documents(problem) + '\n'); },
        .on_ready = {},
    };
    switch (app::run_daemon(daemon)) {
        case app::DaemonEnd::stopped:
            return static_cast<int>(Exit::ok);
        case app::DaemonEnd::bad_config:
            return static_cast<int>(Exit::bad_config);
        case app::DaemonEnd::no_socket:
            return static_cast<int>(Exit::unavailable);
    }
    return static_cast<int>(Exit::internal);
}

}  // namespace exota::programs
