// Reading tag lists.
//
// Tested by tag_list_test.cc and fuzz/tags_fuzz.cc.
#include "authn/tag_list.h"

#include <limits>
#include <string>

#include "base/cursor.h"
#include "base/text.h"

namespace exota::authn {
namespace {

using base::Cursor;
using base::Errc;
using base::fail;
using base::Result;

/// %x21-3A / %x3C-7E, and UTF-8 beyond ASCII (RFC 8616 section 3).
constexpr bool is_valchar(char c) noexcept { return static_cast<unsigned char>(c) > 0x20 && c != ';' && c != 0x7f; }
constexpr bool is_name_char(char c) noexcept { return base::is_alnum(c) || c == '_'; }

/// No control but the tab. No early end: the compiler takes many octets at a time.
bool is_plain(std::string_view text) noexcept {
    unsigned char odd = 0;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        odd |= static_cast<unsigned char>(octet != '\t') & static_cast<unsigned char>((octet < 0x20) | (octet == 0x7f));
    }
    return odd == 0;
}

/// White space and folds. A line end must be CRLF with white space behind it (RFC 5322 section 3.2.2).
bool skip_fws(Cursor& in) noexcept {
    for (;;) {
        in.take_while(base::is_wsp);
        if (!in.next_is('\r') && !in.next_is('\n')) return true;
        const std::string_view rest = in.rest();
        if (rest.size() < 3 || rest[0] != '\r' || rest[1] != '\n' || !base::is_wsp(rest[2])) return false;
        in.advance(3);
    }
}

Result<TagList> broken(std::string_view what, const Cursor& in) {
    return fail(Errc::invalid_data, std::string(what) + " at octet " + std::to_string(in.position()));
}

}  // namespace

/// A list in which no value can be wrong, as nearly every one is. @return false: something else is.
bool TagList::read_plain(std::string_view text, std::size_t max_tags) {
    const char *at = text.data(), *const end = at + text.size();
    const auto skip_blanks = [&at, end] {
        while (at != end && base::is_wsp(*at)) ++at;
    };
    const auto place = [text](const char* octet) { return static_cast<std::size_t>(octet - text.data()); };
    for (;;) {
        skip_blanks();
        if (at == end) return !tags_.empty();
        if (!base::is_alpha(*at)) return false;
        const char* const name = at;
        while (at != end && is_name_char(*at)) ++at;
        Tag tag{};
        tag.name = std::string_view(name, static_cast<std::size_t>(at - name));
        skip_blanks();
        if (at == end || *at != '=') return false;
        tag.raw_begin = place(++at);
        const std::string_view rest = text.substr(tag.raw_begin);
        const std::string_view raw = rest.substr(0, rest.find(';'));
        tag.value = base::trim(raw);
        tag.raw_end = tag.raw_begin + raw.size();
        if (find(tag.name) != nullptr || tags_.size() == max_tags) return false;
        add(tag);
        at += raw.size();
        if (at == end) return true;
        ++at;
    }
}

void TagList::add(const Tag& tag) {
    tags_.push_back(tag);
    if (tag.name.size() == 1 && tag.name.front() >= 'a') by_letter_[letter_of(tag.name)] = static_cast<std::uint32_t>(tags_.size());
}

Result<TagList> TagList::parse(std::string_view text, std::size_t max_tags, Known known) {
    TagList list;
    list.tags_.reserve(12);
    if (known == Known::printable || is_plain(text)) {
        if (list.read_plain(text, max_tags)) return list;
        list.tags_.clear();  // what is wrong is said by whoever looks at every octet
        list.by_letter_ = {};
    }
    Cursor in(text);
    if (!skip_fws(in)) return broken("bare line end", in);
    do {
        Tag tag{};
        const std::size_t name_begin = in.position();
        if (!base::is_alpha(in.peek())) return broken(in.at_end() || in.next_is(';') ? "empty tag" : "tag name expected", in);
        in.take_while(is_name_char);
        tag.name = in.since(name_begin);
        if (!skip_fws(in)) return broken("bare line end", in);
        if (!in.skip('=')) return broken("'=' expected", in);
        tag.raw_begin = in.position();
        if (!skip_fws(in)) return broken("bare line end", in);
        const std::size_t value_begin = in.position();
        std::size_t value_end = value_begin;
        while (!in.at_end() && !in.next_is(';')) {
            if (in.take_while(is_valchar).empty()) return broken("control character", in);
            value_end = in.position();
            if (!skip_fws(in)) return broken("bare line end", in);
        }
        tag.value = text.substr(value_begin, value_end - value_begin);
        tag.raw_end = in.position();
        if (list.find(tag.name) != nullptr) return broken("tag '" + std::string(tag.shown_name()) + "' twice", in);
        if (list.tags_.size() == max_tags) return fail(Errc::too_long, "more than " + std::to_string(max_tags) + " tags");
        list.add(tag);
        if (in.at_end()) return list;
        in.skip(';');
        if (!skip_fws(in)) return broken("bare line end", in);
    } while (!in.at_end());
    return list;
}

std::optional<std::uint64_t> parse_tag_number(std::string_view digits, std::size_t max_digits) noexcept {
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    if (digits.empty() || digits.size() > max_digits) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : digits) {
        if (!base::is_digit(c)) return std::nullopt;
        const std::uint64_t digit = static_cast<std::uint64_t>(c - '0');
        number = number > (most - digit) / 10 ? most : number * 10 + digit;
    }
    return number;
}

}  // namespace exota::authn
