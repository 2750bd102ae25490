// The values that a message claims for one fact, field after field: equal repeats are one value, different ones conflict, an
// unreadable one is a value too, and what is empty was not claimed.
//
// Tested by collector_test.cc.
#pragma once

#include <algorithm>
#include <optional>
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

template <class T>
class Claims {
public:
    /// @param text    the value as written, not empty.
    /// @param parsed  what it means, or why it means nothing.
    void add(std::string_view text, base::Result<T> parsed, Source source = Source::header_field) {
        if (!parsed) {
            Malformed unreadable{std::string(base::truncate_utf8(text, max_unreadable_octets)), std::move(parsed.error().detail)};
            if (!first_ && !unreadable_)
                unreadable_ = std::move(unreadable);
            else if (!unreadable_ || !base::iequals(unreadable_->seen, unreadable.seen))
                differ(std::move(unreadable.seen));
        } else if (!first_ && !unreadable_) {
            first_ = Observed<T>{std::move(*parsed), source};
        } else if (!first_ || first_->value != *parsed) {
            differ(text_of(*parsed));
        }
    }

    Fact<T> take() {
        if (!differing_.empty()) return Conflicting{std::move(differing_)};
        if (unreadable_) return std::move(*unreadable_);
        if (first_) return std::move(*first_);
        return Absent{};
    }

private:
    static std::string text_of(const std::string& value) { return value; }
    static std::string text_of(const AttributedConnection& value) { return value.tenant_id.text() + " [" + value.address.text() + ']'; }
    static std::string text_of(const auto& value) { return value.text(); }

    void differ(std::string text) {
        if (differing_.empty()) differing_.push_back(first_ ? text_of(first_->value) : unreadable_->seen);
        if (differing_.size() < max_differing_values && std::ranges::find(differing_, text) == differing_.end())
            differing_.push_back(std::move(text));
    }

    std::optional<Observed<T>> first_;
    std::optional<Malformed> unreadable_;
    std::vector<std::string> differing_;  // empty: no conflict
};

}  // namespace exota::evidence
