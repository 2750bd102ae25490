// What is wrong with a TOML text, in words for operators: toml++ speaks to those who know its parser.
//
// Tested by toml_words_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace exota::config {

/// @param description  toml++'s own: "Error while parsing RULE: what it expected".
/// @return             one sentence; of an error that is not known, that it is no TOML.
std::string words_for_toml_error(std::string_view description);

/// A line of the text and below it a mark under the column, for a terminal: two lines, each with its line break. What is not printable
/// ASCII is shown as '?', a long line from near the column on. Empty where there is no such line.
/// @param line, column  from 1, the column in characters.
std::string marked_line(std::string_view text, std::size_t line, std::size_t column);

}  // namespace exota::config
