#include "programs/completion_scripts.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

using Kind = CompletionValue::Kind;

const CompletionProgram program{
    .name = "prog",
    .options = {{.names = {"--version"}, .about = "The version"}},
    .commands = {{.name = "look",
                  .about = "Look: it's \\ here",
                  .options = {{.names = {"-f", "--file"}, .about = "It's [one] of \\ these: $(x)", .value = {Kind::file, "FILE"}},
                              {.names = {"--rcpt"}, .about = "Many", .value = {Kind::text, "A:B"}, .repeatable = true}},
                  .operand = {Kind::choice, "SHELL", {"one", "two"}}}}};

struct Case {
    const char* name;
    std::string (*script)(const CompletionProgram&);
    const char* has;
};

class CompletionScripts : public ::testing::TestWithParam<Case> {};

TEST_P(CompletionScripts, say) {
    const std::string script = GetParam().script(program);
    EXPECT_NE(script.find(GetParam().has), std::string::npos) << script;
}

INSTANTIATE_TEST_SUITE_P(Table, CompletionScripts,
                         ::testing::Values(Case{"bash_first_word", bash_completion, "options='--version look'\n"},
                                           Case{"bash_options", bash_completion, "options='-f --file --rcpt'\n"},
                                           Case{"bash_value", bash_completion, "-f | --file) kind=file ;;\n"},
                                           Case{"bash_text", bash_completion, "--rcpt) kind=text ;;\n"},
                                           Case{"bash_operand", bash_completion, "[[ $current == -* ]] || kind=choice choices='one two'\n"},
                                           Case{"zsh_quotes_and_brackets", zsh_completion,
                                                R"('(-f --file)--file=[It'\''s \[one\] of \\ these: $(x)]:FILE:_files')"},
                                           Case{"zsh_short_option", zsh_completion, R"('(-f --file)-f+[It'\''s)"},
                                           Case{"zsh_repeatable", zsh_completion, R"('*--rcpt=[Many]:A\:B: ')"},
                                           Case{"zsh_command", zsh_completion, R"('look:Look: it'\''s \\ here')"},
                                           Case{"zsh_operand", zsh_completion, "'*:SHELL:(one two)'"}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace exota::programs
