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
                }
            }
    EXPECT_FALSE(same_name("abcdefgh", "abcdefghi"));
}

template <std::size_t size>
void expect_known_name_as_same_name(const char (&name)[size]) {
    const std::string wanted(name);
    for (std::size_t at = 0; at < wanted.size(); ++at)
        for (unsigned octet = 0; octet < 256; ++octet) {
            std::string text = wanted;
            text[at] = static_cast<char>(octet);
            ASSERT_EQ(is_name(text, name), same_name(text, wanted)) << name << ' ' << at << ' ' << octet;
            ASSERT_EQ(begins_with_name(text, name), same_name(text, wanted));
            ASSERT_EQ(begins_with_name(text + "x", name), same_name(text, wanted));
            ASSERT_FALSE(is_name(text + "x", name));
            ASSERT_FALSE(begins_with_name(std::string_view(text).substr(1), name)) << "one octet short";
        }
}

TEST(Octets, names_known_to_the_compiler) {
    expect_known_name_as_same_name("Id");
    expect_known_name_as_same_name("ms-Exch");
    expect_known_name_as_same_name("MS-Excha");
    expect_known_name_as_same_name("MS-Exchange-");
    expect_known_name_as_same_name("Authentication-R");
    expect_known_name_as_same_name("OriginalAttributedTenantConnectingIp");
    EXPECT_TRUE(begins_with_name("abcdefg", ""));
    EXPECT_TRUE(is_name("", ""));
}

TEST(Octets, controls_among_eight) {
    for (unsigned octet = 0; octet < 256; ++octet)
        for (std::size_t at = 0; at < 8; ++at)
            for (const char rest : {' ', '~', '\xff', '\x80'}) {
                std::string text(8, rest);
                text[at] = static_cast<char>(octet);
                ASSERT_EQ(any_control(first_octets(text)), is_control(static_cast<char>(octet))) << octet << ' ' << at;
            }
}

}  // namespace
}  // namespace exota::base
