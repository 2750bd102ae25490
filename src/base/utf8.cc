#include "base/utf8.h"

#include "base/octets.h"

namespace exota::base {

Character first_character(std::string_view text) noexcept {
    if (text.empty()) return {.unfinished = true};
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) return {.octets = 1, .point = first};
    if (first < 0xc2 || first > 0xf4) return {};
    const std::size_t octets = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    // Section 4: what the second octet may be is all that keeps out overlong forms, surrogates, and what is above U+10FFFF.
    unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    char32_t point = first & (0xffU >> (octets + 1));
    for (std::size_t i = 1; i < octets; ++i) {
        if (i == text.size()) return {.unfinished = true};
        const auto octet = static_cast<unsigned char>(text[i]);
        if (octet < least || octet > most) return {};
        point = point << 6 | (octet & 0x3fU);
        least = 0x80;
        most = 0xbf;
    }
    return {.octets = octets, .point = point};
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        if (text.size() >= 8 && (first_octets(text) & 0x8080808080808080) == 0) {
            text.remove_prefix(8);
            continue;
        }
        if (static_cast<unsigned char>(text.front()) < 0x80) [[likely]] {
            text.remove_prefix(1);
            continue;
        }
        const std::size_t octets = first_character(text).octets;
        if (octets == 0) return false;
        text.remove_prefix(octets);
    }
    return true;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_octets) noexcept {
    if (text.size() <= max_octets) return text;
    while (max_octets > 0 && continues_character(text[max_octets])) --max_octets;
    return text.substr(0, max_octets);
}

EncodedCharacter encode_utf8(char32_t point) noexcept {
    if (point < 0x80) return {.octets = {static_cast<char>(point)}, .size = 1};
    const auto first = [point](char32_t mark, int shift) { return static_cast<char>(mark | point >> shift); };
    const auto next = [point](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x800) return {.octets = {first(0xc0, 6), next(0)}, .size = 2};
    if (point < 0x10000) return {.octets = {first(0xe0, 12), next(6), next(0)}, .size = 3};
    return {.octets = {first(0xf0, 18), next(12), next(6), next(0)}, .size = 4};
}

}  // namespace exota::base
