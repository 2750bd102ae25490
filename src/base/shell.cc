#include "base/shell.h"

#include <algorithm>

#include "base/text.h"

namespace exota::base {

std::string shell_word(std::string_view text) {
    constexpr std::string_view plain = "@%+=:,./-_";
    const bool is_plain = !text.empty() && std::ranges::all_of(text, [&](char c) { return is_alnum(c) || plain.find(c) != plain.npos; });
    if (is_plain) return std::string(text);
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + '\'';
}

}  // namespace exota::base
