#include "programs/completion_scripts.h"

#include <string_view>

#include "base/joined.h"
#include "base/shell.h"

namespace exota::programs {
namespace {

using base::joined;
using base::shell_word;
using Kind = CompletionValue::Kind;

// --- bash ---------------------------------------------------------------------------------------------------------------------------

constexpr std::string_view bash_head =
    R"(    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options= kind= choices=
    COMPREPLY=()
    # bash makes three words of --option=value
    if [[ $current == = ]]; then
        current=
    elif [[ $before == = ]] && ((COMP_CWORD > 1)); then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
)";
constexpr std::string_view bash_tail = R"(    if [[ $kind == file || $kind == folder ]]; then
        compopt -o filenames
        if [[ $kind == file ]]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
        else
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
        fi
    elif [[ $kind == choice ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
    elif [[ $kind != text ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    fi
}
)";

std::string bash_kind(const CompletionValue& value) {
    switch (value.kind) {
        case Kind::none:
            return "";
        case Kind::text:
            return "kind=text";
        case Kind::file:
            return "kind=file";
        case Kind::folder:
            return "kind=folder";
        case Kind::choice:
            return "kind=choice choices=" + shell_word(joined(value.choices, " "));
    }
    return "";
}

std::string all_names(const std::vector<CompletionOption>& options) {
    return joined(options, " ", [](const CompletionOption& option) { return joined(option.names, " "); });
}

/// An option's value, else an option, else an operand. Where no operand is possible, options are proposed before a dash is written.
std::string bash_of(const CompletionCommand& command) {
    std::string values;
    for (const CompletionOption& option : command.options)
        if (option.value.kind != Kind::none)
            values += "                " + joined(option.names, " | ") + ") " + bash_kind(option.value) + " ;;\n";
    std::string out = "            " + command.name + ")\n                options=" + shell_word(all_names(command.options)) + '\n';
    const std::string operand =
        command.operand.kind == Kind::none ? "" : "                [[ $current == -* ]] || " + bash_kind(command.operand) + '\n';
    if (values.empty()) return out + operand + "                ;;\n";
    out += "                case $before in\n" + values;
    if (!operand.empty()) out += "                *)\n    " + operand + "                    ;;\n";
    return out + "                esac\n                ;;\n";
}

// --- zsh ----------------------------------------------------------------------------------------------------------------------------

/// Text within the brackets of a specification of _arguments.
std::string zsh_text(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || special.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_action(const CompletionValue& value) {
    const std::string name = zsh_text(value.name, ":[]");
    switch (value.kind) {
        case Kind::none:
            return "";
        case Kind::text:
            return ':' + name + ": ";
        case Kind::file:
            return ':' + name + ":_files";
        case Kind::folder:
            return ':' + name + ":_files -/";
        case Kind::choice:
            return ':' + name + ":(" + joined(value.choices, " ") + ')';
    }
    return "";
}

/// One specification for each name: each excludes the others and, unless it may be repeated, itself.
std::string zsh_of(const CompletionOption& option, std::string_view indent) {
    std::string out;
    for (const std::string& name : option.names) {
        const bool takes = option.value.kind != Kind::none, is_long = name.starts_with("--");
        std::string spec = option.repeatable ? "*" : '(' + joined(option.names, " ") + ')';
        spec += name + (takes ? (is_long ? "=" : "+") : "") + '[' + zsh_text(option.about, "[]") + ']' + zsh_action(option.value);
        out += std::string(indent) + shell_word(spec) + " \\\n";
    }
    return out;
}

std::string zsh_of(const CompletionCommand& command) {
    std::string out = "        " + command.name + ")\n            _arguments -s -S \\\n";
    for (const CompletionOption& option : command.options) out += zsh_of(option, "                ");
    const std::string operand = command.operand.kind == Kind::none ? "" : '*' + zsh_action(command.operand);
    return out + "                " + (operand.empty() ? "&& return" : shell_word(operand) + " && return") + "\n            ;;\n";
}

}  // namespace

std::string bash_completion(const CompletionProgram& program) {
    const std::string function = '_' + program.name;
    std::string words = all_names(program.options);
    for (const CompletionCommand& command : program.commands) words += ' ' + command.name;
    std::string out = "# bash completion for " + program.name + ", made by: " + program.name + " completion bash\n" + function + "() {\n";
    out += bash_head;
    out += "    if ((COMP_CWORD == 1)); then\n        options=" + shell_word(words) + "\n    else\n        case ${COMP_WORDS[1]} in\n";
    for (const CompletionCommand& command : program.commands) out += bash_of(command);
    out += "        esac\n    fi\n";
    return out + std::string(bash_tail) + "complete -F " + function + ' ' + program.name + '\n';
}

std::string zsh_completion(const CompletionProgram& program) {
    const std::string function = '_' + program.name;
    std::string out = "#compdef " + program.name + "\n# zsh completion for " + program.name + ", made by: " + program.name +
                      " completion zsh\n" + function +
                      "() {\n    local curcontext=$curcontext state line ret=1\n    typeset -A opt_args\n" + "    _arguments -C \\\n";
    for (const CompletionOption& option : program.options) out += zsh_of(option, "        ");
    out += "        '1: :->command' '*:: :->arguments' && ret=0\n    case $state in\n    command)\n        local -a commands=(\n";
    for (const CompletionCommand& command : program.commands)
        out += "            " + shell_word(command.name + ':' + zsh_text(command.about, "")) + '\n';
    out += "        )\n        _describe -t commands command commands && ret=0\n        ;;\n    arguments)\n        case $line[1] in\n";
    for (const CompletionCommand& command : program.commands) out += zsh_of(command);
    return out +
           "        esac\n        ;;\n    esac\n    return ret\n}\n# As a file of fpath it is called; sourced, it registers itself.\n" +
           "if [[ $funcstack[1] == " + function + " ]]; then\n    " + function + " \"$@\"\nelse\n    compdef " + function + ' ' +
           program.name + "\nfi\n";
}

}  // namespace exota::programs
