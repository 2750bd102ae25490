#include "base/unicode.h"

#include "base/text.h"

namespace exota::base {

Character first_character(std::string_view text) noexcept {
    if (text.empty()) return {};
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) return {1, first};
    const std::size_t octets = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (text.size() < octets || !is_utf8(text.substr(0, octets))) return {};
    char32_t point = first & (0xffU >> (octets + 1));
    for (std::size_t i = 1; i < octets; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    return {octets, point};
}

bool is_plain_text(std::string_view text) noexcept {
    while (!text.empty()) {
        if (text.front() >= 0x20 && text.front() < 0x7f) {
            text.remove_prefix(1);
            continue;
        }
        const Character next = first_character(text);
        if (next.octets == 0 || is_hidden(next.point)) return false;
        text.remove_prefix(next.octets);
    }
    return true;
}

}  // namespace exota::base
