#include "config/key_table.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace exota::config {
namespace {

constexpr std::string_view any_name = "NAME";

/// Takes the parts of `name` off the front of `pattern`, as far as they fit.
/// @return  false: one does not fit, or there are more than the pattern has.
bool take_parts(std::string_view& pattern, std::string_view name) noexcept {
    while (!name.empty()) {
        if (pattern.empty()) return false;
        const std::string_view wanted = base::take_until(pattern, '.'), part = base::take_until(name, '.');
        if (wanted == any_name ? !is_section_name(part) : wanted != part) return false;
    }
    return true;
}

/// Behind its last dot.
std::string_view last_part(std::string_view name) noexcept { return name.substr(name.rfind('.') + 1); }  // npos + 1 is 0

}  // namespace

bool is_section_name(std::string_view text) noexcept {
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= max_section_name_octets && std::ranges::all_of(text, allowed);
}

std::string_view section_of(std::string_view name) noexcept {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

KeyTable::KeyTable(std::span<const Key> keys) : keys_(keys) {
    for (const Key& key : keys) {
        if (key.fallback.empty()) continue;
        auto parsed = parse_toml("v = " + std::string(key.fallback));
        if (!parsed) std::abort();
        Node node = std::move(std::get<Node::Table>(parsed->value).front().value);
        node.line = node.column = 0;
        defaults_.emplace(key.name, std::move(node));
    }
}

const Key* KeyTable::find(std::string_view name) const noexcept {
    for (const Key& key : keys_) {
        if (key.name == name) return &key;
        std::string_view rest = key.name;
        if (rest.contains(any_name) && take_parts(rest, name) && rest.empty()) return &key;
    }
    return nullptr;
}

bool KeyTable::is_section(std::string_view name) const noexcept {
    return !name.empty() && std::ranges::any_of(keys_, [&](const Key& key) {
        std::string_view rest = key.name;
        return take_parts(rest, name) && !rest.empty();
    });
}

bool KeyTable::holds_named_sections(std::string_view section) const noexcept {
    return !section.empty() && std::ranges::any_of(keys_, [&](const Key& key) {
        std::string_view rest = key.name;
        return take_parts(rest, section) && base::take_until(rest, '.') == any_name && !rest.empty();
    });
}

std::vector<std::string_view> KeyTable::words_in(std::string_view section) const {
    std::vector<std::string_view> words;
    for (const Key& key : keys_) {
        std::string_view rest = key.name;
        if (!take_parts(rest, section) || rest.empty()) continue;
        const std::string_view word = base::take_until(rest, '.');
        if (word != any_name && (words.empty() || words.back() != word)) words.push_back(word);
    }
    return words;
}

std::string KeyTable::nearest(std::string_view unknown) const {
    const std::string_view section = section_of(unknown), last = last_part(unknown);
    const auto in_section = [&](std::string_view word) {
        return section.empty() ? std::string(word) : std::string(section) + '.' + std::string(word);
    };
    std::vector<std::string_view> words = words_in(section);  // first what may stand here, then the same word in another section
    if (const auto near = base::nearest_word(last, words.data(), words.size()); !near.empty()) return in_section(near);
    if (!section.empty())
        for (const std::string_view word : words)  // "authserv_id_file" is far from any word, but means one
            if (word.size() >= 4 && last.starts_with(word)) return in_section(word);
    for (const Key& key : keys_)
        if (last_part(key.name) == last) return std::string(key.name);
    words.clear();
    for (const Key& key : keys_) words.push_back(key.name);
    return std::string(base::nearest_word(unknown, words.data(), words.size()));
}

const Node* KeyTable::default_of(const Key& key) const noexcept {
    const auto found = defaults_.find(key.name);
    return found == defaults_.end() ? nullptr : &found->second;
}

const KeyTable& key_table() {
    static const KeyTable table(keys());
    return table;
}

}  // namespace exota::config
