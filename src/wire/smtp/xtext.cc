#include "wire/smtp/xtext.h"

namespace exota::smtp {

std::optional<std::string> decode_xtext(std::string_view text, std::size_t max_octets) {
    const auto octets = decoded_octets(text);
    if (!octets || *octets > max_octets) return std::nullopt;
    const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10); };
    std::string out;
    out.reserve(*octets);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '+') {
            out += text[at];
            continue;
        }
        out += static_cast<char>(digit(text[at + 1]) << 4 | digit(text[at + 2]));
        at += 2;
    }
    return out;
}

void append_xtext(std::string& out, std::string_view octets) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : octets) {
        if (is_xchar(c)) {
            out += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out += '+';
        out += digits[octet >> 4];
        out += digits[octet & 15];
    }
}

}  // namespace exota::smtp
