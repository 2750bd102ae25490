// UTF-8 (RFC 3629): the one place that takes it apart and puts it together. No overlong form, no surrogate, nothing above U+10FFFF.
//
// Tested by utf8_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace exota::base {

struct Character {
    std::size_t octets = 0;  // 0: none, or not UTF-8
    char32_t point = 0;
    bool unfinished = false;  // there is none yet: every octet is the beginning of one, and only more of them can tell
};
/// The character with which `text` begins.
Character first_character(std::string_view text) noexcept;

/// An octet within a character, not its first (section 3, "10xxxxxx").
constexpr bool continues_character(char octet) noexcept { return (static_cast<unsigned char>(octet) & 0xc0) == 0x80; }

/// True if `text` is valid UTF-8.
bool is_utf8(std::string_view text) noexcept;

/// At most `max_octets` of `text`, never cut within a UTF-8 sequence. The result points into `text`.
std::string_view truncate_utf8(std::string_view text, std::size_t max_octets) noexcept;

/// A character as it is written.
struct EncodedCharacter {
    std::array<char, 4> octets{};
    std::size_t size = 0;
    std::string_view text() const noexcept { return {octets.data(), size}; }
};
/// @param point  at most U+10FFFF and no surrogate.
EncodedCharacter encode_utf8(char32_t point) noexcept;

}  // namespace exota::base
