// exota: one program, a file a subcommand. Here is only what they share: the command line's shape, and exit codes of sysexits(3).
//
// Tested by tests/cli_test.py.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "programs/command.h"

namespace exota::programs {

namespace {

constexpr const char* about =
    "Tells which Microsoft 365 tenant really sent a mail, and whether it may use the domain it sends as.\n"
    "Start with:  exota check            is my configuration right?\n"
    "             exota explain MESSAGE  what would be decided of this message, and why?\n"
    "Everything else: exota COMMAND --help, exota(1), exota.toml(5).";
constexpr const char* exit_codes =
    "Exit codes: 0 fine or accepted, 64 usage, 65 unreadable message, 66 no such file, 69 socket or backend\n"
    "unavailable, 75 temporary failure, 77 rejected, 78 error in configuration or tenants.";

/// CLI11 says only that a command is required. Empty: the first word is a command, or there is none.
std::string unknown_command(const CLI::App& program, int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    const std::string_view word = argv[1];
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({})) names.push_back(command->get_name());
    if (std::ranges::find(names, word) != names.end()) return {};
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = base::nearest_word(word, known.data(), known.size());
    return "unknown command \"" + std::string(word) + '"' + (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?");
}

int run(int argc, char** argv) {
    CLI::App program(about, "exota");
    program.footer(exit_codes);
    program.set_version_flag("--version", std::string("exota ") + EXOTA_VERSION);
    program.require_subcommand(1);
    program.failure_message(CLI::FailureMessage::simple);
    program.get_formatter()->column_width(34);

    Exit exit = Exit::ok;
    add_serve(program, exit);
    add_check(program, exit);
    add_doctor(program, exit);
    add_explain(program, exit);
    add_verify(program, exit);
    add_report(program, exit);
    add_migrate(program, exit);
    add_eval(program, exit);
    add_completion(program, exit);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (const std::string unknown = unknown_command(program, argc, argv); !unknown.empty()) {
            complain("exota: " + unknown + "\nRun with --help for more information.\n");
            return static_cast<int>(Exit::usage);
        }
        const bool asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);  // --help, --version
        program.exit(error);
        exit = asked ? Exit::ok : Exit::usage;
    }
    if (std::fflush(stdout) != 0) exit = Exit::unavailable;
    return static_cast<int>(exit);
}

}  // namespace
}  // namespace exota::programs

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not a death
    try {
        return exota::programs::run(argc, argv);
    } catch (const std::exception& error) {
        exota::programs::complain(std::string("exota: ") + error.what() + '\n');
        return static_cast<int>(exota::programs::Exit::internal);
    }
}
