// ASCII eight octets at a time: names that are compared by the dozen in every message without regard to letter case, and controls that no
// field may have (text.h has the plain forms).
//
// Tested by octets_test.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/text.h"

namespace exota::base {

/// The first octets of `text`, which has as many as a Word takes.
template <class Word>
Word first_word(std::string_view text) noexcept {
    Word octets = 0;
    std::memcpy(&octets, text.data(), sizeof octets);  // NOLINT(bugprone-suspicious-stringview-data-usage): no string for C
    return octets;
}
/// The first eight.
inline std::uint64_t first_octets(std::string_view text) noexcept { return first_word<std::uint64_t>(text); }

/// Each of eight octets made lower case.
constexpr std::uint64_t lower_octets(std::uint64_t octets) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    const std::uint64_t low_bits = octets & 0x7f * each;
    const std::uint64_t from_a = low_bits + (0x80 - 'A') * each;   // the highest bit of an octet: it is 'A' or above
    const std::uint64_t above_z = low_bits + (0x7f - 'Z') * each;  // it is above 'Z'
    const std::uint64_t upper = from_a & ~above_z & ~octets & 0x80 * each;
    return octets | upper >> 2;  // 0x80 to 0x20, which is 'a' - 'A'
}

/// The bit in which the two cases of a letter differ, of each of eight octets that is a letter.
constexpr std::uint64_t letter_cases(std::uint64_t octets) noexcept {
    const std::uint64_t upper = octets & 0xdfdfdfdfdfdfdfdf;  // no other octet becomes a letter by it
    return lower_octets(upper) ^ upper;
}

/// What iequals() says, sooner.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    if (a.size() < sizeof(std::uint64_t)) {
        if (a.size() < sizeof(std::uint32_t)) return iequals(a, b);
        const auto both_ends = [](std::string_view text) {
            const std::uint64_t begin = first_word<std::uint32_t>(text);
            return lower_octets(begin << 32 | first_word<std::uint32_t>(text.substr(text.size() - sizeof(std::uint32_t))));
        };
        return both_ends(a) == both_ends(b);
    }
    const auto differ = [&](std::size_t at) {
        return lower_octets(first_octets(a.substr(at))) != lower_octets(first_octets(b.substr(at)));
    };
    for (std::size_t at = 0; at + 8 < a.size(); at += 8)
        if (differ(at)) return false;
    return !differ(a.size() - 8);  // overlaps what was compared, which costs less than a loop
}

/// What istarts_with() says, of a name that is known when this is compiled: its half of the work is done by then.
template <std::size_t size>
[[gnu::always_inline]] inline bool begins_with_name(std::string_view text, const char (&name)[size]) noexcept {
    constexpr std::size_t octets = size - 1;
    if (text.size() < octets) return false;
    const auto is_alike = [&]<class Word>(Word) {
        const std::string_view wanted(name, octets);
        Word differ = 0;
        for (std::size_t at = 0; at < octets; at += sizeof(Word)) {
            const std::size_t from = std::min(at, octets - sizeof(Word));  // the last look overlaps the one before
            const auto letters = first_word<Word>(wanted.substr(from));
            const auto cases = static_cast<Word>(letter_cases(letters));
            differ |= static_cast<Word>((first_word<Word>(text.substr(from)) | cases) ^ (letters | cases));
        }
        return differ == 0;
    };
    if constexpr (octets >= sizeof(std::uint64_t))
        return is_alike(std::uint64_t{});
    else if constexpr (octets >= sizeof(std::uint32_t))
        return is_alike(std::uint32_t{});
    else
        return is_alike(std::uint8_t{});
}
/// What same_name() says, of a name that is known when this is compiled.
template <std::size_t size>
[[gnu::always_inline]] inline bool is_name(std::string_view text, const char (&name)[size]) noexcept {
    return text.size() == size - 1 && begins_with_name(text, name);
}

/// Whether a C0 control or DEL is among eight octets.
constexpr bool any_control(std::uint64_t octets) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    const std::uint64_t del = octets ^ 0x7f * each;  // 0 where DEL was
    // Borrowing reaches only octets above one that is found, so "any" is exact.
    return (((octets - 0x20 * each) & ~octets) | ((del - each) & ~del)) & 0x80 * each;
}

}  // namespace exota::base
