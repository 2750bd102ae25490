#include "base/text.h"

#include <algorithm>
#include <array>

#include "base/octets.h"

namespace exota::base {
namespace {

constexpr std::size_t max_word = 64;

/// Levenshtein distance; words longer than max_word are never near.
std::size_t edit_distance(std::string_view a, std::string_view b) noexcept {
    if (a.size() > max_word || b.size() > max_word) return max_word;
    std::array<std::size_t, max_word + 1> row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

/// Length of the UTF-8 sequence at the start of `text`, or 0 if it is none (RFC 3629 section 4).
std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = octet(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((octet(i) & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && octet(1) < 0xa0) return 0;  // overlong
    if (first == 0xed && octet(1) > 0x9f) return 0;  // surrogates
    if (first == 0xf0 && octet(1) < 0x90) return 0;  // overlong
    if (first == 0xf4 && octet(1) > 0x8f) return 0;  // above U+10FFFF
    return length;
}

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), to_lower);
    return out;
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
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_octets) noexcept {
    if (text.size() <= max_octets) return text;
    while (max_octets > 0 && (static_cast<unsigned char>(text[max_octets]) & 0xc0) == 0x80) --max_octets;
    return text.substr(0, max_octets);
}

std::string_view nearest_word(std::string_view word, const std::string_view* first, std::size_t count) noexcept {
    std::string_view best;
    std::size_t best_distance = std::min<std::size_t>(4, word.size() / 2 + 1);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t distance = edit_distance(word, first[i]);
        if (distance < best_distance) {
            best = first[i];
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace exota::base
