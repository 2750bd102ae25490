// A place in a text that is being parsed. One function per grammar rule takes a Cursor and moves it; results are views into the text.
//
// Nothing here allocates, throws, or reads past the end. Tested by cursor_test.cc and by every parser that uses it.
#pragma once

#include <cstddef>
#include <string_view>

namespace exota::base {

class Cursor {
public:
    constexpr explicit Cursor(std::string_view text) noexcept : text_(text) {}

    constexpr bool at_end() const noexcept { return position_ == text_.size(); }
    /// The next character, or NUL at the end (a NUL in the text looks the same: ask at_end()).
    constexpr char peek() const noexcept { return at_end() ? '\0' : text_[position_]; }
    constexpr bool next_is(char c) const noexcept { return !at_end() && text_[position_] == c; }
    /// Moves past `c` if it comes next.
    constexpr bool skip(char c) noexcept {
        if (!next_is(c)) return false;
        ++position_;
        return true;
    }
    constexpr void advance(std::size_t octets = 1) noexcept {
        position_ = octets > text_.size() - position_ ? text_.size() : position_ + octets;
    }

    /// Takes the longest run of characters for which `belongs` holds; empty if none.
    template <class Predicate>
    constexpr std::string_view take_while(const Predicate& belongs) noexcept {
        std::size_t end = position_;  // a copy, so that nothing is stored for each octet
        while (end < text_.size() && belongs(text_[end])) ++end;
        const std::string_view taken(text_.data() + position_, end - position_);
        position_ = end;
        return taken;
    }

    constexpr std::string_view rest() const noexcept { return text_.substr(position_); }
    constexpr std::size_t position() const noexcept { return position_; }
    /// Goes back to a position taken before.
    constexpr void rewind(std::size_t position) noexcept { position_ = position; }
    /// What lies between a position taken before and here.
    constexpr std::string_view since(std::size_t start) const noexcept { return text_.substr(start, position_ - start); }

private:
    std::string_view text_;
    std::size_t position_ = 0;
};

}  // namespace exota::base
