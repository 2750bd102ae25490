// What the subcommands share: exit codes (sysexits(3)), their registration, and output that reaches a person or a program.
#pragma once

#include <string_view>

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

class CommandLine;  // programs/options.h

/// Each declares its command.
void add_serve(CommandLine& program);
void add_check(CommandLine& program);
void add_explain(CommandLine& program);
void add_verify(CommandLine& program);
void add_eval(CommandLine& program);
void add_migrate(CommandLine& program);
void add_endpoints(CommandLine& program);
void add_probe(CommandLine& program);
void add_report(CommandLine& program);
void add_tenant(CommandLine& program);
void add_doctor(CommandLine& program);
void add_healthcheck(CommandLine& program);
void add_completion(CommandLine& program);

/// To standard output and standard error. A reader that went away (EPIPE) or a full disk ends the program with a message.
void print(std::string_view text);
void complain(std::string_view text);

}  // namespace exota::programs
