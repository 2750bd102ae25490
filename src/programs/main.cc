// exota: one program, a file a subcommand. Here is only what they share: their order, and what help says of all.
//
// Tested by tests/cli_test.py.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "programs/options.h"

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

int run(int argc, char** argv) {
    CommandLine program("exota", about, exit_codes, std::string("exota ") + EXOTA_VERSION);
    add_serve(program);
    add_check(program);
    add_doctor(program);
    add_explain(program);
    add_verify(program);
    add_report(program);
    add_tenant(program);
    add_endpoints(program);
    add_probe(program);
    add_migrate(program);
    add_eval(program);
    add_healthcheck(program);
    add_completion(program);
    const Exit exit = program.run(argc, argv);
    return static_cast<int>(std::fflush(stdout) == 0 ? exit : Exit::unavailable);
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
