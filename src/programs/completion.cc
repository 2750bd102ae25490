// exota completion: a shell's completion script, made from what CLI11 knows of our commands, so that a new option is there by itself.
//
// Tested by tests/system/test_completion.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "programs/command.h"
#include "programs/completion_scripts.h"
#include "programs/loading.h"

namespace exota::programs {
namespace {

using Kind = CompletionValue::Kind;

/// "TEXT:{bash,zsh}", as CLI11 shows the words that an option takes.
std::vector<std::string> choices_in(const std::string& type) {
    const std::size_t begin = type.find('{'), end = type.rfind('}');
    if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
    return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

/// By the name that help gives the value.
CompletionValue value_of(const CLI::Option& option, std::string name) {
    if (option.get_items_expected_max() == 0) return {};
    if (std::vector<std::string> choices = choices_in(option.get_type_name()); !choices.empty())
        return {Kind::choice, std::move(name), std::move(choices)};
    name.resize(std::min(name.size(), name.find(':')));  // "SECONDS:INT in [0 - 9]"
    const bool folder = name == "FOLDER";
    const bool file = name == "FILE" || name == "PATH" || name == "ZONE" || option.get_positional();
    const Kind kind = folder ? Kind::folder : file ? Kind::file : Kind::text;
    return {kind, std::move(name), {}};
}

std::vector<CompletionOption> options_of(const CLI::App& app) {
    std::vector<CompletionOption> out;
    for (const CLI::Option* option : app.get_options()) {
        if (!option->nonpositional()) continue;
        CompletionOption one{.names = {}, .about = option->get_description(), .value = value_of(*option, option->get_type_name())};
        for (const std::string& name : option->get_snames()) one.names.push_back('-' + name);
        for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
        one.repeatable = option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
        out.push_back(std::move(one));
    }
    return out;
}

CompletionProgram program_of(const CLI::App& app) {
    CompletionProgram out{.name = app.get_name(), .options = options_of(app), .commands = {}};
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        CompletionCommand command{.name = sub->get_name(), .about = sub->get_description(), .options = options_of(*sub)};
        for (const CLI::Option* option : sub->get_options())
            if (option->get_positional()) command.operand = value_of(*option, option->get_name(true));
        out.commands.push_back(std::move(command));
    }
    return out;
}

struct Options {
    std::string shell;
    bool json = false;
};

Exit run(const Options& options, const CLI::App& program) {
    const CompletionProgram known = program_of(program);
    const std::string script = options.shell == "bash" ? bash_completion(known) : zsh_completion(known);
    print(options.json ? "{\"shell\": " + json_string(options.shell) + ", \"script\": " + json_string(script) + "}\n" : script);
    return Exit::ok;
}

}  // namespace

void add_completion(CLI::App& program, Exit& exit) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("completion", "Print the completion script of a shell");
    command->add_option("SHELL", options->shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh"}));
    command->add_flag("--json", options->json, "Print JSON");
    command->callback([options, &program, &exit] { exit = run(*options, program); });
}

}  // namespace exota::programs
