// exota serve: the command line of the daemon; serve.cc runs it.
#include <memory>

#include "programs/options.h"
#include "programs/serve.h"

namespace exota::programs {

void add_serve(CommandLine& program) {
    auto options = std::make_shared<ServeOptions>();
    Command command =
        program.command("serve", "Run the daemon in the foreground (SIGHUP reloads, SIGTERM ends after the messages in hand)");
    command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                   options->config_path);
    command.flag("--monitor", options->monitor, "Judge everything, refuse nothing, whatever configuration and tenants say");
    command.flag("--watch", options->watch, "A configuration file that was replaced is a reload, as SIGHUP is (for containers)");
    command.footer(
        "Without -c, and with any MILTER_* variable of the Python ExOTA-Milter set, it behaves as that program did\n"
        "(docs/migration.md); if /etc/exota/exota.toml exists as well, it ends with 78.");
    command.action([options] { return static_cast<Exit>(run_serve(*options)); });
}

}  // namespace exota::programs
