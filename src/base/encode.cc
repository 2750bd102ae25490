#include "base/encode.h"

#include <array>
#include <cstdint>

#include "base/text.h"
#include "base/unicode.h"
#include "base/utf8.h"

namespace exota::base {
namespace {

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr std::array<std::int8_t, 256> base64_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
        values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}();

/// Octets that a JSON string holds as they are, whatever stands beside them.
constexpr std::array<bool, 256> stands_for_itself = [] {
    std::array<bool, 256> plain{};
    for (std::size_t c = ' '; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
}();

enum class Language : std::uint8_t { json, toml };

void append_hex(std::string& out, std::string_view mark, std::uint32_t value, int digits) {
    out += mark;
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += hex_digits[value >> shift & 15];
}

void append_escaped(std::string& out, char32_t point, Language language) {
    constexpr std::string_view letters = "\"\"\\\\\nn\rr\tt";  // a character, and what stands for it behind the backslash
    for (std::size_t i = 0; i < letters.size(); i += 2) {
        if (point != static_cast<unsigned char>(letters[i])) continue;
        out += '\\';
        out += letters[i + 1];
        return;
    }
    if (point < 0x10000) return append_hex(out, "\\u", point, 4);
    if (language == Language::toml) return append_hex(out, "\\U", point, 8);
    append_hex(out, "\\u", 0xd7c0 + (point >> 10), 4);  // a surrogate pair
    append_hex(out, "\\u", 0xdc00 | (point & 0x3ff), 4);
}

void append_string(std::string& out, std::string_view text, Language language) {
    out += '"';
    for (;;) {
        std::size_t unchanged = 0;
        while (unchanged < text.size() && stands_for_itself[static_cast<unsigned char>(text[unchanged])]) ++unchanged;
        out.append(text.substr(0, unchanged));
        text.remove_prefix(unchanged);
        if (text.empty()) break;
        const Character next = first_character(text);
        if (next.octets == 0)
            out += "\xef\xbf\xbd";  // U+FFFD
        else if (next.octets == 1 || is_hidden(next.point))
            append_escaped(out, next.point, language);
        else
            out.append(text.substr(0, next.octets));
        text.remove_prefix(next.octets == 0 ? 1 : next.octets);
    }
    out += '"';
}

}  // namespace

std::string base64_encode(std::string_view octets) {
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : octets) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        if (++count == 3) {
            for (int shift = 18; shift >= 0; shift -= 6) out += base64_alphabet[bits >> shift & 63];
            bits = 0;
            count = 0;
        }
    }
    if (count > 0) {
        bits <<= (3 - count) * 8;
        for (int i = 0; i <= count; ++i) out += base64_alphabet[bits >> (18 - 6 * i) & 63];
        out.append(static_cast<std::size_t>(3 - count), '=');
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int count = 0, padding = 0;
    for (const char c : text) {
        if (is_fws(c)) continue;
        if (c == '=') {
            if (++padding > 2) return std::nullopt;
            continue;
        }
        const int value = base64_values[static_cast<unsigned char>(c)];
        if (value < 0 || padding > 0) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if (++count == 4) {
            for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xff);
            bits = 0;
            count = 0;
        }
    }
    if (count == 0) return padding == 0 ? std::optional(out) : std::nullopt;
    if (count == 1 || count + padding != 4) return std::nullopt;
    bits <<= (4 - count) * 6;
    if (bits & (count == 2 ? 0xffffU : 0xffU)) return std::nullopt;  // bits that no octet takes: two texts would mean the same
    for (int i = 0; i < count - 1; ++i) out += static_cast<char>(bits >> (16 - 8 * i) & 0xff);
    return out;
}

std::string hex_encode(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() * 2);
    for (const char c : octets) {
        out += hex_digits[static_cast<unsigned char>(c) >> 4];
        out += hex_digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

void append_json_string(std::string& out, std::string_view text) { append_string(out, text, Language::json); }

void append_toml_string(std::string& out, std::string_view text) { append_string(out, text, Language::toml); }

}  // namespace exota::base
