// What the subcommands share: exit codes (sysexits(3)), their registration, and output that reaches a person or a program.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace exota::programs {

/// product contract: 0 fine or accepted; the rest as in sysexits(3).
enum class Exit : int {
    ok = 0,
    usage = 64,        // EX_USAGE
    bad_data = 65,     // EX_DATAERR: unreadable message
    no_input = 66,     // EX_NOINPUT: no such file
    unavailable = 69,  // EX_UNAVAILABLE: socket or backend
    internal = 70,     // EX_SOFTWARE
    temporary = 75,    // EX_TEMPFAIL
    refused = 77,      // EX_NOPERM: rejected
    bad_config = 78,   // EX_CONFIG
};

/// Each registers its subcommand; the one that is called sets `exit`.
void add_serve(CLI::App& program, Exit& exit);
void add_check(CLI::App& program, Exit& exit);
void add_explain(CLI::App& program, Exit& exit);
void add_verify(CLI::App& program, Exit& exit);
void add_eval(CLI::App& program, Exit& exit);
void add_migrate(CLI::App& program, Exit& exit);
void add_report(CLI::App& program, Exit& exit);
void add_doctor(CLI::App& program, Exit& exit);
void add_completion(CLI::App& program, Exit& exit);

/// To standard output and standard error. A reader that went away (EPIPE) or a full disk ends the program with a message.
void print(std::string_view text);
void complain(std::string_view text);

}  // namespace exota::programs
