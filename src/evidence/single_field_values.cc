// Comparing the values of repeated fields.
//
// Tested by collector_test.cc.
#include "evidence/single_field_values.h"

#include <algorithm>

#include "authn/canonicalize.h"
#include "mail/unfold.h"

namespace exota::evidence {

std::vector<RepeatedField> SingleFieldValues::repeated() const {
    std::vector<RepeatedField> repeated;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] < 2) continue;
        const auto field = static_cast<mail::SingleField>(i);
        RepeatedField& out = repeated.emplace_back(RepeatedField{std::string(mail::single_fields[i]), counts_[i], {}});
        std::vector<std::string> seen;
        for (const Value& value : values_) {
            if (value.field != field) continue;
            std::string relaxed;
            authn::append_relaxed_header(relaxed, out.name, mail::unfold(std::string_view(text_).substr(value.begin, value.octets)));
            const auto known = std::ranges::find(seen, relaxed);
            out.values.push_back(static_cast<std::uint32_t>(known - seen.begin()));
            if (known == seen.end()) seen.push_back(std::move(relaxed));
        }
    }
    return repeated;
}

}  // namespace exota::evidence
