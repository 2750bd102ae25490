// Characters of UTF-8 text by how they show: those that do not, and blanks. One list for everything that is written for a person or for a
// program that may split lines in its own way, and for names in which nothing may hide.
//
// Tested by unicode_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace exota::base {

struct CharacterRange {
    char32_t first, last;
};
/// General categories Cc, Cf, Zl and Zp, Default_Ignorable_Code_Point and Noncharacter_Code_Point of Unicode 15.1, in order.
inline constexpr auto hidden_characters = std::to_array<CharacterRange>({
    {0x0, 0x1f},        {0x7f, 0x9f},         {0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},       {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},     {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},     {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x1343f},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff},
    {0x3fffe, 0x3ffff}, {0x4fffe, 0x4ffff},   {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff}, {0x7fffe, 0x7ffff}, {0x8fffe, 0x8ffff},
    {0x9fffe, 0x9ffff}, {0xafffe, 0xaffff},   {0xbfffe, 0xbffff}, {0xcfffe, 0xcffff}, {0xdfffe, 0xe0fff}, {0xefffe, 0xeffff},
    {0xffffe, 0xfffff}, {0x10fffe, 0x10ffff},
});

/// A character that ends a line somewhere, moves the cursor, turns the direction of what follows, or is not seen at all.
constexpr bool is_hidden(char32_t point) noexcept {
    std::size_t low = 0, high = hidden_characters.size();
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (point > hidden_characters[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < hidden_characters.size() && point >= hidden_characters[low].first;
}

/// A blank outside ASCII (general category Zs): some readers trim it, some do not.
constexpr bool is_wide_blank(char32_t point) noexcept {
    return point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x202f || point == 0x205f ||
           point == 0x3000;
}

/// UTF-8 in which every character shows.
bool is_plain_text(std::string_view text) noexcept;

}  // namespace exota::base
