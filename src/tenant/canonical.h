// Names in tenants files, made canonical. Nearly every name is canonical already, and a million of them should not cost an allocation
// each, so those are recognised; mail::Domain decides about all others.
//
// Internal to this folder. Tested by tenants_file_test.cc.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::tenant {

/// Eight octets of a text as a number, the first one lowest, and questions to all of them at once. An answer has the highest bit of each
/// octet for which it is yes.
class EightOctets {
public:
    static constexpr std::size_t count = 8;
    static constexpr std::uint64_t each = 0x0101010101010101, highest_bits = 0x80 * each;

    /// `text` has at least eight octets from `at` on.
    constexpr EightOctets(std::string_view text, std::size_t at) noexcept {
        if consteval {
            for (std::size_t i = 0; i < count; ++i) octets_ |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << 8 * i;
        } else {
            std::memcpy(&octets_, text.data() + at, count);
            if constexpr (std::endian::native == std::endian::big) octets_ = std::byteswap(octets_);
        }
    }
    constexpr std::uint64_t are_between(char first, char last) const noexcept {
        const auto offset = [](int c) { return static_cast<std::uint64_t>(0x80 - c) * each; };
        const std::uint64_t low_bits = octets_ & ~highest_bits;
        return (low_bits + offset(first)) & ~(low_bits + offset(last + 1)) & ~octets_ & highest_bits;
    }
    constexpr std::uint64_t are_lower_hexadecimal() const noexcept { return are_between('0', '9') | are_between('a', 'f'); }

private:
    std::uint64_t octets_ = 0;
};
static_assert(EightOctets("a-z09.`{", 0).are_between('a', 'z') == 0x0000000000800080);

/// True only for what mail::Domain::parse would give back unchanged: plain labels in lower case. False says nothing.
constexpr bool is_surely_canonical(std::string_view name) noexcept {
    // Up to the length of a label no label is too long. A letter at the end: the last label is not of digits only, and has no hyphen there.
    if (name.empty() || name.size() > mail::Domain::max_label_octets || name.back() < 'a' || name.back() > 'z') return false;
    const auto is_punctuation = [](char c) { return c == '.' || c == '-'; };
    if (is_punctuation(name.front())) return false;
    if (name.size() < EightOctets::count) {
        for (std::size_t i = 0; i < name.size(); ++i) {
            const bool letter = name[i] >= 'a' && name[i] <= 'z';
            if (!letter && !base::is_digit(name[i]) && (!is_punctuation(name[i]) || is_punctuation(name[i + 1]))) return false;
        }
        return true;
    }
    // Each look begins with the octet that the one before ended with, so that all pairs are seen.
    const std::size_t last = name.size() - EightOctets::count;
    std::uint64_t fine = EightOctets::highest_bits;
    for (std::size_t at = 0;; at = std::min(at + EightOctets::count - 1, last)) {
        const EightOctets octets(name, at);
        const std::uint64_t punctuation = octets.are_between('-', '.');
        fine &= punctuation | octets.are_between('0', '9') | octets.are_between('a', 'z');
        fine &= ~(punctuation & punctuation << 8);  // an empty label, a hyphen at its end, or two in a row ("xn--"): needs a closer look
        if (at == last) return fine == EightOctets::highest_bits;
    }
}

/// True only for the 36 characters of a tenant id in lower case, as mail::TenantId::text() writes them.
constexpr bool is_surely_canonical_id(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    const auto has = [&](std::size_t at, std::uint64_t hyphens) {
        const EightOctets octets(text, at);
        return octets.are_between('-', '-') == hyphens && octets.are_lower_hexadecimal() == (hyphens ^ EightOctets::highest_bits);
    };
    return has(0, 0) && has(8, 0x0000800000000080) && has(16, 0x8000000000800000) && has(24, 0) && has(28, 0);
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
