#include "base/unicode.h"

#include "base/utf8.h"

namespace exota::base {

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
