// Comments, folding white space and quoted strings (RFC 5322 section 3.2): the rules that all structured fields share.
//
// Views into the text, no allocation, loops instead of recursion. A field is first asked for octets that no field may have, so that the
// rules below need not know about controls: then any run of blank, tab, CR and LF is folding white space.
//
// Tested by cfws_test.cc and by every parser of a field.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/cursor.h"
#include "base/sixteen.h"
#include "base/text.h"

namespace exota::mail {

inline constexpr int max_comment_depth = 8;

constexpr bool is_8bit(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

/// A set of octets, asked by a table: these questions come for every octet of a field.
class OctetSet {
public:
    constexpr explicit OctetSet(auto belongs) noexcept {
        for (std::size_t octet = 0; octet < in_.size(); ++octet) in_[octet] = belongs(static_cast<char>(octet));
    }
    constexpr bool operator()(char c) const noexcept { return in_[static_cast<unsigned char>(c)]; }

private:
    std::array<bool, 256> in_{};
};

/// atext (RFC 5322 section 3.2.3), with octets above 127 (RFC 6532 section 3.2).
inline constexpr OctetSet is_atext([](char c) {
    return base::is_alnum(c) || is_8bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
});

/// Controls are nowhere allowed; CR and LF only where they fold (section 2.2.3), with or without the CR.
/// @return what forbids the field ("a NUL"), or empty.
inline std::string_view find_forbidden_octet(std::string_view field) noexcept {
    const auto is_control = [](auto c) { return ((c >= 0) & (c < ' ') & (c != '\t')) | (c == 0x7f); };
    const char* const end = field.data() + field.size();
    for (const char* at = field.data(); (at = base::find_octet(at, end, is_control)) != end; ++at) {
        const char c = *at, next = at + 1 == end ? '\0' : at[1];
        if (c == '\0') return "a NUL";
        if (c == '\r' && next == '\n') continue;
        if (c == '\n' && base::is_wsp(next)) continue;
        return c == '\r' || c == '\n' ? "a line break that folds nothing" : "a control character";
    }
    return {};
}

constexpr void skip_fws(base::Cursor& in) noexcept { in.take_while(base::is_fws); }

/// comment, from its '('.
/// @return false if it never closes or nests deeper than max_comment_depth.
constexpr bool skip_comment(base::Cursor& in) noexcept {
    int depth = 0;
    do {
        if (in.at_end()) return false;
        const char c = in.peek();
        in.advance();
        if (c == '\\') {
            if (in.at_end()) return false;
            in.advance();
        } else if (c == '(') {
            if (++depth > max_comment_depth) return false;
        } else if (c == ')') {
            --depth;
        }
    } while (depth > 0);
    return true;
}

/// [CFWS]. @return false where skip_comment does.
constexpr bool skip_cfws(base::Cursor& in) noexcept {
    for (;;) {
        skip_fws(in);
        if (!in.next_is('(')) return true;
        if (!skip_comment(in)) return false;
    }
}

/// quoted-string, from its '"'. `content` becomes what stands between the quotes, as written (see unquote).
/// @return false if it never closes.
constexpr bool take_quoted_string(base::Cursor& in, std::string_view& content) noexcept {
    in.advance();
    const std::size_t start = in.position();
    while (!in.at_end()) {
        if (in.peek() == '"') {
            content = in.since(start);
            in.advance();
            return true;
        }
        in.advance(in.peek() == '\\' ? 2 : 1);
    }
    return false;
}

/// What the content of a quoted string means (section 3.2.4): without the backslashes that quote, and without the line breaks of folds.
inline std::string unquote(std::string_view content) {
    std::string out;
    out.reserve(content.size());
    for (std::size_t i = 0; i < content.size(); ++i) {
        if (content[i] == '\r' || content[i] == '\n') continue;
        if (content[i] == '\\' && i + 1 < content.size()) ++i;
        out += content[i];
    }
    return out;
}

}  // namespace exota::mail
