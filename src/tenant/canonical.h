// Names in tenants files, made canonical. Nearly every name is canonical already, and a million of them should not cost an allocation
// each, so those are recognised; mail::Domain decides about all others.
//
// Internal to this folder. Tested by tenants_file_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::tenant {

/// What a character may be in a canonical name; both functions below run over every name of a file and have no branches in their loops.
struct NameCharacters {
    enum : std::uint8_t { letter = 1, digit = 2, punctuation = 4, hexadecimal = 8, hyphen = 16 };
    constexpr NameCharacters() noexcept {
        for (char c = 'a'; c <= 'z'; ++c) at(c) = letter;
        for (char c = '0'; c <= '9'; ++c) at(c) = digit | hexadecimal;
        for (char c = 'a'; c <= 'f'; ++c) at(c) |= hexadecimal;
        at('.') = punctuation;
        at('-') = punctuation | hyphen;
    }
    constexpr std::uint8_t operator[](char c) const noexcept { return kinds[static_cast<unsigned char>(c)]; }
    constexpr std::uint8_t& at(char c) noexcept { return kinds[static_cast<unsigned char>(c)]; }
    std::array<std::uint8_t, 256> kinds{};
};
inline constexpr NameCharacters name_characters;

/// True only for what mail::Domain::parse would give back unchanged: plain labels in lower case. False says nothing.
constexpr bool is_surely_canonical(std::string_view name) noexcept {
    if (name.empty() || name.size() > mail::Domain::max_octets) return false;
    bool fine = true;
    bool after_punctuation = true;  // an empty label, a hyphen at its end, or two in a row ("xn--"), which need a closer look
    bool digits_only = true;
    std::size_t label = 0;  // octets of it so far
    for (const char c : name) {
        const std::uint8_t kind = name_characters[c];
        const bool punctuation = (kind & NameCharacters::punctuation) != 0, dot = c == '.';
        fine &= kind != 0 && !(punctuation && after_punctuation);
        label = dot ? 0 : label + 1;
        fine &= label <= mail::Domain::max_label_octets;
        digits_only = dot || (digits_only && (kind & NameCharacters::digit) != 0);
        after_punctuation = punctuation;
    }
    return fine && !after_punctuation && !digits_only;
}

/// True only for the 36 characters of a tenant id in lower case, as mail::TenantId::text() writes them.
constexpr bool is_surely_canonical_id(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    const auto all = [&](std::size_t from, std::size_t to) {
        std::uint8_t common = NameCharacters::hexadecimal;
        for (std::size_t i = from; i < to; ++i) common &= name_characters[text[i]];
        return common != 0;
    };
    return all(0, 8) && text[8] == '-' && all(9, 13) && text[13] == '-' && all(14, 18) && text[18] == '-' && all(19, 23) &&
           text[23] == '-' && all(24, 36);
}

/// @param storage  holds the result where `name` was not canonical.
/// @return  the canonical name, a view into `name` or `storage`.
inline base::Result<std::string_view> canonical_domain(std::string_view name, std::string& storage) {
    if (is_surely_canonical(name)) return name;
    const base::Result<mail::Domain> domain = mail::Domain::parse(name);
    if (!domain) return std::unexpected(domain.error());
    storage = domain->text();
    return std::string_view(storage);
}

}  // namespace exota::tenant
