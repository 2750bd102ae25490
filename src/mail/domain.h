// A domain name as mail compares it: A-labels (RFC 5890), lower case, no final dot. One canonical form, so `==` is the comparison.
//
// Tested by domain_test.cc and fuzz/from_fuzz.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::mail {

class Domain {
public:
    static constexpr std::size_t max_octets = 253;
    static constexpr std::size_t max_label_octets = 63;

    /// Reads ASCII or UTF-8 (U-labels are mapped by IDNA2008, RFC 5891, UTS 46 non-transitional). One final dot is dropped.
    /// Labels are of letters, digits, hyphens and underscores. An address literal ("[192.0.2.1]") or a last label of digits is no domain.
    /// @return invalid_data or too_long, with the reason.
    static base::Result<Domain> parse(std::string_view text);

    const std::string& text() const noexcept { return text_; }
    /// The name without its first label; empty when only one label is left. Points into text().
    std::string_view parent() const noexcept;
    /// Strictly below `other`: "a.example" is below "example", "example" is not.
    bool is_below(const Domain& other) const noexcept;

    friend bool operator==(const Domain&, const Domain&) = default;
    friend auto operator<=>(const Domain&, const Domain&) = default;

private:
    explicit Domain(std::string canonical) noexcept : text_(std::move(canonical)) {}
    std::string text_;
};

/// `name` without its first label ("a.b.c" → "b.c"), or empty. For walks over parents of canonical names.
constexpr std::string_view parent_of(std::string_view name) noexcept {
    const std::size_t dot = name.find('.');
    return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

}  // namespace exota::mail
