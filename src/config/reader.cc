#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "config/unbuilt.h"

namespace exota::config {
namespace {

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

/// Of a configuration that lacks it, too, the keys without a default are missing.
constexpr std::string_view required_section = "authorisation";
constexpr std::string_view any_name = ".NAME";

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

Node place_of(const Member& member) {
    Node place;
    place.line = member.line;
    place.column = member.column;
    return place;
}

template <class Duration>
base::Result<std::int64_t> count_of(const base::Result<Duration>& duration) {
    if (!duration) return std::unexpected(duration.error());
    return duration->count();
}

struct Amount {
    std::int64_t amount = -1;  // negative: none
    std::string_view unit;
};
/// "30 min": both may have blanks around.
Amount amount_and_unit(std::string_view text) noexcept {
    text = base::trim(text);
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc{}) return {};
    return {amount, base::trim(text.substr(static_cast<std::size_t>(end - text.data())))};
}

}  // namespace

base::Result<std::chrono::seconds> parse_duration(std::string_view text) {
    const auto [amount, unit] = amount_and_unit(text);
    if (amount < 0) return base::fail(base::Errc::invalid_data, "no duration; write for example \"30 s\"");
    std::int64_t factor = 0;
    if (unit.empty() || unit == "s") factor = 1;
    if (unit == "min") factor = 60;
    if (unit == "h") factor = 3600;
    if (unit == "d") factor = 86400;
    if (factor == 0) return base::fail(base::Errc::invalid_data, "unknown unit of time; known are s, min, h, d");
    if (amount > 1'000'000'000) return base::fail(base::Errc::too_long, "duration too long");
    return std::chrono::seconds(amount * factor);
}

base::Result<std::chrono::milliseconds> parse_milliseconds(std::string_view text) {
    const auto [amount, unit] = amount_and_unit(text);
    if (amount < 0) return base::fail(base::Errc::invalid_data, "no duration; write for example \"5 ms\"");
    if (unit != "ms" && unit != "s") return base::fail(base::Errc::invalid_data, "unknown unit of time; known are ms, s");
    if (amount > 1'000'000'000) return base::fail(base::Errc::too_long, "duration too long");
    return std::chrono::milliseconds(unit == "s" ? amount * 1000 : amount);
}

base::Result<std::int64_t> parse_size(std::string_view text) {
    const auto [amount, unit] = amount_and_unit(text);
    if (amount < 0) return base::fail(base::Errc::invalid_data, "no size; write for example \"64 KiB\"");
    std::int64_t factor = 0;
    if (unit.empty()) factor = 1;
    if (unit == "KiB") factor = std::int64_t{1} << 10;
    if (unit == "MiB") factor = std::int64_t{1} << 20;
    if (unit == "GiB") factor = std::int64_t{1} << 30;
    if (factor == 0) return base::fail(base::Errc::invalid_data, "unknown unit of size; known are KiB, MiB, GiB");
    if (amount > (std::int64_t{1} << 60) / factor) return base::fail(base::Errc::too_long, "size too large");
    return amount * factor;
}

Reader::Reader(const Node& root, std::string file, std::vector<Problem>& problems, const KeyTable& table)
    : file_(std::move(file)), problems_(problems), table_(table) {
    for (const Key& key : table_.keys()) {
        const Node* node = table_.default_of(key);
        if (!node) continue;
        Value value{node, 0};
        if (!check(key, key.name, *node, value.number)) std::abort();  // the table is ours: keys_test reads every default
        defaults_.emplace(key.name, value);
    }
    read_table(*root.table(), "");
    note_missing();
}

void Reader::read_table(const Node::Table& table, const std::string& section) {
    for (const Member& member : table) {
        const std::string name = section.empty() ? member.key : section + '.' + member.key;
        const bool one_part = !member.key.empty() && !member.key.contains('.');  // a dot comes from a name in quotes
        const Key* key = one_part && !section.empty() ? table_.find(name) : nullptr;
        if (key)
            take(*key, name, member.value);
        else if (one_part && table_.is_section(name))
            read_section(member, section, name);
        else if (table_.holds_named_sections(section) && member.value.table())
            problem(Problem::Severity::error, name, place_of(member),
                    "the name of a section has 1 to " + std::to_string(max_section_name_octets) + " characters of a-z, 0-9 and '-'");
        else
            unknown(member, name.empty() ? "\"\"" : name);
    }
}

void Reader::read_section(const Member& member, const std::string& above, const std::string& name) {
    const Node::Table* table = member.value.table();
    const bool named = table_.holds_named_sections(above);
    if (!table) {
        problem(Problem::Severity::error, name, member.value,
                named ? "stands in no section of its own: the settings of each are in [" + above + ".NAME]"
                      : "must be a table ([" + name + "]), not " + std::string(member.value.kind()));
        return;
    }
    if (named) {
        Named& sections = named_[above];
        if (sections.size() == max_named_sections) {
            problem(Problem::Severity::error, name, place_of(member),
                    "more than " + std::to_string(max_named_sections) + " sections [" + above + ".NAME]");
            return;
        }
        sections.emplace(member.key, place_of(member));
    }
    sections_.try_emplace(name, place_of(member));
    read_table(*table, name);
}

std::vector<std::pair<std::string, Node>> Reader::names_of(const Key& key) const {
    constexpr std::string_view any = ".NAME.";
    const std::size_t at = key.name.find(any);
    std::vector<std::pair<std::string, Node>> names;
    if (at == std::string_view::npos) {
        names.emplace_back(key.name, Node{});
        return names;
    }
    const std::string section(key.name.substr(0, at)), word(key.name.substr(at + any.size()));
    if (const auto found = named_.find(section); found != named_.end())
        for (const auto& [name, place] : found->second) names.emplace_back(section + '.' + name + '.' + word, place);
    return names;
}

void Reader::note_missing() {
    for (const Key& key : table_.keys()) {
        if (!key.fallback.empty()) continue;
        const std::string_view section = section_of(key.name);
        if (section != required_section && !section.contains(any_name) && !has_section(section)) continue;
        for (const auto& [name, place] : names_of(key))
            if (!values_.contains(name) && std::ranges::none_of(problems_, [&](const Problem& p) { return p.key == name; }))
                problem(Problem::Severity::error, name, place,
                        key.choices.empty() ? "is required" : "is required: " + spelled_choices(key.choices));
    }
}

void Reader::unknown(const Member& member, const std::string& name) {
    const Node place = place_of(member);
    for (const std::string_view section : {std::string_view(name).substr(0, name.find('.')), std::string_view(name)})
        if (auto unbuilt = unbuilt_section(section)) return problem(Problem::Severity::error, name, place, *std::move(unbuilt));
    const std::string near = table_.nearest(name);
    problem(Problem::Severity::error, name, place, near.empty() ? "unknown key" : "unknown key; the nearest known one is " + near);
}

void Reader::take(const Key& key, const std::string& name, const Node& node) {
    Value value{&node, 0};
    if (check(key, name, node, value.number)) values_.insert_or_assign(name, value);
}

bool Reader::check(const Key& key, std::string_view name, const Node& node, std::int64_t& number) {
    const auto refuse = [&](const Node& place, std::string text) {
        problem(Problem::Severity::error, name, place, std::move(text));
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
    if (key.type == KeyType::domain_words) {
        const auto* table = node.table();
        if (!table) return wanted("a " + std::string(name_of(key.type)));
        bool good = true;
        for (const Member& member : *table) {
            const auto* word = std::get_if<std::string>(&member.value.value);
            if (!word || index_of_choice(key.choices, *word) < 0)
                good = refuse(member.value, '"' + member.key + "\" must be " + spelled_choices(key.choices));
        }
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
        case KeyType::milliseconds:
        case KeyType::size:
            if (whole) {
                number = *whole;
            } else if (words) {
                const auto parsed = key.type == KeyType::size           ? parse_size(*words)
                                    : key.type == KeyType::milliseconds ? count_of(parse_milliseconds(*words))
                                                                        : count_of(parse_duration(*words));
                if (!parsed) return refuse(node, parsed.error().detail);
                number = *parsed;
            } else {
                return wanted(key.type == KeyType::size           ? "a size (octets, or for example \"64 KiB\")"
                              : key.type == KeyType::milliseconds ? "a duration (milliseconds, or for example \"5 ms\")"
                                                                  : "a duration (seconds, or for example \"5 min\")");
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
    const Key* known = table_.find(key);
    if (!known) std::abort();  // a typing slip of ours: keys_test reads every key
    const auto found = defaults_.find(known->name);
    return found == defaults_.end() ? none : found->second;  // required and missing: already noted
}

const Node& Reader::node(std::string_view key) const {
    static const Node nothing;
    const Value& found = value(key);
    return found.node ? *found.node : nothing;
}

bool Reader::given(std::string_view key) const { return values_.contains(key); }
// Of a key that is required and missing there is nothing: that is noted already, and reading goes on.
bool Reader::boolean(std::string_view key) const {
    const bool* truth = std::get_if<bool>(&node(key).value);
    return truth && *truth;
}

std::int64_t Reader::integer(std::string_view key) const { return value(key).number; }

const std::string& Reader::text(std::string_view key) const {
    static const std::string nothing;
    const auto* words = std::get_if<std::string>(&node(key).value);
    return words ? *words : nothing;
}

const Node::List& Reader::elements(std::string_view key) const {
    static const Node::List nothing;
    const auto* list = std::get_if<Node::List>(&node(key).value);
    return list ? *list : nothing;
}

std::string Reader::word(std::string_view key) const {
    const Key* known = table_.find(key);
    if (!known) std::abort();  // as value()
    if (value(key).node == nullptr) return {};
    std::string_view choices = known->choices;
    for (std::int64_t i = choice_index(key); i > 0; --i) base::take_until(choices, '|');
    return std::string(base::take_until(choices, '|'));
}

std::vector<Reader::Word> Reader::words(std::string_view key) const {
    std::vector<Word> out;
    const Key* known = table_.find(key);
    if (!known) std::abort();  // as value()
    if (const auto* table = node(key).table())
        for (const Member& member : *table)
            out.push_back({member.key, index_of_choice(known->choices, std::get<std::string>(member.value.value)), &member.value});
    return out;
}

std::vector<std::string> Reader::texts(std::string_view key) const {
    std::vector<std::string> out;
    for (const Node& element : elements(key)) out.push_back(std::get<std::string>(element.value));
    return out;
}

std::vector<std::string> Reader::names_in(std::string_view section) const {
    std::vector<std::string> names;
    if (const auto found = named_.find(section); found != named_.end())
        for (const auto& [name, place] : found->second) names.push_back(name);
    return names;
}

std::string Reader::start_value(const Key& key, const std::string& name) const {
    std::string value;
    if (is_list(key.type))
        for (const std::string& text : texts(name)) value += std::to_string(text.size()) + ':' + text;
    else if (key.type == KeyType::text || key.type == KeyType::file)
        value = text(name);
    else if (key.type == KeyType::boolean)
        value = boolean(name) ? "true" : "false";
    else
        value = std::to_string(integer(name));  // however it was spelled
    return value;
}

std::vector<StartValue> Reader::start_values() const {
    std::vector<StartValue> all;
    for (const Key& key : table_.keys()) {
        if (key.takes != Takes::restart) continue;
        for (const auto& [name, place] : names_of(key)) all.push_back({name, start_value(key, name)});
    }
    return all;
}

void Reader::problem(Problem::Severity severity, std::string_view key, const Node& place, std::string text) {
    problems_.push_back({severity, file_, place.line, place.column, std::string(key), std::move(text)});
}

}  // namespace exota::config
