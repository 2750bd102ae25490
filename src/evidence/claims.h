// The values that a message claims for one fact, field after field: equal repeats are one value, different ones conflict, an
// unreadable one is a value too, and what is empty was not claimed.
//
// Tested by collector_test.cc.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/utf8.h"
#include "evidence/evidence.h"

namespace exota::evidence {

inline constexpr std::size_t max_differing_values = 10;    // listed in Conflicting
inline constexpr std::size_t max_unreadable_octets = 256;  // of an unreadable value that are kept

namespace claims {
inline std::string text_of(const std::string& value) { return value; }
inline std::string text_of(const AttributedConnection& value) { return value.tenant_id.text() + " [" + value.address.text() + ']'; }
std::string text_of(const auto& value) { return value.text(); }

/// A value that is not the first one.
template <class T>
void differ(Fact<T>& fact, std::string text) {
    if (const auto* first = std::get_if<Observed<T>>(&fact))
        fact = Conflicting{{text_of(first->value)}};
    else if (auto* unreadable = std::get_if<Malformed>(&fact))
        fact = Conflicting{{std::move(unreadable->seen)}};
    std::vector<std::string>& seen = std::get<Conflicting>(fact).seen;
    if (seen.size() < max_differing_values && std::ranges::find(seen, text) == seen.end()) seen.push_back(std::move(text));
}
}  // namespace claims

/// @param fact    what was claimed so far; Absent before the first claim.
/// @param text    the value as written, not empty.
/// @param parsed  what it means, or why it means nothing.
template <class T>
void claim(Fact<T>& fact, std::string_view text, base::Result<T> parsed, Source source = Source::header_field) {
    const bool is_first = std::holds_alternative<Absent>(fact);
    if (parsed) {
        const T* known = value_of(fact);
        if (is_first)
            fact.template emplace<Observed<T>>(std::move(*parsed), source);
        else if (known == nullptr || *known != *parsed)
            claims::differ(fact, claims::text_of(*parsed));
        return;
    }
    Malformed unreadable{std::string(base::truncate_utf8(text, max_unreadable_octets)), std::move(parsed.error().detail)};
    const auto* known = std::get_if<Malformed>(&fact);
    if (is_first)
        fact = std::move(unreadable);
    else if (known == nullptr || !base::iequals(known->seen, unreadable.seen))
        claims::differ(fact, std::move(unreadable.seen));
}

}  // namespace exota::evidence
