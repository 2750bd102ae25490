// Values of the configuration by key, typed and checked against the table of keys (keys.h); what is not given has its default.
//
// Every problem is noted with its place, and reading goes on with the default, so that one run shows all of them.
//
// Tested by config_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/keys.h"
#include "config/tree.h"

namespace exota::config {

class Reader {
public:
    /// Notes unknown keys and wrong types at once. `root` and `problems` must outlive the reader.
    Reader(const Node& root, std::string file, std::vector<Problem>& problems);

    bool given(std::string_view key) const;
    bool boolean(std::string_view key) const;
    std::int64_t integer(std::string_view key) const;
    std::size_t size(std::string_view key) const { return static_cast<std::size_t>(integer(key)); }
    std::chrono::seconds duration(std::string_view key) const { return std::chrono::seconds(integer(key)); }
    const std::string& text(std::string_view key) const;
    /// Which of the key's choices, from 0.
    template <class Enum>
    Enum choice(std::string_view key) const {
        return static_cast<Enum>(choice_index(key));
    }
    std::vector<std::string> texts(std::string_view key) const;
    /// Each element of a list through `parse` (string_view → base::Result<T>); what it refuses is noted and left out.
    template <class Parse>
    auto list(std::string_view key, Parse parse) {
        std::vector<typename decltype(parse(std::string_view{}))::value_type> out;
        for (const Node& element : elements(key)) {
            auto parsed = parse(std::get<std::string>(element.value));
            if (parsed)
                out.push_back(*std::move(parsed));
            else
                problem(Problem::Severity::error, key, element, parsed.error().detail);
        }
        return out;
    }

    void error(std::string_view key, std::string text) { problem(Problem::Severity::error, key, node(key), std::move(text)); }
    /// Of an element of a list, from 0.
    void error(std::string_view key, std::size_t element, std::string text) {
        problem(Problem::Severity::error, key, elements(key).at(element), std::move(text));
    }
    void warning(std::string_view key, std::size_t element, std::string text) {
        problem(Problem::Severity::warning, key, elements(key).at(element), std::move(text));
    }
    void warning(std::string_view key, std::string text) { problem(Problem::Severity::warning, key, node(key), std::move(text)); }

private:
    struct Value {
        const Node* node = nullptr;
        std::int64_t number = 0;  // of integers, durations; index of a choice
    };
    void take(const Key& key, const Node& node);
    bool check(const Key& key, const Node& node, std::int64_t& number);
    void unknown(const Member& member, const std::string& name);
    const Node& node(std::string_view key) const;
    const Value& value(std::string_view key) const;
    const Node::List& elements(std::string_view key) const;
    std::int64_t choice_index(std::string_view key) const { return value(key).number; }
    void problem(Problem::Severity severity, std::string_view key, const Node& node, std::string text);

    std::string file_;
    std::vector<Problem>& problems_;
    std::map<std::string, Value, std::less<>> values_;    // what was given and is of the right type
    std::map<std::string, Value, std::less<>> defaults_;  // of every key that has one
};

/// "30", "30 s", "5 min", "2 h", "1 d" in seconds.
base::Result<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace exota::config
