// Values of the configuration by key, typed and checked against the table of keys (key_table.h); what is not given has its default.
//
// Every problem is noted with its place, and reading goes on with the default, so that one run shows all of them.
//
// Tested by reader_test.cc and config_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/key_table.h"
#include "config/start_values.h"
#include "config/tree.h"

namespace exota::config {

inline constexpr std::size_t max_named_sections = 100;  // below one section, as [gateway.NAME]

/// Keys are named as the operator writes them: "milter.listen", "gateway.exchange.listen".
class Reader {
public:
    /// Notes unknown keys and wrong types at once. `root`, `problems` and `table` must outlive the reader.
    Reader(const Node& root, std::string file, std::vector<Problem>& problems, const KeyTable& table = key_table());

    /// What the operator called the sections below this one ("gateway"), sorted: whichever order they were written in.
    std::vector<std::string> names_in(std::string_view section) const;
    /// Of every key that only a start reads, in the order of the table.
    std::vector<StartValue> start_values() const;

    bool given(std::string_view key) const;
    bool boolean(std::string_view key) const;
    std::int64_t integer(std::string_view key) const;
    std::size_t size(std::string_view key) const { return static_cast<std::size_t>(integer(key)); }
    std::chrono::seconds duration(std::string_view key) const { return std::chrono::seconds(integer(key)); }
    std::chrono::milliseconds milliseconds(std::string_view key) const { return std::chrono::milliseconds(integer(key)); }
    const std::string& text(std::string_view key) const;
    /// Which of the key's choices, from 0.
    template <class Enum>
    Enum choice(std::string_view key) const {
        return static_cast<Enum>(choice_index(key));
    }
    /// The same, as the word that it is; empty of one that is required and missing.
    std::string word(std::string_view key) const;
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

    /// Each member of a table of words: its name, which word of the key's choices, from 0, and its place for error().
    struct Word {
        std::string name;
        std::int64_t index = 0;
        const Node* place = nullptr;
    };
    std::vector<Word> words(std::string_view key) const;
    void error(std::string_view key, const Word& at, std::string text) {
        problem(Problem::Severity::error, key, *at.place, std::move(text));
    }

    /// The section is there, with a key or without.
    bool has_section(std::string_view section) const { return sections_.contains(section); }

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
    using Named = std::map<std::string, Node, std::less<>>;  // place of each section

    void read_table(const Node::Table& table, const std::string& section);
    /// @param above  the section in which `name` stands; empty: none.
    void read_section(const Member& member, const std::string& above, const std::string& name);
    void note_missing();
    /// The names under which this key can stand, with the place of the section where there is one.
    std::vector<std::pair<std::string, Node>> names_of(const Key& key) const;
    std::string start_value(const Key& key, const std::string& name) const;
    void take(const Key& key, const std::string& name, const Node& node);
    bool check(const Key& key, std::string_view name, const Node& node, std::int64_t& number);
    void unknown(const Member& member, const std::string& name);
    const Node& node(std::string_view key) const;
    const Value& value(std::string_view key) const;
    const Node::List& elements(std::string_view key) const;
    std::int64_t choice_index(std::string_view key) const { return value(key).number; }
    void problem(Problem::Severity severity, std::string_view key, const Node& node, std::string text);

    std::string file_;
    std::vector<Problem>& problems_;
    const KeyTable& table_;
    std::map<std::string, Value, std::less<>> values_;    // what was given and is of the right type
    std::map<std::string, Value, std::less<>> defaults_;  // of every key that has one, as the table names it
    std::map<std::string, Named, std::less<>> named_;     // "gateway" → what is below it
    std::map<std::string, Node, std::less<>> sections_;   // that are there, with their places
};

/// "30", "30 s", "5 min", "2 h", "1 d" in seconds.
base::Result<std::chrono::seconds> parse_duration(std::string_view text);
/// "5 ms", "1 s".
base::Result<std::chrono::milliseconds> parse_milliseconds(std::string_view text);
/// "65536", "64 KiB", "256 MiB", "10 GiB" in octets.
base::Result<std::int64_t> parse_size(std::string_view text);

}  // namespace exota::config
