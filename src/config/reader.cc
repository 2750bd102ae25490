#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "config/unbuilt.h"

namespace exota::config {
namespace {

/// The defaults of the table as nodes, parsed once.
const std::map<std::string_view, Node>& default_nodes() {
    static const auto nodes = [] {
        std::map<std::string_view, Node> out;
        for (const Key& key : keys()) {
            if (key.fallback.empty()) continue;
            auto parsed = parse_toml("v = " + std::string(key.fallback));
            if (!parsed) std::abort();  // the table is ours: config_test reads every default
            Node node = std::move(std::get<Node::Table>(parsed->value).front().value);
            node.line = node.column = 0;
            out.emplace(key.name, std::move(node));
        }
        return out;
    }();
    return nodes;
}

bool is_list(KeyType type) noexcept {
    switch (type) {
        case KeyType::text_list:
        case KeyType::domain_list:
        case KeyType::authserv_ids:
        case KeyType::prefix_list:
        case KeyType::proof_list:
        case KeyType::limit_list:
            return true;
        default:
            return false;
    }
}

/// Position of `word` in "a|b|c", or -1.
std::int64_t index_of_choice(std::string_view choices, std::string_view word) {
    for (std::int64_t i = 0; !choices.empty(); ++i)
        if (base::take_until(choices, '|') == word) return i;
    return -1;
}

bool is_truth(std::string_view word) noexcept { return word == "true" || word == "false"; }

/// As they stand in TOML: `false, "journal" or true`.
std::string spelled_choices(std::string_view choices) {
    std::string out;
    while (!choices.empty()) {
        const std::string_view word = base::take_until(choices, '|');
        out += out.empty() ? "" : choices.empty() ? " or " : ", ";
        out += is_truth(word) ? std::string(word) : '"' + std::string(word) + '"';
    }
    return out;
}

std::string in_range(const Key& key) {
    return "must be " + std::to_string(key.least) + " to " + std::to_string(key.most) +
           (key.unit.empty() ? "" : ' ' + std::string(key.unit));
}

}  // namespace

base::Result<std::chrono::seconds> parse_duration(std::string_view text) {
    text = base::trim(text);
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc{} || amount < 0) return base::fail(base::Errc::invalid_data, "no duration; write for example \"30 s\"");
    const std::string_view unit = base::trim(text.substr(static_cast<std::size_t>(end - text.data())));
    std::int64_t factor = 0;
    if (unit.empty() || unit == "s") factor = 1;
    if (unit == "min") factor = 60;
    if (unit == "h") factor = 3600;
    if (unit == "d") factor = 86400;
    if (factor == 0) return base::fail(base::Errc::invalid_data, "unknown unit of time; known are s, min, h, d");
    if (amount > 1'000'000'000) return base::fail(base::Errc::too_long, "duration too long");
    return std::chrono::seconds(amount * factor);
}

Reader::Reader(const Node& root, std::string file, std::vector<Problem>& problems) : file_(std::move(file)), problems_(problems) {
    for (const auto& [name, node] : default_nodes()) {
        Value value{&node, 0};
        if (!check(*find_key(name), node, value.number)) std::abort();
        defaults_.emplace(name, value);
    }
    for (const Member& section : *root.table()) {
        if (!is_section(section.key)) {
            unknown(section, section.key.empty() ? "\"\"" : section.key);
            continue;
        }
        if (!section.value.table()) {
            problem(Problem::Severity::error, section.key, section.value,
                    "must be a table ([" + section.key + "]), not " + std::string(section.value.kind()));
            continue;
        }
        for (const Member& member : *section.value.table()) {
            const std::string name = section.key + '.' + member.key;
            if (const Key* key = find_key(name))
                take(*key, member.value);
            else
                unknown(member, name);
        }
    }
    for (const Key& key : keys())
        if (key.fallback.empty() && !values_.contains(key.name) &&
            std::ranges::none_of(problems_, [&](const Problem& p) { return p.key == key.name; }))
            problem(Problem::Severity::error, key.name, Node{}, "is required: " + spelled_choices(key.choices));
}

void Reader::unknown(const Member& member, const std::string& name) {
    Node place;
    place.line = member.line;
    place.column = member.column;
    if (auto unbuilt = unbuilt_section(std::string_view(name).substr(0, name.find('.')))) {
        problem(Problem::Severity::error, name, place, *std::move(unbuilt));
        return;
    }
    const std::string near = nearest_key(name);
    problem(Problem::Severity::error, name, place, near.empty() ? "unknown key" : "unknown key; the nearest known one is " + near);
}

void Reader::take(const Key& key, const Node& node) {
    Value value{&node, 0};
    if (check(key, node, value.number)) values_.insert_or_assign(std::string(key.name), value);
}

bool Reader::check(const Key& key, const Node& node, std::int64_t& number) {
    const auto refuse = [&](const Node& place, std::string text) {
        problem(Problem::Severity::error, key.name, place, std::move(text));
        return false;
    };
    const auto wanted = [&](std::string_view what) {
        return refuse(node, "must be " + std::string(what) + ", not " + std::string(node.kind()));
    };
    if (is_list(key.type)) {
        const auto* list = std::get_if<Node::List>(&node.value);
        if (!list) return wanted("a " + std::string(name_of(key.type)));
        bool good = true;
        for (const Node& element : *list)
            if (!std::holds_alternative<std::string>(element.value))
                good = refuse(element, "each element must be a string, not " + std::string(element.kind()));
        return good;
    }
    const auto* words = std::get_if<std::string>(&node.value);
    const auto* whole = std::get_if<std::int64_t>(&node.value);
    switch (key.type) {
        case KeyType::boolean:
            return std::holds_alternative<bool>(node.value) || wanted("true or false");
        case KeyType::integer:
            if (!whole) return wanted("an integer");
            number = *whole;
            return (number >= key.least && number <= key.most) || refuse(node, in_range(key));
        case KeyType::duration:
            if (whole) {
                number = *whole;
            } else if (words) {
                const auto parsed = parse_duration(*words);
                if (!parsed) return refuse(node, parsed.error().detail);
                number = parsed->count();
            } else {
                return wanted("a duration (seconds, or for example \"5 min\")");
            }
            return (number >= key.least && number <= key.most) || refuse(node, in_range(key));
        case KeyType::choice: {
            const auto* truth = std::get_if<bool>(&node.value);
            if (!words && !whole && !truth) return wanted(spelled_choices(key.choices));
            // Where the choices are numbers, they may be written as such; truth values must be, as in the tenants file.
            const std::string said = whole ? std::to_string(*whole) : truth ? *truth ? "true" : "false" : *words;
            number = index_of_choice(key.choices, said);
            if (number < 0) return refuse(node, "must be " + spelled_choices(key.choices) + ", not " + (truth ? said : '"' + said + '"'));
            if (words && is_truth(said)) return refuse(node, "write " + said + " without quotes");
            if (auto unbuilt = unbuilt_value(key.name, said)) return refuse(node, *std::move(unbuilt));
            return true;
        }
        case KeyType::mode_bits: {
            if (!words) return wanted("a file mode as a string (\"0660\")");
            number = -1;
            if (*words == "umask") return true;
            unsigned bits = 0;
            const auto [end, error] = std::from_chars(words->data(), words->data() + words->size(), bits, 8);
            if (error != std::errc{} || end != words->data() + words->size() || bits > static_cast<unsigned>(key.most))
                return refuse(node, "must be a file mode in octal digits, \"0\" to \"0777\", or \"umask\"");
            number = bits;
            return true;
        }
        default:
            if (!words) return wanted("a string");
            if (words->find('\0') != std::string::npos) return refuse(node, "holds a NUL");
            return true;
    }
}

const Reader::Value& Reader::value(std::string_view key) const {
    static constinit const Value none{};
    if (const auto found = values_.find(key); found != values_.end()) return found->second;
    if (const auto found = defaults_.find(key); found != defaults_.end()) return found->second;
    if (!find_key(key)) std::abort();  // a typing slip of ours: config_test reads every key
    return none;                       // required and missing: already noted
}

const Node& Reader::node(std::string_view key) const {
    static const Node nothing;
    const Value& found = value(key);
    return found.node ? *found.node : nothing;
}

bool Reader::given(std::string_view key) const { return values_.contains(key); }
bool Reader::boolean(std::string_view key) const { return std::get<bool>(node(key).value); }
std::int64_t Reader::integer(std::string_view key) const { return value(key).number; }
const std::string& Reader::text(std::string_view key) const { return std::get<std::string>(node(key).value); }
const Node::List& Reader::elements(std::string_view key) const { return std::get<Node::List>(node(key).value); }

std::vector<std::string> Reader::texts(std::string_view key) const {
    std::vector<std::string> out;
    for (const Node& element : elements(key)) out.push_back(std::get<std::string>(element.value));
    return out;
}

void Reader::problem(Problem::Severity severity, std::string_view key, const Node& place, std::string text) {
    problems_.push_back({severity, file_, place.line, place.column, std::string(key), std::move(text)});
}

}  // namespace exota::config
