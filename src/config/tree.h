// A configuration text as a tree: what TOML and JSON have in common, with the place of every value.
//
// The readers of values (reader.cc) see only this, so a configuration means the same whichever of the two it was written in.
// Both parsers are other people's; what they may be fed is bounded here: size and depth are checked before they start.
//
// Tested by tree_test.cc and fuzz/config_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace exota::config {

inline constexpr std::size_t max_octets = 1024 * 1024;
inline constexpr std::size_t max_depth = 16;  // of tables and lists, dotted keys included

struct Member;

struct Node {
    /// What has no use in a configuration: null, dates and times. Kept to be reported with its place.
    struct Other {
        std::string what;
    };
    using List = std::vector<Node>;
    using Table = std::vector<Member>;

    std::variant<Other, bool, std::int64_t, double, std::string, List, Table> value;
    std::size_t line = 0, column = 0;  // from 1; 0: unknown (JSON)

    /// "a string", "a list" …, for messages.
    std::string_view kind() const noexcept;
    const Table* table() const noexcept { return std::get_if<Table>(&value); }
};

/// In the order of the text, except that TOML's tables come sorted by name.
struct Member {
    std::string key;
    Node value;
    std::size_t line = 0, column = 0;  // of the key
};

struct SyntaxError {
    std::size_t line = 0, column = 0;
    std::string text;
    std::string shown = {};  // the line with a mark below, for a terminal; empty: none is known
};

/// The root is always a table. TOML 1.0.
std::expected<Node, SyntaxError> parse_toml(std::string_view text);
/// A JSON object; a key that comes twice in one object is an error. Places are those of syntax errors only.
std::expected<Node, SyntaxError> parse_json(std::string_view text);

}  // namespace exota::config
