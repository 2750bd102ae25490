// ASCII text as mail uses it: case folding, white space, splitting. No locale, ever; octets above 127 are left as they are.
//
// Tested by text_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exota::base {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) noexcept { return is_alpha(c) || is_digit(c); }
/// Blank and tab: WSP of RFC 5234.
constexpr bool is_wsp(char c) noexcept { return c == ' ' || c == '\t'; }
/// What folding leaves between words: WSP, CR, LF.
constexpr bool is_fws(char c) noexcept { return is_wsp(c) || c == '\r' || c == '\n'; }
/// C0 controls and DEL.
constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Compares without regard to ASCII case.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}
constexpr bool istarts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}
constexpr bool iends_with(std::string_view text, std::string_view suffix) noexcept {
    return text.size() >= suffix.size() && iequals(text.substr(text.size() - suffix.size()), suffix);
}
/// Position of `needle` in `text` without regard to ASCII case, or npos.
constexpr std::size_t ifind(std::string_view text, std::string_view needle) noexcept {
    for (std::size_t i = 0; i + needle.size() <= text.size(); ++i)
        if (iequals(text.substr(i, needle.size()), needle)) return i;
    return std::string_view::npos;
}

/// Without the white space (blank, tab, CR, LF) at both ends. The result points into `text`.
constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_fws(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_fws(text.back())) text.remove_suffix(1);
    return text;
}

/// What stands before the first `at` (all of it if there is none); `text` becomes what stands behind (or empty).
/// @return a view into the text that was passed.
constexpr std::string_view take_until(std::string_view& text, char at) noexcept {
    const std::size_t end = text.find(at);
    const std::string_view head = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return head;
}

/// A copy in lower case (ASCII only).
std::string lower(std::string_view text);

/// The known word nearest to `word` (edit distance at most 3 and less than half its length), or empty: for "did you mean".
std::string_view nearest_word(std::string_view word, const std::string_view* first, std::size_t count) noexcept;

}  // namespace exota::base
