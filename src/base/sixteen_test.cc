#include "base/sixteen.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::base {
namespace {

TEST(Sixteen, the_first_octet_has_the_lowest_bit) {
    const std::string text = "x..............x";
    ASSERT_EQ(text.size(), sixteen);
    EXPECT_EQ(bits_of(sixteen_octets(text.data()) == 'x'), 0x8001U);
    EXPECT_EQ(bits_of(sixteen_octets(text.data()) == '.'), 0x7ffeU);
    EXPECT_EQ(bits_of(sixteen_octets(text.data()) < 0), 0U);
    const std::string high(sixteen, '\x80');
    EXPECT_EQ(bits_of(sixteen_octets(high.data()) < 0), 0xffffU);
}

TEST(Sixteen, the_first_yes_is_found_wherever_it_is) {
    const auto is_x = [](auto octets) { return octets == 'x'; };
    for (std::size_t size = 0; size < 50; ++size)
        for (std::size_t at = 0; at <= size; ++at) {
            std::string text(size, '.');
            for (std::size_t i = at; i < size; i += 3) text[i] = 'x';
            EXPECT_EQ(find_octet(text.data(), text.data() + size, is_x) - text.data(), std::ptrdiff_t(at)) << size;
        }
}

}  // namespace
}  // namespace exota::base
