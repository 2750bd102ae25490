#include "base/shell.h"

#include <gtest/gtest.h>

namespace exota::base {
namespace {

TEST(ShellWord, IsOneWordWhateverIsInIt) {
    const struct {
        std::string_view text, want;
    } cases[] = {
        {"plain", "plain"},
        {"a@b.test", "a@b.test"},
        {"TLSv1.3,x:y=1%+-_/", "TLSv1.3,x:y=1%+-_/"},
        {"", "''"},
        {"a b", "'a b'"},
        {"a\nb", "'a\nb'"},
        {"<>", "'<>'"},
        {"$(rm) `x` \\ \"", "'$(rm) `x` \\ \"'"},
        {"it's", "'it'\\''s'"},
        {"'", "''\\'''"},
        {"*", "'*'"},
        {"~", "'~'"},
        {"\xc3\xa4", "'\xc3\xa4'"},
    };
    for (const auto& c : cases) EXPECT_EQ(shell_word(c.text), c.want);
}

}  // namespace
}  // namespace exota::base
