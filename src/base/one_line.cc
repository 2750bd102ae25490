#include "base/one_line.h"

#include "base/encode.h"
#include "base/unicode.h"
#include "base/utf8.h"

namespace exota::base {

std::string in_one_line(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const Character next = first_character(text);
        const std::string_view octets = text.substr(0, next.octets == 0 ? 1 : next.octets);
        if (next.octets != 0 && !is_hidden(next.point)) {
            out += octets;
        } else {
            std::string quoted;
            append_json_string(quoted, octets);
            out.append(quoted, 1, quoted.size() - 2);
        }
        text.remove_prefix(octets.size());
    }
    return out;
}

}  // namespace exota::base
