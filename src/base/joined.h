// Texts joined to one: lists for people, arrays of JSON, words of a shell.
//
// Tested by joined_test.cc.
#pragma once

#include <functional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace exota::base {

/// @param text  what of an element is its text: a member, or a function of it.
template <std::ranges::input_range Elements, class Text = std::identity>
std::string joined(const Elements& elements, std::string_view between = ", ", Text text = {}) {
    std::string out;
    bool first = true;
    for (const auto& element : elements) {
        if (!std::exchange(first, false)) out += between;
        out += std::invoke(text, element);
    }
    return out;
}

}  // namespace exota::base
