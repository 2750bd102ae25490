// exota completion: a shell's completion script, made from what our commands declare, so that a new option is there by itself.
//
// Tested by tests/system/test_completion.py.
#include <memory>

#include "programs/completion_scripts.h"
#include "programs/json_output.h"
#include "programs/options.h"

namespace exota::programs {
namespace {

using Kind = CompletionValue::Kind;

/// By the name that help gives the value.
CompletionValue value_of(const KnownOption& option) {
    if (option.type.empty()) return {};
    const std::string& name = option.operand ? option.names.front() : option.type;
    if (!option.choices.empty()) return {Kind::choice, name, option.choices};
    const bool file = name == "FILE" || name == "PATH" || name == "ZONE" || name == "MESSAGE" || name == "LOG";
    return {name == "FOLDER" ? Kind::folder : file ? Kind::file : Kind::text, name, {}};
}

std::vector<CompletionOption> options_of(const KnownCommand& command) {
    std::vector<CompletionOption> out;
    for (const KnownOption& option : command.options)
        if (!option.operand)
            out.push_back({.names = option.names, .about = option.about, .value = value_of(option), .repeatable = option.repeatable});
    return out;
}

CompletionCommand command_of(const KnownCommand& known) {
    CompletionCommand command{.name = known.name, .about = known.about, .options = options_of(known)};
    for (const KnownOption& option : known.options)
        if (option.operand) command.operand = value_of(option);
    for (const KnownCommand& below : known.commands) command.commands.push_back(command_of(below));
    return command;
}

CompletionProgram program_of(const CommandLine& line) {
    const KnownCommand program = line.program();
    CompletionProgram out{.name = program.name, .options = options_of(program), .commands = {}};
    for (const KnownCommand& known : line.commands()) out.commands.push_back(command_of(known));
    return out;
}

struct Options {
    std::string shell;
    bool json = false;
};

Exit run(const Options& options, const CommandLine& line) {
    const CompletionProgram known = program_of(line);
    const std::string script = options.shell == "bash" ? bash_completion(known) : zsh_completion(known);
    const auto as_json = [&](base::JsonObject& members) {
        members.add("shell", options.shell);
        members.add("script", script);
    };
    print(options.json ? json_output(as_json) : script);
    return Exit::ok;
}

}  // namespace

void add_completion(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("completion", "Print the completion script of a shell");
    command.option({.names = "SHELL", .about = "The shell", .choices = {"bash", "zsh"}, .required = true}, options->shell);
    command.flag("--json", options->json, "Print JSON");
    command.action([options, &program] { return run(*options, program); });
}

}  // namespace exota::programs
