#include "app/loop_observer.h"

#include <gtest/gtest.h>

namespace exota::app {
namespace {

using namespace std::chrono_literals;

TEST(PaceOfEach, is_once_a_minute_of_each_text) {
    PaceOfEach pace;
    const PaceOfEach::Time start{};
    EXPECT_TRUE(pace.due("a", start));
    EXPECT_FALSE(pace.due("a", start + 1s));
    EXPECT_TRUE(pace.due("b", start + 1s)) << "hidden by no other";
    EXPECT_FALSE(pace.due("a", start + 60s - 1ns));
    EXPECT_TRUE(pace.due("a", start + 60s));
    EXPECT_FALSE(pace.due("b", start + 60s));
}

TEST(PaceOfEach, is_of_so_many_texts_a_minute) {
    PaceOfEach pace;
    const PaceOfEach::Time start{};
    for (std::size_t i = 0; i < PaceOfEach::most_texts; ++i) EXPECT_TRUE(pace.due(std::to_string(i), start));
    EXPECT_FALSE(pace.due("one more", start + 1s));
    EXPECT_TRUE(pace.due("one more", start + 60s));
}

}  // namespace
}  // namespace exota::app
