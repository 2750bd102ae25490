#include "config/toml_words.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/utf8.h"

namespace exota::config {
namespace {

/// An error whose description has both texts. The first that fits counts.
struct Known {
    std::string_view rule, expected, words;
};
constexpr auto known = std::to_array<Known>({
    {"", "cannot redefine existing", "each key and each [section] may stand only once; this is its second time"},
    {"", "into existing inline table", "a table that was written in { } cannot be added to"},
    {"table header", "expected ']'", "the name of the section has no ']' behind it"},
    {"table header", "comment or whitespace", "only a # comment may stand behind the ']' of a section"},
    {"table header", "", "a section is [NAME] on a line of its own"},
    {"key-value pair", "expected value", "the value behind '=' is missing"},
    {"key-value pair", "expected '='", "a key has '=' and a value behind it; names with blanks are none"},
    {"key-value pair", "comment or whitespace",
     "only a # comment may stand behind a value: text is in double quotes (\"5 min\"), and each key has a line of its own"},
    {"key-value pair", "end-of-file", "the text ends within a key and its value"},
    {"boolean", "", "no value: text is in double quotes; only true, false and numbers are without"},
    {"value", "could not determine", "no value: text is in double quotes (\"…\"), a list in [ ], else it is true, false or a number"},
    {"value", "control character", "a control character where a value should be"},
    {"string", "control characters", "the line ends, or has a control character, before the closing quote"},
    {"string", "end-of-file", "the closing quotes are missing"},
    {"string", "escape", "a '\\' within double quotes begins an escape: write \"\\\\\" for one, or use single quotes"},
    {"unicode scalar", "", "a \\u within double quotes has four hexadecimal digits behind it, a \\U eight"},
    {"array", "saw comma", "the list has a ',' too many"},
    {"array", "expected comma", "the list lacks a ',' or its closing ']' before this"},
    {"array", "", "the list has no closing ']'"},
    {"inline table", "", "a table in { } has NAME = VALUE, parted by ',', on one line, and no ',' at its end"},
    {"integer", "representable", "the number is too large"},
    {"integer", "leading zeroes", "a number does not begin with 0"},
    {"integer", "", "no number: text is in double quotes"},
    {"floating-point", "", "no number: text is in double quotes (addresses and versions, too)"},
    {"root table", "", "a line is NAME = VALUE, a [SECTION], or a # comment"},
    {"key", "", "no name of a key: those have letters, digits, '-' and '_', or stand in quotes"},
});

}  // namespace

std::string words_for_toml_error(std::string_view description) {
    constexpr std::string_view beginning = "Error while parsing ";
    if (description.starts_with(beginning)) description.remove_prefix(beginning.size());
    std::string_view expected = description;
    const std::string_view rule = base::take_until(expected, ':');
    const auto found = std::ranges::find_if(known, [&](const Known& k) { return rule.contains(k.rule) && expected.contains(k.expected); });
    return found != known.end() ? std::string(found->words)
                                : "this is no TOML (a date, time or number that is none, or a text without quotes)";
}

std::string marked_line(std::string_view text, std::size_t line, std::size_t column) {
    constexpr std::size_t most = 120;
    if (line == 0 || column == 0) return {};
    for (std::size_t i = 1; i < line; ++i) {
        if (text.find('\n') == std::string_view::npos) return {};
        base::take_until(text, '\n');
    }
    std::string shown;  // an octet a character, so that the mark stands below it
    for (const char c : base::take_until(text, '\n')) {
        if (!base::continues_character(c)) shown += c == '\t' ? ' ' : c >= 0x20 && c < 0x7f ? c : '?';
    }
    while (!shown.empty() && (shown.back() == ' ' || shown.back() == '?') && shown.size() >= column) shown.pop_back();  // CR too
    std::size_t mark = std::min(column - 1, shown.size());
    const std::size_t first = mark > most / 2 && shown.size() > most ? mark - most / 2 : 0;
    mark -= first;
    return "    " + shown.substr(first, most) + "\n    " + std::string(mark, ' ') + "^\n";
}

}  // namespace exota::config
