#include "config/toml_words.h"

#include <gtest/gtest.h>

#include "config/tree.h"

namespace exota::config {
namespace {

/// Whatever toml++ finds is said in our words: nobody is told of its parser's rules.
TEST(TomlWords, EachUsualMistakeHasItsSentence) {
    const struct {
        std::string text;
        std::string_view says;
    } cases[] = {
        {"a = \n", "value behind '=' is missing"},
        {"a = \n[b]\n", "value behind '=' is missing"},
        {"a\n", "a key has '='"},
        {"a: 1\n", "a key has '='"},
        {"a b = 1\n", "names with blanks"},
        {"[x]\na = 1\na = 2\n", "only once"},
        {"[a]\n[a]\n", "only once"},
        {"a.b = 1\na = 2\n", "only once"},
        {"[x\n", "no ']'"},
        {"[a]]\n", "behind the ']'"},
        {"[a.]\n", "no name of a key"},
        {"a = \"open\n", "closing quote"},
        {"a = 'x\n", "closing quote"},
        {"a = \"\"\"x\n", "closing quotes"},
        {"a = \"x\\q\"\n", "begins an escape"},
        {"a = \"\\u12\"\n", "four hexadecimal digits"},
        {"a = monitor\n", "double quotes"},
        {"a = mx.example.net\n", "double quotes"},
        {"mode = \xe2\x80\x9cmonitor\xe2\x80\x9d\n", "double quotes"},
        {"a = tru\n", "only true, false and numbers"},
        {"a = 40.92.0.0/15\n", "no number"},
        {"a = 5 min\n", "\"5 min\""},
        {"a = 01\n", "does not begin with 0"},
        {"a = 99999999999999999999\n", "too large"},
        {"a = 1 b = 2\n", "a line of its own"},
        {"a = [1, 2\nb = 3\n", "',' or its closing ']'"},
        {"a = [\"x\" \"y\"]\n", "',' or its closing ']'"},
        {"a = [1,,2]\n", "too many"},
        {"x = [\n", "no closing ']'"},
        {"a = {b=1\n", "in { }"},
        {"a = {b=1,}\n", "in { }"},
        {"a = {}\n[a.b]\n", "cannot be added to"},
        {"= 1\n", "a line is NAME = VALUE"},
        {"a = 2020-13-01\n", "no TOML"},
        {"a = \x01\n", "control character"},
    };
    for (const auto& c : cases) {
        const auto tree = parse_toml(c.text);
        ASSERT_FALSE(tree) << c.text;
        const std::string& said = tree.error().text;
        EXPECT_TRUE(said.contains(c.says)) << c.text << said;
        EXPECT_FALSE(said.contains("Error while parsing") || said.contains("saw '") || said.contains('\n')) << said;
        EXPECT_FALSE(tree.error().shown.empty()) << c.text;
    }
}

TEST(TomlWords, AnErrorThatIsNotKnownIsSaidToBeNoToml) {
    EXPECT_TRUE(words_for_toml_error("Error while parsing something new: expected nothing").contains("no TOML"));
    EXPECT_TRUE(words_for_toml_error("").contains("no TOML"));
}

TEST(TomlWords, TheLineIsShownWithAMarkBelow) {
    const struct {
        std::string text;
        std::size_t line, column;
        std::string want;
    } cases[] = {
        {"a = 1\nb = x\n", 2, 5, "    b = x\n        ^\n"},
        {"a = \n", 1, 5, "    a = \n        ^\n"},
        {"a = \r\n", 1, 5, "    a = \n        ^\n"},
        {"a = 1", 1, 99, "    a = 1\n         ^\n"},
        {"\ta\x1b[2K = x\n", 1, 2, "     a?[2K = x\n     ^\n"},
        {"\xc3\xa4 = \"\xe2\x80\x9c\" x\n", 1, 9, "    ? = \"?\" x\n            ^\n"},
        {"", 1, 1, "    \n    ^\n"},
        {"a\n", 3, 1, ""},
        {"a\n", 0, 1, ""},
        {"a\n", 1, 0, ""},
    };
    for (const auto& c : cases) EXPECT_EQ(marked_line(c.text, c.line, c.column), c.want) << c.text;
    const std::string cut = marked_line(std::string(500, 'a') + "X" + std::string(500, 'b'), 1, 501);
    EXPECT_LT(cut.size(), 260U);
    EXPECT_EQ(cut[cut.find('X') - 4], 'a');
    EXPECT_EQ(cut.find('^') - cut.find('\n') - 1, cut.find('X')) << "below the X";
}

}  // namespace
}  // namespace exota::config
