#include "tenant/json_events.h"

#include <charconv>
#include <limits>
#include <utility>

#include "tenant/json_scan.h"

namespace exota::tenant {
namespace {

constexpr std::size_t head_octets = 4;
/// How much of a piece is put behind what was held: any token but a number or string ends within it.
constexpr std::size_t joined_octets = 64;

std::string complaint_about(char c) {
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

std::string_view view(const char* at, const char* text_end) noexcept { return {at, static_cast<std::size_t>(text_end - at)}; }

}  // namespace

void JsonEvents::feed(std::string_view piece) {
    if (!head_checked_) {
        const std::string_view head = piece.substr(0, head_octets - head_.size());
        head_ += head;
        piece.remove_prefix(head.size());
        if (head_.size() < head_octets) return;
        check_head();
    }
    feed_text(piece);
}

void JsonEvents::finish() {
    if (!head_checked_) check_head();
    const bool number_is_held = !held_.empty() && !in_string_ && scan_number(held_ + ' ').found == Scan::Found::whole;
    if (number_is_held) feed_text(" ");
    if (error_) return;
    if (!any_token()) {
        fail(nullptr, "the file is empty");
    } else if (next_ != 0 || !held_.empty()) {
        fail(nullptr, "the file ends too early: a closing bracket or quote is missing");
    }
}

void JsonEvents::check_head() {
    head_checked_ = true;
    const std::string head = std::exchange(head_, {});
    if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff") || (head.size() > 1 && (head[0] == '\0' || head[1] == '\0'))) {
        fail(nullptr, "the file is UTF-16 or UTF-32; JSON is UTF-8");
    } else if (head.starts_with("\xef\xbb\xbf")) {
        fail(nullptr, "the file begins with a byte order mark, which JSON forbids: save it as UTF-8 without BOM");
    }
    feed_text(head);
}

void JsonEvents::feed_text(std::string_view piece) {
    while (!held_.empty() && !piece.empty() && !error_) {
        const std::size_t held = held_.size();
        const std::string_view joined = piece.substr(0, joined_octets);
        held_ += joined;
        const std::size_t taken = read(held_);
        if (taken < held) {
            held_.erase(0, taken);
            piece.remove_prefix(joined.size());
        } else {
            held_.clear();
            piece.remove_prefix(taken - held);
        }
    }
    if (error_ || piece.empty()) return;
    held_ = piece.substr(read(piece));
}

inline void JsonEvents::tell_text(std::string_view text, Text how_much) {
    if (may_come(key)) {
        next_ = colon;
        sink_->on_key(text, how_much);
    } else {
        value_was_read();
        sink_->on_string(text, how_much);
    }
}

/// @param at  behind the opening quote.
inline const char* JsonEvents::read_string(const char* at, const char* text_end) {
    const char* const stop = end_of_plain(at, text_end);
    const std::string_view plain = view(at, stop);
    if (stop != text_end && *stop == '"' && plain.size() <= max_json_text_octets) {
        tell_text(plain, Text::whole);
        return stop + 1;
    }
    in_string_ = true;
    return read_rest_of_string(at, text_end);
}

/// Most of a text is strings, what stands between them, and blanks: they are read here.
/// @return  how many octets were read: all but a token at the end that is not whole.
std::size_t JsonEvents::read(std::string_view text) {
    const char* at = text.data();
    const char* const text_end = at + text.size();
    const auto taken = [&] {
        const std::ptrdiff_t octets = at - text.data();
        line_begin_ -= octets;
        token_ -= octets;
        return static_cast<std::size_t>(octets);
    };
    reading_ = text.data();
    if (in_string_) at = read_rest_of_string(at, text_end);
    if (in_string_ || error_) return taken();
    while (at != text_end) {
        const char c = *at;
        if (c == '\n') {
            ++line_;
            line_begin_ = at + 1 - text.data();
            at = end_of_blanks(at + 1, text_end);
        } else if (c == ' ' || c == '\t' || c == '\r') {
            ++at;
        } else if (c == ':' && may_come(colon)) {
            next_ = value;
            ++at;
        } else if (c == ',' && may_come(comma)) {
            next_ = in_object() ? key : value;
            ++at;
        } else {
            const char* const token = at;
            token_ = token - text.data();
            at = c == '"' && may_come(key | value) ? read_string(at + 1, text_end) : read_other_token(at, text_end);
            if (at == token || in_string_ || error_) break;
        }
    }
    return taken();
}

/// Tells the event of the token at `at`.
/// @return  behind it; `at` itself where it is not whole.
const char* JsonEvents::read_other_token(const char* at, const char* text_end) {
    if (next_ == 0) return fail(at, "text after the end of the JSON");
    switch (*at) {
        case '{':
            return begin(Container::object, at);
        case '[':
            return begin(Container::array, at);
        case '}':
            return finish(Container::object, at);
        case ']':
            return finish(Container::array, at);
        case 't':
            return read_word("true", at, text_end);
        case 'f':
            return read_word("false", at, text_end);
        case 'n':
            return read_word("null", at, text_end);
        default:
            return read_number(at, text_end);
    }
}

/// @return  behind the closing quote, or where the rest is missing.
const char* JsonEvents::read_rest_of_string(const char* at, const char* text_end) {
    for (;;) {
        const char* const stop = end_of_plain(at, text_end);
        append(view(at, stop));
        at = stop;
        if (at == text_end) return at;
        if (*at == '"') break;
        Scan scan;
        if (*at == '\\') {
            const Escape escape = scan_escape(view(at, text_end));
            scan = escape.scan;
            append(escape.character.text());
        } else {
            scan = scan_character(view(at, text_end));
            if (scan.found == Scan::Found::whole) append({at, scan.octets});
        }
        if (scan.found == Scan::Found::unfinished) return at;
        if (scan.found == Scan::Found::wrong) return unexpected(at + scan.octets);
        at += scan.octets;
    }
    in_string_ = false;
    tell_text(text_, text_was_cut_ ? Text::cut : Text::whole);
    text_.clear();
    text_was_cut_ = false;
    return at + 1;
}

/// What is too long is cut between two characters.
void JsonEvents::append(std::string_view characters) {
    if (text_was_cut_) return;
    const std::size_t room = max_json_text_octets - text_.size();
    text_was_cut_ = characters.size() > room;
    const bool is_one_character = !characters.empty() && static_cast<unsigned char>(characters.front()) >= 0x80;
    if (!text_was_cut_ || !is_one_character) text_ += characters.substr(0, room);
}

const char* JsonEvents::read_word(std::string_view word, const char* at, const char* text_end) {
    if (!may_come(value)) return unexpected(at);
    const Scan scan = scan_word(view(at, text_end), word);
    if (scan.found == Scan::Found::wrong) return unexpected(at);
    if (scan.found == Scan::Found::unfinished) return at;
    value_was_read();
    if (*at == 'n')
        sink_->on_null();
    else
        sink_->on_bool(*at == 't');
    return at + word.size();
}

const char* JsonEvents::read_number(const char* at, const char* text_end) {
    if (!may_come(value)) return unexpected(at);
    const Scan scan = scan_number(view(at, text_end));
    if (scan.octets > max_json_number_octets)
        return fail(at, "a number of more than " + std::to_string(max_json_number_octets) + " characters");
    if (scan.found == Scan::Found::wrong) return unexpected(at + scan.octets);
    if (scan.found == Scan::Found::unfinished) return at;
    double number = 0;
    if (std::from_chars(at, at + scan.octets, number).ec != std::errc{}) number = std::numeric_limits<double>::infinity();
    value_was_read();
    sink_->on_number(number);
    return at + scan.octets;
}

const char* JsonEvents::begin(Container container, const char* at) {
    if (!may_come(value)) return unexpected(at);
    if (depth_ == max_json_depth) return fail(at, "nested deeper than " + std::to_string(max_json_depth));
    const bool object = container == Container::object;
    ++depth_;
    objects_ = objects_ << 1 | (object ? 1U : 0U);
    next_ = (object ? key : value) | end;
    sink_->on_begin(container);
    return at + 1;
}

const char* JsonEvents::finish(Container container, const char* at) {
    if (!may_come(end) || in_object() != (container == Container::object)) return unexpected(at);
    --depth_;
    objects_ >>= 1;
    value_was_read();
    sink_->on_end(container);
    return at + 1;
}

const char* JsonEvents::fail(const char* at, std::string text) {
    if (!error_) error_ = JsonError{{line_, at ? static_cast<std::size_t>(at - reading_ - line_begin_) + 1 : 0}, std::move(text)};
    return at;
}

const char* JsonEvents::unexpected(const char* at) { return fail(at, complaint_about(*at)); }

}  // namespace exota::tenant
