#include "programs/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "programs/installed_documents.h"

namespace exota::programs {
namespace {

void describe(CLI::Option& option, const Value& value) {
    if (!value.type.empty()) option.type_name(value.type);
    if (value.required) option.required();
    if (value.wrong) option.check(value.wrong);
    if (value.choices.empty()) return;
    const CLI::IsMember member(value.choices);
    option.check(value.type.empty() ? CLI::Validator(member) : CLI::Validator(member).description(""));
}

/// CLI11 says only that a command is required. Empty: the first word is a command, or there is none.
std::string unknown_command(const CLI::App& program, int argc, const char* const* argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    const std::string_view word = argv[1];
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({})) {
        if (command->get_name() == word) return unknown_command(*command, argc - 1, argv + 1);
        names.push_back(command->get_name());
    }
    if (names.empty()) return {};  // what follows are its options and operands
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view near = base::nearest_word(word, known.data(), known.size());
    return "unknown command \"" + std::string(word) + '"' + (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?");
}

/// The command directly below that has this name; null: none.
const CLI::App* below(const CLI::App& app, const std::string& name) {
    for (const CLI::App* command : app.get_subcommands({}))
        if (command->get_name() == name) return command;
    return nullptr;
}

/// CLI11 2.1 takes `--option=` for an option whose value is still to come, and so the next word for its value: here it is made two words,
/// of which the second is the empty value. What is itself the value of an option, or stands behind "--", stays as it is.
std::vector<std::string> words_of(const CLI::App& program, int argc, const char* const* argv) {
    std::vector<std::string> out;
    const CLI::App* command = &program;
    bool value_follows = false;
    for (int i = 1; i < argc; ++i) {
        out.emplace_back(argv[i]);
        const std::string& word = out.back();
        if (std::exchange(value_follows, false)) continue;
        if (word == "--") {
            out.insert(out.end(), argv + i + 1, argv + argc);
            break;
        }
        if (!word.starts_with('-')) {
            if (const CLI::App* named = below(*command, word)) command = named;
            continue;
        }
        const std::string name = word.substr(0, word.find('='));
        const CLI::Option* option = command->get_option_no_throw(name);
        if (!option || option->get_items_expected_max() == 0) continue;
        value_follows = name == word;
        if (name.starts_with("--") && word.size() == name.size() + 1) {
            out.back() = name;
            out.emplace_back();
        }
    }
    return out;
}

/// "TEXT:{bash,zsh}", as CLI11 shows the words that an option takes.
std::vector<std::string> choices_in(const std::string& type) {
    const std::size_t begin = type.find('{'), end = type.rfind('}');
    if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
    return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

KnownOption known(const CLI::Option& option) {
    KnownOption out;
    out.operand = !option.nonpositional();
    for (const std::string& name : option.get_snames()) out.names.push_back('-' + name);
    for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
    if (out.operand) out.names.push_back(option.get_name(true));
    out.about = option.get_description();
    if (option.get_items_expected_max() > 0) {
        const std::string type = option.get_type_name();
        out.choices = choices_in(type);
        out.type = type.substr(0, type.find(':'));  // "SECONDS:INT in [0 - 9]"
    }
    out.repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
    return out;
}

KnownCommand known(const CLI::App& app) {
    KnownCommand out{.name = app.get_name(), .about = app.get_description(), .options = {}};
    for (const CLI::Option* option : app.get_options()) out.options.push_back(known(*option));
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) out.commands.push_back(known(*command));
    return out;
}

}  // namespace

void Command::option(const Value& value, std::string& into) { describe(*app_->add_option(value.names, into, value.about), value); }

void Command::option(const Value& value, std::optional<std::string>& into) {
    describe(*app_->add_option(value.names, into, value.about), value);
}

void Command::option(const Value& value, std::vector<std::string>& into) {
    CLI::Option& option = *app_->add_option(value.names, into, value.about);
    describe(option, value);
    // CLI11 splits "[a,b]" where extra values are allowed. So an operand's list takes all words by never having enough of them.
    if (value.separator != 0)
        option.delimiter(value.separator);
    else if (option.nonpositional())
        option.take_all()->expected(1);
    else
        option.take_all()->expected(CLI::detail::expected_max_vector_size, CLI::detail::expected_max_vector_size);
    option.allow_extra_args(false);
}

void Command::number(const Value& value, std::optional<std::int64_t>& into, std::int64_t least, std::int64_t most) {
    CLI::Option& option = *app_->add_option(value.names, into, value.about);
    describe(option, value);
    option.check(CLI::Range(least, most));
}

void Command::flag(const std::string& names, bool& into, const std::string& about) { app_->add_flag(names, into, about); }

void Command::flag(const std::string& names, std::function<void()> given, const std::string& about) {
    app_->add_flag_callback(names, std::move(given), about);
}

void Command::excludes(const std::string& option, const std::string& other) { app_->get_option(option)->excludes(app_->get_option(other)); }

void Command::footer(const std::string& text) { app_->footer(with_installed_documents(text)); }

void Command::action(std::function<Exit()> run) {
    app_->callback([run = std::move(run), exit = exit_, app = app_] {
        if (app->get_subcommands().empty()) *exit = run();  // else one below it was named, and has run
    });
}

Command Command::command(const std::string& name, const std::string& about) {
    app_->require_subcommand(1);
    return {*app_->add_subcommand(name, about), *exit_};
}

Command Command::further_command(const std::string& name, const std::string& about) {
    app_->require_subcommand(0, 1);
    return {*app_->add_subcommand(name, about), *exit_};
}

CommandLine::CommandLine(const std::string& name, const std::string& about, const std::string& footer, const std::string& version)
    : app_(std::make_unique<CLI::App>(about, name)) {
    app_->footer(footer);
    app_->set_version_flag("--version", version);
    app_->require_subcommand(1);
    app_->failure_message(CLI::FailureMessage::simple);
    app_->get_formatter()->column_width(34);
}

CommandLine::~CommandLine() = default;

Command CommandLine::command(const std::string& name, const std::string& about) { return {*app_->add_subcommand(name, about), exit_}; }

Exit CommandLine::run(int argc, const char* const* argv) {
    exit_ = Exit::ok;
    try {
        std::vector<std::string> words = words_of(*app_, argc, argv);
        std::ranges::reverse(words);  // CLI11 takes them from the end
        app_->parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        if (const std::string unknown = unknown_command(*app_, argc, argv); !unknown.empty()) {
            complain(app_->get_name() + ": " + unknown + "\nRun with --help for more information.\n");
            return Exit::usage;
        }
        const bool asked = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);  // --help, --version
        app_->exit(error);
        return asked ? Exit::ok : Exit::usage;
    }
    return exit_;
}

KnownCommand CommandLine::program() const { return known(*app_); }

std::vector<KnownCommand> CommandLine::commands() const { return program().commands; }

}  // namespace exota::programs
