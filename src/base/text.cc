#include "base/text.h"

#include <algorithm>
#include <array>

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

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), to_lower);
    return out;
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
