#include "programs/serve.h"

#include <unistd.h>

#include "app/daemon.h"
#include "programs/command.h"
#include "programs/installed_documents.h"

namespace exota::programs {

int run_serve(const ServeOptions& options) {
    const app::DaemonOptions daemon{
        .read_config = [&] { return config::choose(options.config_path, environ); },
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
