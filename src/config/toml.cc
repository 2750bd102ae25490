// TOML → Node, by toml++.
//
// toml++ bounds nested lists and inline tables, but not the parts of a dotted key, each of which is a table in a table: a megabyte of
// "a.a.a.a" would be a stack of half a million destructors. So nesting is counted before it sees the text.
#include <toml++/toml.h>

#include <optional>

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf8.h"
#include "config/toml_words.h"
#include "config/tree.h"

namespace exota::config {
namespace {

/// Moves behind the string that starts here, as TOML 1.0 delimits it; to the end of the text if it never ends.
void skip_string(base::Cursor& in) {
    const char quote = in.peek();
    const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
    const bool multi_line = in.rest().starts_with(three);
    in.advance(multi_line ? 3 : 1);
    while (!in.at_end()) {
        if (quote == '"' && in.next_is('\\')) {
            in.advance(2);
        } else if (multi_line && in.rest().starts_with(three)) {
            in.advance(3);
            while (in.skip(quote)) {
            }  // up to two quotes may stand before the closing three
            return;
        } else if (!multi_line && (in.next_is(quote) || in.next_is('\n'))) {
            in.advance();
            return;
        } else {
            in.advance();
        }
    }
}

/// Where brackets or the parts of a dotted key nest deeper than max_depth.
std::optional<SyntaxError> find_excess_depth(std::string_view text) {
    std::size_t brackets = 0, dots = 0, line = 1, counted_to = 0;
    base::Cursor in(text);
    const auto place = [&]() -> SyntaxError {
        const std::string_view before = text.substr(0, in.position());
        const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        return {line, in.position() - line_start + 1, "nested deeper than " + std::to_string(max_depth) + " levels"};
    };
    while (!in.at_end()) {
        for (; counted_to < in.position(); ++counted_to)
            if (text[counted_to] == '\n') ++line;
        const char c = in.peek();
        switch (c) {
            case '#':
                in.take_while([](char x) { return x != '\n'; });
                continue;
            case '"':
            case '\'':
                skip_string(in);
                continue;
            case '[':
            case '{':
                dots = 0;
                if (++brackets > max_depth) return place();
                break;
            case ']':
            case '}':
                if (brackets > 0) --brackets;
                dots = 0;
                break;
            case '=':
            case ',':
            case '\n':
                dots = 0;
                break;
            case '.':
                if (++dots + brackets > max_depth) return place();
                break;
            default:
                break;
        }
        in.advance();
    }
    return std::nullopt;
}

/// toml++ reads ahead, so it names the line before. No sequence of UTF-8 holds a line break: line by line is right.
std::optional<SyntaxError> find_invalid_utf8(std::string_view text) {
    for (std::size_t line = 1; !text.empty(); ++line)
        if (!base::is_utf8(base::take_until(text, '\n'))) return SyntaxError{line, 1, "not valid UTF-8"};
    return std::nullopt;
}

Node convert(const toml::node& node) {
    Node out;
    out.line = node.source().begin.line;
    out.column = node.source().begin.column;
    switch (node.type()) {
        case toml::node_type::table: {
            Node::Table table;
            for (const auto& [key, value] : *node.as_table())
                table.push_back({std::string(key.str()), convert(value), key.source().begin.line, key.source().begin.column});
            out.value = std::move(table);
            break;
        }
        case toml::node_type::array: {
            Node::List list;
            for (const toml::node& element : *node.as_array()) list.push_back(convert(element));
            out.value = std::move(list);
            break;
        }
        case toml::node_type::string:
            out.value = node.as_string()->get();
            break;
        case toml::node_type::integer:
            out.value = node.as_integer()->get();
            break;
        case toml::node_type::floating_point:
            out.value = node.as_floating_point()->get();
            break;
        case toml::node_type::boolean:
            out.value = node.as_boolean()->get();
            break;
        default:
            out.value = Node::Other{"a date or time"};
            break;
    }
    return out;
}

}  // namespace

std::expected<Node, SyntaxError> parse_toml(std::string_view text) {
    if (text.size() > max_octets) return std::unexpected(SyntaxError{0, 0, "larger than " + std::to_string(max_octets) + " octets"});
    if (auto invalid = find_invalid_utf8(text)) return std::unexpected(*std::move(invalid));
    if (auto excess = find_excess_depth(text)) return std::unexpected(*std::move(excess));
    try {
        return convert(toml::parse(text));
    } catch (const toml::parse_error& error) {
        const std::size_t line = error.source().begin.line, column = error.source().begin.column;
        return std::unexpected(SyntaxError{line, column, words_for_toml_error(error.description()), marked_line(text, line, column)});
    }
}

}  // namespace exota::config
