// The values of fields that should be there once (mail/single_field.h), kept until the message ends: only then is it known which of them
// came twice. One piece of memory for all; nothing is compared of a message that has each field once.
//
// Tested by collector_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.h"
#include "mail/single_field.h"

namespace exota::evidence {

class SingleFieldValues {
public:
    /// @param value  as it came; empty where it may not be looked at (it then differs from nothing: the message is too complex).
    void add(mail::SingleField field, std::string_view value) {
        if (values_.empty()) {
            constexpr std::size_t usual_octets = 1000, usual_fields = 12;  // of a message from Exchange Online
            text_.reserve(usual_octets);
            values_.reserve(usual_fields);
        }
        ++counts_[static_cast<std::size_t>(field)];
        if (counts_[static_cast<std::size_t>(field)] > mail::max_compared_fields) return;
        values_.push_back({field, static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(value.size())});
        text_.append(value);
    }

    /// Those that came more than once. Values are equal if their relaxed forms are (RFC 6376 section 3.4.2).
    std::vector<RepeatedField> repeated() const;

private:
    struct Value {
        mail::SingleField field;
        std::uint32_t begin, octets;  // in text_
    };
    std::array<std::uint32_t, mail::single_fields.size()> counts_{};
    std::vector<Value> values_;
    std::string text_;
};

}  // namespace exota::evidence
