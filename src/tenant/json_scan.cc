#include "tenant/json_scan.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace exota::tenant {
namespace {

constexpr Scan whole(std::size_t octets) noexcept { return {Scan::Found::whole, octets}; }
constexpr Scan unfinished(std::size_t octets) noexcept { return {Scan::Found::unfinished, octets}; }
constexpr Scan wrong(std::size_t at) noexcept { return {Scan::Found::wrong, at}; }

constexpr std::size_t unicode_escape_octets = 6;  // \uXXXX

constexpr std::optional<std::uint32_t> hex_digit(char c) noexcept {
    if (base::is_digit(c)) return static_cast<std::uint32_t>(c - '0');
    const char lower = base::to_lower(c);
    if (lower >= 'a' && lower <= 'f') return static_cast<std::uint32_t>(lower - 'a' + 10);
    return std::nullopt;
}

/// The code unit of "\uXXXX" at the beginning of `text`, as far as it is there.
struct CodeUnit {
    Scan scan;
    std::uint32_t value = 0;
    bool is_high_surrogate() const noexcept { return value >= 0xd800 && value < 0xdc00; }
    bool is_low_surrogate() const noexcept { return value >= 0xdc00 && value < 0xe000; }
};
CodeUnit scan_code_unit(std::string_view text) noexcept {
    CodeUnit unit;
    for (std::size_t at = 0; at < std::min(text.size(), unicode_escape_octets); ++at) {
        const std::optional<std::uint32_t> digit =
            at < 2 ? text[at] == "\\u"[at] ? std::optional<std::uint32_t>(0) : std::nullopt : hex_digit(text[at]);
        if (!digit) return {wrong(at), 0};
        unit.value = unit.value << 4 | *digit;
    }
    unit.scan = text.size() < unicode_escape_octets ? unfinished(text.size()) : whole(unicode_escape_octets);
    return unit;
}

Escape escape_of(std::size_t octets, char32_t point) noexcept { return {whole(octets), base::encode_utf8(point)}; }

Escape scan_unicode_escape(std::string_view text) noexcept {
    const CodeUnit first = scan_code_unit(text);
    if (first.scan.found != Scan::Found::whole) return {.scan = first.scan};
    if (first.is_low_surrogate()) return {.scan = wrong(unicode_escape_octets - 1)};
    if (!first.is_high_surrogate()) return escape_of(unicode_escape_octets, first.value);
    // RFC 8259 section 7: a character outside of the basic plane is two of them. One alone would be no character.
    const CodeUnit second = scan_code_unit(text.substr(unicode_escape_octets));
    if (second.scan.found == Scan::Found::unfinished) return {.scan = unfinished(text.size())};
    if (second.scan.found == Scan::Found::wrong) return {.scan = wrong(unicode_escape_octets + second.scan.octets)};
    if (!second.is_low_surrogate()) return {.scan = wrong(2 * unicode_escape_octets - 1)};
    return escape_of(2 * unicode_escape_octets, 0x10000 + ((first.value - 0xd800) << 10) + (second.value - 0xdc00));
}

}  // namespace

Escape scan_escape(std::string_view text) noexcept {
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (text.size() < 2) return {.scan = unfinished(text.size())};
    if (text[1] == 'u') return scan_unicode_escape(text);
    const std::size_t letter = letters.find(text[1]);
    if (letter == std::string_view::npos) return {.scan = wrong(1)};
    return escape_of(2, static_cast<unsigned char>(meanings[letter]));
}

Scan scan_character(std::string_view text) noexcept {
    const base::Character first = base::first_character(text);
    if (first.unfinished) return unfinished(text.size());
    return first.octets > 0 && first.point >= 0x20 ? whole(first.octets) : wrong(0);
}

Scan scan_number(std::string_view text) noexcept {
    std::size_t at = 0;
    const auto next_is = [&](std::string_view any) { return at < text.size() && any.contains(text[at]); };
    const auto digits = [&] {
        const std::size_t before = at;
        while (at < text.size() && base::is_digit(text[at])) ++at;
        return at > before;
    };
    const auto stopped = [&] { return at == text.size() ? unfinished(at) : wrong(at); };
    if (next_is("-")) ++at;
    if (next_is("0"))
        ++at;  // no digit follows
    else if (!digits())
        return stopped();
    if (next_is(".")) {
        ++at;
        if (!digits()) return stopped();
    }
    if (next_is("eE")) {
        ++at;
        if (next_is("+-")) ++at;
        if (!digits()) return stopped();
    }
    return at == text.size() ? unfinished(at) : whole(at);
}

Scan scan_word(std::string_view text, std::string_view word) noexcept {
    if (text.starts_with(word)) return whole(word.size());
    return word.starts_with(text) ? unfinished(text.size()) : wrong(0);
}

}  // namespace exota::tenant
