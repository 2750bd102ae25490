// Names in tenants files, made canonical. Nearly every name is canonical already, and a million of them should not cost an allocation
// each, so those are recognised; mail::Domain decides about all others.
//
// Internal to this folder. Tested by tenants_file_test.cc.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sixteen.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::tenant {

namespace canonical {

constexpr bool is_punctuation(char c) noexcept { return c == '.' || c == '-'; }
constexpr bool is_lower_alnum(char c) noexcept { return (c >= 'a' && c <= 'z') || base::is_digit(c); }
constexpr bool is_lower_hexadecimal(char c) noexcept { return (c >= 'a' && c <= 'f') || base::is_digit(c); }

/// Letters in lower case, digits, and punctuation that is not followed by more of it: no label is empty, ends with a hyphen or has two in
/// a row ("xn--"). The last octet is no punctuation.
constexpr bool has_plain_labels(std::string_view name) noexcept {
    for (std::size_t i = 0; i < name.size(); ++i)
        if (!is_lower_alnum(name[i]) && (!is_punctuation(name[i]) || is_punctuation(name[i + 1]))) return false;
    return true;
}
/// The same for at least sixteen octets, sooner. Each look begins with the octet that the one before ended with, so all pairs are seen.
inline bool has_plain_labels_at_once(std::string_view name) noexcept {
    const std::size_t last = name.size() - base::sixteen;
    unsigned bad = 0;
    for (std::size_t at = 0;; at = std::min(at + base::sixteen - 1, last)) {
        const base::SixteenOctets octets = base::sixteen_octets(name.data() + at);
        const auto punctuation = (octets == '.') | (octets == '-');
        const auto alnum = ((octets >= 'a') & (octets <= 'z')) | ((octets >= '0') & (octets <= '9'));
        const unsigned points = base::bits_of(punctuation);
        bad |= base::bits_of(~(punctuation | alnum)) | (points & points << 1);
        if (at == last) return bad == 0;
    }
}

constexpr bool is_id(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !is_lower_hexadecimal(text[i])) return false;
    }
    return true;
}
inline bool is_id_at_once(std::string_view text) noexcept {
    const auto has = [&](std::size_t at, unsigned hyphens) {
        const base::SixteenOctets octets = base::sixteen_octets(text.data() + at);
        const auto hexadecimal = ((octets >= 'a') & (octets <= 'f')) | ((octets >= '0') & (octets <= '9'));
        return base::bits_of(octets == '-') == hyphens && base::bits_of(hexadecimal) == (hyphens ^ 0xffff);
    };
    return has(0, 1U << 8 | 1U << 13) && has(16, 1U << 2 | 1U << 7) && has(20, 1U << 3);
}

}  // namespace canonical

/// True only for what mail::Domain::parse would give back unchanged: plain labels in lower case. False says nothing.
constexpr bool is_surely_canonical(std::string_view name) noexcept {
    // Up to the length of a label no label is too long. A letter at the end: the last label is not of digits only, and has no hyphen there.
    if (name.empty() || name.size() > mail::Domain::max_label_octets || name.back() < 'a' || name.back() > 'z') return false;
    if (canonical::is_punctuation(name.front())) return false;
    if !consteval {
        if (name.size() >= base::sixteen) return canonical::has_plain_labels_at_once(name);
    }
    return canonical::has_plain_labels(name);
}

/// True only for the 36 characters of a tenant id in lower case, as mail::TenantId::text() writes them.
constexpr bool is_surely_canonical_id(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    if consteval {
        return canonical::is_id(text);
    } else {
        return canonical::is_id_at_once(text);
    }
}

/// What mail::Domain makes of `name`; the result is a view into `storage`.
base::Result<std::string_view> made_canonical(std::string_view name, std::string& storage);

/// @param storage  holds the result where `name` was not canonical.
/// @return  the canonical name, a view into `name` or `storage`.
inline base::Result<std::string_view> canonical_domain(std::string_view name, std::string& storage) {
    if (is_surely_canonical(name)) return name;
    return made_canonical(name, storage);
}

}  // namespace exota::tenant
