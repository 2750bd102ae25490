#include "base/cursor.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace exota::base {
namespace {

TEST(Cursor, walks_and_goes_back) {
    Cursor in("abc=1");
    const std::size_t start = in.position();
    EXPECT_EQ(in.take_while(is_alpha), "abc");
    EXPECT_FALSE(in.skip(':'));
    EXPECT_TRUE(in.skip('='));
    EXPECT_EQ(in.since(start), "abc=");
    EXPECT_EQ(in.rest(), "1");
    in.rewind(start);
    EXPECT_EQ(in.peek(), 'a');
}

TEST(Cursor, never_passes_the_end) {
    Cursor in("x");
    in.advance(99);
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(in.peek(), '\0');
    EXPECT_FALSE(in.skip('\0'));
    EXPECT_EQ(in.take_while(is_alpha), "");
}

}  // namespace
}  // namespace exota::base
