#include "base/octets.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::base {
namespace {

TEST(Octets, letter_case_in_any_octet_and_in_no_other_character) {
    for (const std::size_t size : {1U, 7U, 8U, 9U, 15U, 16U, 17U, 40U})
        for (std::size_t at = 0; at < size; ++at)
            for (unsigned octet = 0; octet < 256; ++octet) {
                std::string one(size, 'q'), other(size, 'Q');
                one[at] = static_cast<char>(octet);
                for (const unsigned flipped : {octet, octet ^ 0x20U, octet ^ 0x80U, octet + 1}) {
                    other[at] = static_cast<char>(flipped);
                    ASSERT_EQ(same_name(one, other), to_lower(one[at]) == to_lower(other[at])) << size << ' ' << at << ' ' << octet;
                    ASSERT_EQ(begins_with_name(one + "x", other), same_name(one, other));
                }
            }
    EXPECT_FALSE(same_name("abcdefgh", "abcdefghi"));
    EXPECT_FALSE(begins_with_name("abcdefg", "abcdefgh"));
    EXPECT_TRUE(begins_with_name("abcdefg", ""));
}

TEST(Octets, utf8_is_checked_wherever_it_stands) {  // is_utf8 passes ASCII eight octets at a time
    for (std::size_t before = 0; before < 18; ++before) {
        const std::string text(before, 'a');
        EXPECT_TRUE(is_utf8(text + "\xc3\xa9" + text)) << before;
        EXPECT_FALSE(is_utf8(text + "\xc3" + text)) << before;
        EXPECT_FALSE(is_utf8(text + "\xa9" + text)) << before;
    }
}

}  // namespace
}  // namespace exota::base
