// xtext (RFC 3461 section 4): octets as printable ASCII. '+', '=' and what does not show are "+XX" with two hexadecimal capitals.
//
// Tested by xtext_test.cc and fuzz/smtp_command_fuzz.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace exota::smtp {

/// What stands for itself in xtext: '!' to '~' without '+' and '='.
constexpr bool is_xchar(char c) noexcept { return c >= '!' && c <= '~' && c != '+' && c != '='; }

/// The number of octets that `text` stands for, or nullopt if it is no xtext. The empty text is one.
constexpr std::optional<std::size_t> decoded_octets(std::string_view text) noexcept {
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
    std::size_t octets = 0;
    for (std::size_t at = 0; at < text.size(); ++octets) {
        if (is_xchar(text[at])) {
            ++at;
        } else if (text[at] == '+' && text.size() - at >= 3 && is_hex(text[at + 1]) && is_hex(text[at + 2])) {
            at += 3;
        } else {
            return std::nullopt;
        }
    }
    return octets;
}

/// @return  the octets, whatever they are (controls and NUL too); nullopt if `text` is no xtext or stands for more than `max_octets`.
std::optional<std::string> decode_xtext(std::string_view text, std::size_t max_octets);

void append_xtext(std::string& out, std::string_view octets);

}  // namespace exota::smtp
