#include "base/encode.h"

#include <array>
#include <cstdint>

#include "base/text.h"

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

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0;
    const auto flush = [&](std::size_t end) { out.append(text, plain, end - plain); };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') continue;
        if (c >= 0x80) {
            std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            if (i + length <= text.size() && is_utf8(text.substr(i, length))) {
                i += length - 1;
                continue;
            }
        }
        flush(i);
        plain = i + 1;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (c >= 0x80) {
                    out += "\xef\xbf\xbd";
                } else {
                    out += "\\u00";
                    out += hex_digits[c >> 4];
                    out += hex_digits[c & 15];
                }
        }
    }
    flush(text.size());
    out += '"';
}

}  // namespace exota::base
