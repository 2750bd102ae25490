// Completion scripts for bash and zsh, made from a list of the program's commands and options.
//
// Tested by completion_scripts_test.cc and, in the shells themselves, tests/system/test_completion.py.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace exota::programs {

/// What stands behind an option, or as an operand.
struct CompletionValue {
    enum class Kind : std::uint8_t { none, text, file, folder, choice } kind = Kind::none;  // text: nothing can be proposed
    std::string name = {};                                                                  // as help writes it: "FILE"
    std::vector<std::string> choices = {};
};

struct CompletionOption {
    std::vector<std::string> names;  // with their dashes
    std::string about;
    CompletionValue value = {};
    bool repeatable = false;
};

struct CompletionCommand {
    std::string name, about;
    std::vector<CompletionOption> options = {};
    CompletionValue operand = {};
    std::vector<CompletionCommand> commands = {};  // one of them is the next word
};

struct CompletionProgram {
    std::string name;
    std::vector<CompletionOption> options;  // without a command
    std::vector<CompletionCommand> commands;
};

/// Needs nothing but bash 4.4 (not the package bash-completion).
std::string bash_completion(const CompletionProgram& program);
/// To be found in fpath as `_NAME`, or sourced after compinit.
std::string zsh_completion(const CompletionProgram& program);

}  // namespace exota::programs
