// A fact: what was seen, by whom, how surely. "Not there", "there in two versions", "there but unreadable" and "could not be found
// out" are four different things, and none of them is a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace exota::evidence {

/// Who says so. A claim in a header field is worth less than what the MTA saw itself; decision/ weighs it.
enum class Source : std::uint8_t { mta, peer_certificate, smtp_parameter, header_field, own_verification, given };
std::string_view name_of(Source source) noexcept;

struct Absent {
    friend bool operator==(const Absent&, const Absent&) = default;
};
struct Conflicting {
    std::vector<std::string> seen;  // the differing values, bounded
    friend bool operator==(const Conflicting&, const Conflicting&) = default;
};
struct Malformed {
    std::string seen;
    std::string why;
    friend bool operator==(const Malformed&, const Malformed&) = default;
};
struct Unavailable {
    std::string why;
    friend bool operator==(const Unavailable&, const Unavailable&) = default;
};
template <class T>
struct Observed {
    T value;
    Source source = Source::header_field;
    friend bool operator==(const Observed&, const Observed&) = default;
};
template <class T>
using Fact = std::variant<Absent, Observed<T>, Conflicting, Malformed, Unavailable>;

/// The value if the fact was observed, else nullptr.
template <class T>
const T* value_of(const Fact<T>& fact) noexcept {
    const auto* observed = std::get_if<Observed<T>>(&fact);
    return observed ? &observed->value : nullptr;
}

}  // namespace exota::evidence
