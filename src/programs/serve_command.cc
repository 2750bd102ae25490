// exota serve: the command line of the daemon; serve.cc runs it.
#include <CLI/CLI.hpp>
#include <memory>

#include "programs/command.h"
#include "programs/serve.h"

namespace exota::programs {

void add_serve(CLI::App& program, Exit& exit) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* command =
        program.add_subcommand("serve", "Run the daemon in the foreground (SIGHUP reloads, SIGTERM ends after the messages in hand)");
    command->add_option("-c,--config", options->config_path, "Configuration file (default: /etc/exota/exota.toml)")->type_name("FILE");
    command->add_flag("--monitor", options->monitor, "Judge everything, refuse nothing, whatever configuration and tenants say");
    command->footer(
        "Without -c, and with any MILTER_* variable of the Python ExOTA-Milter set, it behaves as that program did\n"
        "(docs/migration.md); if /etc/exota/exota.toml exists as well, it ends with 78.");
    command->callback([options, &exit] { exit = static_cast<Exit>(run_serve(*options)); });
}

}  // namespace exota::programs
