#include "tenant/proof.h"

#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace exota::tenant {
namespace {

/// "client-cert, dkim" or "client-cert dkim": factors that were meant to be joined.
bool is_list_of_words(std::string_view text) noexcept {
    constexpr std::string_view between = " \t,;&|";
    const std::size_t end = text.find_first_of(between);
    return end != 0 && end != std::string_view::npos && text.find_first_not_of(between, end) != std::string_view::npos;
}

base::Result<Factor> read_factor(std::string_view word) {
    if (word.empty()) return base::fail(base::Errc::invalid_data, "a factor is missing: write factors with '+' between them");
    if (const std::optional<Factor> factor = factor_named(word)) return *factor;
    std::string why = "unknown factor ";
    why += base::truncate_utf8(word, 64);
    if (is_list_of_words(word)) {
        why += ": join factors with '+', as in \"client-cert + dkim\"";
    } else if (const std::string_view nearest = base::nearest_word(word, factor_names.data(), factor_names.size()); !nearest.empty()) {
        why += ", did you mean ";
        why += nearest;
        why += '?';
    }
    return base::fail(base::Errc::invalid_data, why);
}

}  // namespace

Proof Proof::of(std::vector<Factor> factors) {
    Proof proof;
    proof.factors = std::move(factors);
    for (const Factor factor : proof.factors) {
        if (!proof.text.empty()) proof.text += " + ";
        proof.text += name_of(factor);
        proof.set.insert(factor);
    }
    return proof;
}

base::Result<Proof> Proof::parse(std::string_view text) {
    std::vector<Factor> factors;
    FactorSet seen;
    for (bool more = true; more;) {
        more = text.find('+') != std::string_view::npos;
        std::string_view word = base::take_until(text, '+');
        while (!word.empty() && base::is_wsp(word.front())) word.remove_prefix(1);
        while (!word.empty() && base::is_wsp(word.back())) word.remove_suffix(1);
        const base::Result<Factor> factor = read_factor(word);
        if (!factor) return std::unexpected(factor.error());
        if (seen.contains(*factor))
            return base::fail(base::Errc::invalid_data, "factor " + std::string(name_of(*factor)) + " stands twice");
        seen.insert(*factor);
        factors.push_back(*factor);
    }
    return of(std::move(factors));
}

}  // namespace exota::tenant
