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

std::string bash_of(const CompletionCommand& command, std::size_t word);

/// Behind a command that has no commands, or none of them: an option's value, else an option, else an operand. Where no operand is
/// possible, options are proposed before a dash is written.
std::string bash_of(const std::vector<CompletionOption>& options, const CompletionValue& operand_value) {
    std::string values;
    for (const CompletionOption& option : options)
        if (option.value.kind != Kind::none)
            values += "                " + joined(option.names, " | ") + ") " + bash_kind(option.value) + " ;;\n";
    std::string out = "                options=" + shell_word(all_names(options)) + '\n';
    const std::string operand =
        operand_value.kind == Kind::none ? "" : "                [[ $current == -* ]] || " + bash_kind(operand_value) + '\n';
    if (values.empty()) return out + operand + "                ;;\n";
    out += "                case $before in\n" + values;
    if (!operand.empty()) out += "                *)\n    " + operand + "                    ;;\n";
    return out + "                esac\n                ;;\n";
}

/// At a word that is a command, these; behind it, what belongs to it.
/// @param options  that may stand there as well.
std::string bash_of(const std::vector<CompletionCommand>& commands, const std::vector<CompletionOption>& options, std::size_t word) {
    std::string words = all_names(options);
    for (const CompletionCommand& command : commands) words += (words.empty() ? "" : " ") + command.name;
    const std::string number = std::to_string(word);
    std::string out = "    if ((COMP_CWORD == " + number + ")); then\n        options=" + shell_word(words) +
                      "\n    else\n        case ${COMP_WORDS[" + number + "]} in\n";
    for (const CompletionCommand& command : commands) out += bash_of(command, word);
    return out + "            -*)\n" + bash_of(options, {}) + "        esac\n    fi\n";
}

/// @param word  where the command stands.
std::string bash_of(const CompletionCommand& command, std::size_t word) {
    const std::string head = "            " + command.name + ")\n";
    if (!command.commands.empty()) return head + bash_of(command.commands, command.options, word + 1) + "                ;;\n";
    return head + bash_of(command.options, command.operand);
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

std::string zsh_of(const CompletionCommand& command);

/// A word that is a command, or one of `options`; behind it, what belongs to it. `state` says which of the two it is.
/// @param name  of the states and the list: each depth has its own.
std::string zsh_of(const std::vector<CompletionCommand>& commands, const std::vector<CompletionOption>& options, const std::string& name) {
    std::string out = "    _arguments -C \\\n";
    for (const CompletionOption& option : options) out += zsh_of(option, "        ");
    out += "        '1: :->" + name + "' '*:: :->behind_" + name + "' && ret=0\n    case $state in\n    " + name + ")\n        local -a " +
           name + "s=(\n";
    for (const CompletionCommand& command : commands)
        out += "            " + shell_word(command.name + ':' + zsh_text(command.about, "")) + '\n';
    out += "        )\n        _describe -t commands command " + name + "s && ret=0\n        ;;\n    behind_" + name +
           ")\n        case $line[1] in\n";
    for (const CompletionCommand& command : commands) out += zsh_of(command);
    return out + "        esac\n        ;;\n    esac\n";
}

std::string zsh_of(const CompletionCommand& command) {
    if (!command.commands.empty())
        return "        " + command.name + ")\n" + zsh_of(command.commands, command.options, "of_" + command.name) + "            ;;\n";
    std::string out = "        " + command.name + ")\n            _arguments -s -S \\\n";
    for (const CompletionOption& option : command.options) out += zsh_of(option, "                ");
    const std::string operand = command.operand.kind == Kind::none ? "" : '*' + zsh_action(command.operand);
    return out + "                " + (operand.empty() ? "&& return" : shell_word(operand) + " && return") + "\n            ;;\n";
}

}  // namespace

std::string bash_completion(const CompletionProgram& program) {
    const std::string function = '_' + program.name;
    std::string out = "# bash completion for " + program.name + ", made by: " + program.name + " completion bash\n" + function + "() {\n";
    out += bash_head;
    out += bash_of(program.commands, program.options, 1);
    return out + std::string(bash_tail) + "complete -F " + function + ' ' + program.name + '\n';
}

std::string zsh_completion(const CompletionProgram& program) {
    const std::string function = '_' + program.name;
    std::string out = "#compdef " + program.name + "\n# zsh completion for " + program.name + ", made by: " + program.name +
                      " completion zsh\n" + function + "() {\n    local curcontext=$curcontext state line ret=1\n    typeset -A opt_args\n";
    out += zsh_of(program.commands, program.options, "command");
    return out + "    return ret\n}\n# As a file of fpath it is called; sourced, it registers itself.\n" +
           "if [[ $funcstack[1] == " + function + " ]]; then\n    " + function + " \"$@\"\nelse\n    compdef " + function + ' ' +
           program.name + "\nfi\n";
}

}  // namespace exota::programs
