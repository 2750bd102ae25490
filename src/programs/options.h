// The command line: one program, its commands, and what each takes. What is declared here is parsed, is what --help says, and is what the
// shells complete (completion.cc).
//
// CLI11 does the work behind it, in options.cc only: every file that includes CLI11 takes seconds to compile.
//
// Tested by options_test.cc and tests/cli_test.py.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "programs/command.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace exota::programs {

/// An option with a value, or an operand.
struct Value {
    std::string names;  // "-c,--config"; an operand has one word in capitals: "MESSAGE"
    std::string about;
    std::string type = {};                                      // what help calls the value ("FILE"); empty: TEXT
    std::vector<std::string> choices = {};                      // nothing else is taken; help shows them if `type` is empty
    std::function<std::string(const std::string&)> wrong = {};  // what is wrong with a value; empty: nothing
    bool required = false;
    char separator = 0;  // between several values in one argument
};

/// One command while it is declared. What the values are read into has to live as long as the CommandLine.
class Command {
public:
    void option(const Value& value, std::string& into);
    void option(const Value& value, std::optional<std::string>& into);
    /// Any number of values: an operand takes all words that are left, an option one each time that it is given.
    void option(const Value& value, std::vector<std::string>& into);
    /// @param least, most  the limits, which are taken too.
    void number(const Value& value, std::optional<std::int64_t>& into, std::int64_t least, std::int64_t most);
    void flag(const std::string& names, bool& into, const std::string& about);
    void flag(const std::string& names, std::function<void()> given, const std::string& about);
    /// Both were declared before.
    void excludes(const std::string& option, const std::string& other);
    /// What help says below the options.
    void footer(const std::string& text);
    /// What the command does, after its options were read.
    void action(std::function<Exit()> run);
    /// A command below this one, which then does nothing by itself: one of those below it has to be named.
    Command command(const std::string& name, const std::string& about);
    /// One below a command that has an action of its own, which is done where none below it is named.
    Command further_command(const std::string& name, const std::string& about);

private:
    friend class CommandLine;
    Command(CLI::App& app, Exit& exit) : app_(&app), exit_(&exit) {}
    CLI::App* app_;
    Exit* exit_;
};

/// An option or operand as it was declared.
struct KnownOption {
    std::vector<std::string> names;  // with their dashes; an operand's without
    std::string about;
    std::string type;                  // of its value, as help writes it; empty: takes none
    std::vector<std::string> choices;  // empty: not only some words
    bool operand = false, repeatable = false;
};

struct KnownCommand {
    std::string name, about;
    std::vector<KnownOption> options;
    std::vector<KnownCommand> commands = {};  // below it, in the order of their declaration
};

class CommandLine {
public:
    /// @param about    what help begins with.
    /// @param footer   what help ends with.
    /// @param version  what --version prints.
    CommandLine(const std::string& name, const std::string& about, const std::string& footer, const std::string& version);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    Command command(const std::string& name, const std::string& about);

    /// Reads the words and runs the command that they name. --help and --version are printed to standard output; what cannot be
    /// understood is said on standard error.
    /// @return  of the command; ok after --help and --version; usage.
    Exit run(int argc, const char* const* argv);

    /// The program itself, with the options that stand without a command.
    KnownCommand program() const;
    /// In the order of their declaration.
    std::vector<KnownCommand> commands() const;

private:
    std::unique_ptr<CLI::App> app_;
    Exit exit_ = Exit::ok;
};

}  // namespace exota::programs
