#include "tenant/json_events.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <cstdint>
#include <cstring>
#include <functional>

#include "base/text.h"

namespace exota::tenant {
namespace {

namespace json = boost::json;

/// A place in the piece that is being read, and the number of its line.
class Position {
public:
    void start(std::string_view piece) noexcept {
        begin_ = at_ = piece.data();
        end_ = piece.data() + piece.size();
        newline_ = next_newline(begin_);
        lost_ = false;
    }
    void end() noexcept {
        at_ = end_;
        line();
        start({});
    }
    std::size_t line() noexcept {
        for (; newline_ < at_; newline_ = next_newline(newline_ + 1)) ++line_;
        return line_;
    }
    bool holds(std::string_view text) const noexcept {
        return std::greater_equal<>{}(text.data(), begin_) && std::less_equal<>{}(text.data() + text.size(), end_) && begin_ != end_;
    }
    void move_to(const char* at) noexcept {
        at_ = at;
        lost_ = false;
    }
    /// To behind the next `c`.
    void pass(char c) noexcept {
        if (lost_) return;
        const char* found = at_ != end_ && *at_ == c ? at_ : std::find(at_, end_, c);
        lost_ = found == end_;  // a long line was cut within a word: wait for the next name
        if (!lost_) at_ = found + 1;
    }
    /// To behind the string's closing quote, from inside it at a place that is not in the middle of an escape.
    void pass_string() noexcept {
        if (lost_) return;
        for (const char* at = at_; at != end_; ++at) {
            if (*at == '"') {
                at_ = at + 1;
                return;
            }
            if (*at == '\\' && ++at == end_) break;
        }
        lost_ = true;
    }

private:
    /// The first newline from `from` on, or the end.
    const char* next_newline(const char* from) const noexcept {
        const void* found = from == end_ ? nullptr : std::memchr(from, '\n', static_cast<std::size_t>(end_ - from));
        return found == nullptr ? end_ : static_cast<const char*>(found);
    }

    const char* begin_ = nullptr;
    const char* end_ = nullptr;
    const char* at_ = nullptr;       // behind the last event
    const char* newline_ = nullptr;  // the first that is not in line_
    std::size_t line_ = 1;
    bool lost_ = false;
};

struct Handler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);  // ours is max_json_text_octets
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    explicit Handler(JsonSink& to) : sink(&to) {}

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return begin(Container::object, '{'); }
    bool on_object_end(std::size_t, json::error_code&) { return end(Container::object, '}'); }
    bool on_array_begin(json::error_code&) { return begin(Container::array, '['); }
    bool on_array_end(std::size_t, json::error_code&) { return end(Container::array, ']'); }
    bool on_key_part(json::string_view s, std::size_t total, json::error_code&) { return part({s.data(), s.size()}, total); }
    bool on_string_part(json::string_view s, std::size_t total, json::error_code&) { return part({s.data(), s.size()}, total); }
    bool on_key(json::string_view s, std::size_t total, json::error_code&) {
        const std::string_view key = whole({s.data(), s.size()}, total);
        sink->on_key(key, total > max_json_text_octets ? Text::cut : Text::whole);
        return true;
    }
    bool on_string(json::string_view s, std::size_t total, json::error_code&) {
        const std::string_view value = whole({s.data(), s.size()}, total);
        sink->on_string(value, total > max_json_text_octets ? Text::cut : Text::whole);
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view s, json::error_code&) { return number(static_cast<double>(value), s); }
    bool on_uint64(std::uint64_t value, json::string_view s, json::error_code&) { return number(static_cast<double>(value), s); }
    bool on_double(double value, json::string_view s, json::error_code&) { return number(value, s); }
    bool on_bool(bool value, json::error_code&) {
        position.pass(value ? 't' : 'f');
        sink->on_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        position.pass('n');
        sink->on_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    bool begin(Container container, char c) {
        position.pass(c);
        sink->on_begin(container);
        return true;
    }
    bool end(Container container, char c) {
        position.pass(c);
        sink->on_end(container);
        return true;
    }
    bool number(double value, json::string_view s) {
        if (position.holds({s.data(), s.size()})) position.move_to(s.data() + s.size());
        sink->on_number(value);
        return true;
    }
    bool part(std::string_view s, std::size_t total) {
        if (!partial) text.clear();
        partial = true;
        append(s, total);
        if (position.holds(s)) {
            position.move_to(s.data() + s.size());
            inside = true;
        }
        return true;
    }
    /// The name or string that ends with `s`; valid until the next event.
    std::string_view whole(std::string_view s, std::size_t total) {
        const bool in_piece = position.holds(s);
        if (in_piece) {
            position.move_to(s.data() + s.size());
            position.pass('"');
        } else {  // escapes: boost hands over a buffer of its own
            if (!inside) position.pass('"');
            position.pass_string();
        }
        inside = false;
        if (!partial && in_piece && total <= max_json_text_octets) return s;
        if (!partial) text.clear();
        partial = false;
        append(s, total);
        while (total > max_json_text_octets && !base::is_utf8(text)) text.pop_back();
        return text;
    }
    void append(std::string_view s, std::size_t total) {
        const std::size_t before = total - s.size();
        if (before < max_json_text_octets) text += s.substr(0, max_json_text_octets - before);
    }

    JsonSink* sink;
    Position position;
    std::string text;
    bool partial = false;  // `text` has the beginning of a string
    bool inside = false;   // the position is inside that string
};

std::string unexpected(char c) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '/' || c == '#') return "JSON has no comments";
    if (c == '\'') return "strings stand in double quotes";
    if (c == '"') return "unexpected '\"': a comma or colon missing, or a bad escape before it";
    if (c == '\n' || c == '\r') return "the line ends within a string or word";
    if (octet < 0x20) return "control character within a string";
    if (octet >= 0x80) return "not UTF-8, or text outside of quotes";
    if (c == ',' || c == '}' || c == ']') return std::string("unexpected '") + c + "': a comma too many, or a value missing";
    return std::string("unexpected '") + c + '\'';
}

/// Where the word begins that the parser did not like. It stops at the first letter or at the first wrong one, as much of the piece is
/// left; what is told must not depend on that.
std::size_t begin_of_word(std::string_view octets, std::size_t stopped) {
    for (const std::string_view word : {"true", "false", "null"})
        for (std::size_t size = 1; size < word.size() && size <= stopped; ++size) {
            const std::size_t at = stopped - size;
            const bool begins = at == 0 || std::string_view(" \t\r\n:,[").contains(octets[at - 1]);
            if (begins && octets.substr(at, size) == word.substr(0, size)) return at;
        }
    return stopped;
}

/// Where the character begins that `at` cuts short: the parser stops at its first octet or behind it, as much of the piece is left.
std::size_t begin_of_character(std::string_view octets, std::size_t at) {
    for (std::size_t back = 1; back < 4 && back <= at; ++back) {
        const auto octet = static_cast<unsigned char>(octets[at - back]);
        if (octet < 0x80) break;
        if (octet >= 0xc0) return back < (octet >= 0xf0 ? 4U : octet >= 0xe0 ? 3U : 2U) ? at - back : at;
    }
    return at;
}

json::parse_options options() {
    json::parse_options options;
    options.max_depth = max_json_depth;
    return options;
}

constexpr std::size_t head_octets = 4;

}  // namespace

struct JsonEvents::State {
    explicit State(JsonSink& sink) : parser(options(), sink) {}

    void read_head();
    void read_lines(std::string_view octets);
    void parse(std::string_view octets);
    void fail(std::string text) { error = JsonError{parser.handler().position.line(), std::move(text)}; }

    json::basic_parser<Handler> parser;
    std::string head;  // the first octets, until it is known whether they are a byte order mark
    std::string line;  // the beginning of a line whose end has not come yet
    bool started = false;
    bool anything = false;  // something but blanks was read
    std::optional<JsonError> error;
};

JsonEvents::JsonEvents(JsonSink& sink) : state_(std::make_unique<State>(sink)) {}
JsonEvents::~JsonEvents() = default;
void JsonEvents::tell(JsonSink& sink) noexcept { state_->parser.handler().sink = &sink; }
const std::optional<JsonError>& JsonEvents::error() const noexcept { return state_->error; }
std::size_t JsonEvents::line() noexcept { return state_->parser.handler().position.line(); }

void JsonEvents::feed(std::string_view piece) {
    State& state = *state_;
    if (!state.started) {
        const std::string_view head = piece.substr(0, head_octets - state.head.size());
        state.head += head;
        piece.remove_prefix(head.size());
        if (state.head.size() < head_octets) return;
        state.read_head();
    }
    state.read_lines(piece);
}

void JsonEvents::finish() {
    State& state = *state_;
    if (!state.started) state.read_head();
    if (!state.line.empty()) state.parse(std::exchange(state.line, {}));
    if (state.error) return;
    if (!state.anything) return state.fail("the file is empty");
    json::error_code ec;
    state.parser.write_some(false, "", 0, ec);
    if (ec) state.fail("the file ends too early: a closing bracket or quote is missing");
}

void JsonEvents::State::read_head() {
    started = true;
    const std::string_view all = head;
    if (all.starts_with("\xff\xfe") || all.starts_with("\xfe\xff") || (all.size() > 1 && (all[0] == '\0' || all[1] == '\0')))
        return fail("the file is UTF-16 or UTF-32; JSON is UTF-8");
    if (all.starts_with("\xef\xbb\xbf"))
        return fail("the file begins with a byte order mark, which JSON forbids: save it as UTF-8 without BOM");
    read_lines(all);
}

/// Hands whole lines to the parser and keeps the beginning of the last one, unless it is long.
void JsonEvents::State::read_lines(std::string_view octets) {
    if (error) return;
    if (!line.empty()) {
        const std::size_t newline = octets.find('\n');
        const std::size_t taken = newline == std::string_view::npos ? octets.size() : newline + 1;
        if (newline == std::string_view::npos && line.size() + taken <= max_line_kept) {
            line += octets;
            return;
        }
        if (line.size() + taken <= 2 * max_line_kept) {
            line += octets.substr(0, taken);
            octets.remove_prefix(taken);
        }
        parse(std::exchange(line, {}));
    }
    const std::size_t whole = octets.rfind('\n') + 1;  // npos + 1 is 0
    if (octets.size() - whole > max_line_kept) return parse(octets);
    parse(octets.substr(0, whole));
    line = octets.substr(whole);
}

void JsonEvents::State::parse(std::string_view octets) {
    if (error || octets.empty()) return;
    if (!anything) anything = octets.find_first_not_of(" \t\r\n") != std::string_view::npos;
    Position& position = parser.handler().position;
    position.start(octets);
    json::error_code ec;
    const std::size_t read = parser.write_some(true, octets.data(), octets.size(), ec);
    std::size_t stopped = std::min(read, octets.size());
    if (ec || stopped < octets.size()) {
        stopped = begin_of_character(octets, stopped);
    } else if (octets.ends_with('\n')) {  // where a character is cut short by the end of its line, the parser waits for the rest
        const std::size_t newline = octets.size() - 1;
        if (const std::size_t cut = begin_of_character(octets, newline); cut < newline) {
            stopped = cut;
            ec = json::error::syntax;
        }
    }
    if (ec || stopped < octets.size()) {
        position.move_to(octets.data() + stopped);
        if (!ec || ec == json::error::extra_data)
            fail("text after the end of the JSON");
        else if (ec == json::error::too_deep)
            fail("nested deeper than " + std::to_string(max_json_depth));
        else if (ec == json::error::syntax && stopped < octets.size())
            fail(unexpected(octets[begin_of_word(octets, stopped)]));
        else
            fail("no JSON: " + ec.message());
        return;
    }
    position.end();
}

}  // namespace exota::tenant
