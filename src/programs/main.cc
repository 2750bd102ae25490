// exota: one program, a file a subcommand. Here is only what they share: their order, and what help says of all.
//
// Tested by tests/cli_test.py.
#include <fcntl.h>

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
    // What was flushed before and failed then is seen by the stream's own mark only.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return static_cast<int>(exit);
    complain("exota: standard output cannot be written\n");
    return static_cast<int>(Exit::unavailable);
}

/// Whoever started us may have closed these three: then the first sockets and files would have their numbers, and records of the log and
/// complaints would go into them. What fails of a closed descriptor still fails, but that complaints are for nobody is no failure.
void fill_standard_descriptors() {
    constexpr int flags[] = {O_WRONLY, O_RDONLY, O_WRONLY};  // nothing to read from 0, nothing to write to 1
    for (int number = 0; number < 3; ++number)
        if (::fcntl(number, F_GETFD) < 0) ::open("/dev/null", flags[number]);  // the lowest number that is free
}

}  // namespace
}  // namespace exota::programs

int main(int argc, char** argv) {
    exota::programs::fill_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not a death
    try {
        return exota::programs::run(argc, argv);
    } catch (const std::exception& error) {
        exota::programs::complain(std::string("exota: ") + error.what() + '\n');
        return static_cast<int>(exota::programs::Exit::internal);
    }
}
