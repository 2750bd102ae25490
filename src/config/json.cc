// JSON → Node, by the event parser of Boost.JSON: a document tree would keep the last of two equal keys and say nothing.
#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <optional>
#include <set>

#include "config/tree.h"

namespace exota::config {
namespace {

namespace json = boost::json;

/// What basic_parser calls (its documentation names the functions): builds nodes on a stack.
struct Handler {
    static constexpr std::size_t max_object_size = 10000;
    static constexpr std::size_t max_array_size = 100000;
    static constexpr std::size_t max_key_size = 4096;
    static constexpr std::size_t max_string_size = max_octets;

    struct Level {
        Node node;
        std::set<std::string, std::less<>> keys;
        std::string key;
    };
    std::vector<Level> open;
    std::optional<Node> root;
    std::string text, duplicate;

    bool put(Node node) {
        if (open.empty()) {
            root = std::move(node);
            return true;
        }
        Level& level = open.back();
        if (auto* list = std::get_if<Node::List>(&level.node.value))
            list->push_back(std::move(node));
        else
            std::get<Node::Table>(level.node.value).push_back({std::move(level.key), std::move(node)});
        return true;
    }
    template <class T>
    bool put_value(T value) {
        Node node;
        node.value = std::move(value);
        return put(std::move(node));
    }
    bool close() {
        Node node = std::move(open.back().node);
        open.pop_back();
        return put(std::move(node));
    }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) {
        open.emplace_back().node.value = Node::Table{};
        return true;
    }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code&) {
        open.emplace_back().node.value = Node::List{};
        return true;
    }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        text.append(part.data(), part.size());
        Level& level = open.back();
        if (!level.keys.insert(text).second) {
            duplicate = text;
            error = json::make_error_code(json::error::extra_data);
            return false;
        }
        level.key = std::move(text);
        text.clear();
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        text.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        text.append(part.data(), part.size());
        std::string whole = std::move(text);
        text.clear();
        return put_value(std::move(whole));
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) { return put_value(value); }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
        if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return put_value(static_cast<std::int64_t>(value));
        return put_value(static_cast<double>(value));
    }
    bool on_double(double value, json::string_view, json::error_code&) { return put_value(value); }
    bool on_bool(bool value, json::error_code&) { return put_value(value); }
    bool on_null(json::error_code&) { return put_value(Node::Other{"null"}); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

std::string_view Node::kind() const noexcept {
    static constexpr std::string_view kinds[] = {"",         "a boolean", "an integer", "a number with a fraction",
                                                 "a string", "a list",    "a table"};
    if (const auto* other = std::get_if<Other>(&value)) return other->what;
    return kinds[value.index()];
}

std::expected<Node, SyntaxError> parse_json(std::string_view text) {
    if (text.size() > max_octets) return std::unexpected(SyntaxError{0, 0, "larger than " + std::to_string(max_octets) + " octets"});
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<Handler> parser(options);
    json::error_code error;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
    const auto at = [&](std::size_t octet, std::string why) -> SyntaxError {
        std::size_t line = 1, column = 1;
        for (const char c : text.substr(0, octet)) {
            column = c == '\n' ? 1 : column + 1;
            line += c == '\n' ? 1 : 0;
        }
        return {line, column, std::move(why)};
    };
    Handler& handler = parser.handler();
    if (!handler.duplicate.empty()) return std::unexpected(at(used, "the key \"" + handler.duplicate + "\" comes twice"));
    if (error) return std::unexpected(at(used, error.message()));
    if (text.substr(used).find_first_not_of(" \t\r\n") != std::string_view::npos) return std::unexpected(at(used, "text behind the value"));
    if (!handler.root || !handler.root->table()) return std::unexpected(at(0, "a JSON object is wanted"));
    return *std::move(handler.root);
}

}  // namespace exota::config
