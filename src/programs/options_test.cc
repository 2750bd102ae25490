#include "programs/options.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace exota::programs {
namespace {

/// A command line with one of each kind, and what it read.
struct Sample {
    Sample() {
        Command look = line.command("look", "Looks");
        look.option({.names = "-c,--config", .about = "A file", .type = "FILE"}, config);
        look.option({.names = "--shell", .about = "A word", .choices = {"bash", "zsh"}}, shell);
        look.option({.names = "--rcpt", .about = "Many", .type = "ADDRESS"}, recipients);
        look.option({.names = "--by", .about = "Some", .type = "COLUMN,...", .choices = {"a", "b"}, .separator = ','}, columns);
        look.option({.names = "--even",
                     .about = "An even length",
                     .wrong = [](const std::string& text) { return text.size() % 2 == 0 ? std::string() : "odd"; }},
                    even);
        look.number({.names = "--now", .about = "A number", .type = "SECONDS"}, now, 0, 999);
        look.flag("--json", json, "JSON");
        look.flag("--html", html, "HTML");
        look.excludes("--html", "--json");
        look.flag("--count", [this] { ++counted; }, "Counts");
        look.option({.names = "--text", .about = "Text"}, text);
        look.option({.names = "LOG", .about = "Files"}, logs);
        look.action([this] {
            ++runs;
            return Exit::refused;
        });
        Command need = line.command("need", "Needs");
        need.option({.names = "MESSAGE", .about = "A file", .required = true}, message);
        need.action([] { return Exit::ok; });
    }
    CommandLine line{"prog", "About", "Footer", "prog 1"};
    std::optional<std::string> config, even;
    std::string shell, text, message;
    std::vector<std::string> recipients, columns, logs;
    std::optional<std::int64_t> now;
    bool json = false, html = false;
    int counted = 0, runs = 0;

    Exit run(std::vector<const char*> words) {
        words.insert(words.begin(), "prog");
        return line.run(static_cast<int>(words.size()), words.data());
    }
};

struct Case {
    const char* name;
    std::vector<const char*> words;
    Exit exit;
};

class CommandLines : public ::testing::TestWithParam<Case> {};

TEST_P(CommandLines, are_taken_or_refused) {
    Sample sample;
    EXPECT_EQ(sample.run(GetParam().words), GetParam().exit);
    EXPECT_EQ(sample.runs, GetParam().exit == Exit::refused ? 1 : 0) << "a command runs if, and only if, its words are right";
}

INSTANTIATE_TEST_SUITE_P(Table, CommandLines,
                         ::testing::Values(Case{"nothing", {}, Exit::usage},                                        //
                                           Case{"version", {"--version"}, Exit::ok},                                //
                                           Case{"help", {"--help"}, Exit::ok},                                      //
                                           Case{"help_of_a_command", {"look", "--help"}, Exit::ok},                 //
                                           Case{"unknown_command", {"lok"}, Exit::usage},                           //
                                           Case{"unknown_option", {"look", "--nonsense"}, Exit::usage},             //
                                           Case{"exit_of_the_command", {"look"}, Exit::refused},                    //
                                           Case{"value", {"look", "-c", "x"}, Exit::refused},                       //
                                           Case{"value_missing", {"look", "-c"}, Exit::usage},                      //
                                           Case{"value_twice", {"look", "-c", "x", "--config", "y"}, Exit::usage},  //
                                           Case{"choice", {"look", "--shell", "zsh"}, Exit::refused},               //
                                           Case{"no_choice", {"look", "--shell", "fish"}, Exit::usage},             //
                                           Case{"right_by_its_check", {"look", "--even", "ab"}, Exit::refused},     //
                                           Case{"wrong_by_its_check", {"look", "--even", "abc"}, Exit::usage},      //
                                           Case{"columns_no_choice", {"look", "--by", "a,c"}, Exit::usage},         //
                                           Case{"number_least", {"look", "--now", "0"}, Exit::refused},             //
                                           Case{"number_below", {"look", "--now", "-1"}, Exit::usage},              //
                                           Case{"number_most", {"look", "--now", "999"}, Exit::refused},            //
                                           Case{"number_above", {"look", "--now", "1000"}, Exit::usage},            //
                                           Case{"no_number", {"look", "--now", "today"}, Exit::usage},              //
                                           Case{"number_empty", {"look", "--now=", "1"}, Exit::usage},              //
                                           Case{"choice_empty", {"look", "--shell=", "zsh"}, Exit::usage},          //
                                           Case{"columns_empty", {"look", "--by=", "a"}, Exit::usage},              //
                                           Case{"unknown_option_empty", {"look", "--nonsense="}, Exit::usage},      //
                                           Case{"flag_with_a_value", {"look", "--json=x"}, Exit::usage},            //
                                           Case{"excluded", {"look", "--json", "--html"}, Exit::usage},             //
                                           Case{"operand_required", {"need"}, Exit::usage},                         //
                                           Case{"operand_too_many", {"need", "a", "b"}, Exit::usage},               //
                                           Case{"operand", {"need", "a"}, Exit::ok}),
                         [](const auto& each) { return each.param.name; });

TEST(CommandLine, values_arrive) {
    Sample sample;
    EXPECT_EQ(sample.run({"look", "--rcpt", "a", "one.log", "--rcpt", "b", "--by", "a,b", "two.log", "--now", "12", "--json", "--count"}),
              Exit::refused);
    EXPECT_EQ(sample.recipients, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(sample.columns, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(sample.logs, (std::vector<std::string>{"one.log", "two.log"})) << "an option takes one value each time that it is given";
    EXPECT_EQ(sample.now, 12);
    EXPECT_TRUE(sample.json);
    EXPECT_EQ(sample.counted, 1);
    EXPECT_EQ(sample.config, std::nullopt) << "what is not given stays as it was";
}

TEST(CommandLine, an_empty_value_behind_the_sign_takes_no_other_word) {
    Sample sample;
    sample.text = "before";
    EXPECT_EQ(sample.run({"look", "--text=", "--config=", "--even=", "one.log", "--rcpt=", "--rcpt", "b", "--now=7", "--rcpt=", "two.log"}),
              Exit::refused);
    EXPECT_EQ(sample.text, "");
    EXPECT_EQ(sample.config, "") << "given, and empty";
    EXPECT_EQ(sample.even, "");
    EXPECT_EQ(sample.recipients, (std::vector<std::string>{"", "b", ""}));
    EXPECT_EQ(sample.now, 7);
    EXPECT_EQ(sample.logs, (std::vector<std::string>{"one.log", "two.log"}));
}

TEST(CommandLine, what_only_looks_like_an_empty_value_stays) {
    Sample sample;
    EXPECT_EQ(sample.run({"look", "-c", "--even=", "--text==", "--rcpt=a=", "--rcpt", "--", "--even=", "--", "--text=", "-"}),
              Exit::refused);
    EXPECT_EQ(sample.config, "--even=") << "the value of -c";
    EXPECT_EQ(sample.text, "=");
    EXPECT_EQ(sample.recipients, (std::vector<std::string>{"a=", "--"}));
    EXPECT_EQ(sample.even, "") << "the first -- was a value";
    EXPECT_EQ(sample.logs, (std::vector<std::string>{"--text=", "-"}));
    Sample brief;
    EXPECT_EQ(brief.run({"look", "-c="}), Exit::refused);
    EXPECT_EQ(brief.config, "=") << "the short form has no sign";
}

TEST(CommandLine, a_value_in_brackets_is_one) {
    Sample sample;
    EXPECT_EQ(sample.run({"look", "[a,b]", "--rcpt", "[c,d]", "[]", "--config=[e,f]", "--", "[g", "-h]", "[i,j]"}), Exit::refused);
    EXPECT_EQ(sample.logs, (std::vector<std::string>{"[a,b]", "[]", "[g", "-h]", "[i,j]"}));
    EXPECT_EQ(sample.recipients, (std::vector<std::string>{"[c,d]"}));
    EXPECT_EQ(sample.config, "[e,f]");
}

TEST(CommandLine, a_required_list_of_operands_wants_one_and_takes_all) {
    for (const std::vector<const char*>& words : {std::vector<const char*>{}, {"a"}, {"[a,b]", "c", "d"}}) {
        CommandLine line{"prog", "About", "Footer", "prog 1"};
        std::vector<std::string> names;
        Command remove = line.command("remove", "Removes");
        remove.option({.names = "TENANT", .about = "Names", .required = true}, names);
        remove.action([] { return Exit::ok; });
        std::vector<const char*> all{"prog", "remove"};
        all.insert(all.end(), words.begin(), words.end());
        EXPECT_EQ(line.run(static_cast<int>(all.size()), all.data()), words.empty() ? Exit::usage : Exit::ok);
        EXPECT_EQ(names, std::vector<std::string>(words.begin(), words.end()));
    }
}

TEST(CommandLine, knows_what_was_declared) {
    const Sample sample;
    const std::vector<KnownCommand> commands = sample.line.commands();
    ASSERT_EQ(commands.size(), 2);
    EXPECT_EQ(commands[0].name, "look");
    EXPECT_EQ(commands[0].about, "Looks");
    const auto find = [&](std::size_t command, const std::string& name) {
        for (const KnownOption& option : commands[command].options)
            if (std::ranges::find(option.names, name) != option.names.end()) return option;
        ADD_FAILURE() << name;
        return KnownOption{};
    };
    EXPECT_EQ(find(0, "--config").names, (std::vector<std::string>{"-c", "--config"}));
    EXPECT_EQ(find(0, "--config").type, "FILE");
    EXPECT_EQ(find(0, "--shell").choices, (std::vector<std::string>{"bash", "zsh"}));
    EXPECT_EQ(find(0, "--now").type, "SECONDS");
    EXPECT_TRUE(find(0, "--rcpt").repeatable);
    EXPECT_EQ(find(0, "--json").type, "");
    EXPECT_TRUE(find(1, "MESSAGE").operand);
    const KnownCommand program = sample.line.program();
    EXPECT_EQ(program.name, "prog");
    EXPECT_TRUE(std::ranges::any_of(program.options, [](const KnownOption& option) { return option.names.back() == "--version"; }));
}

}  // namespace
}  // namespace exota::programs
