#include "directory/interrupt.h"

#include <gtest/gtest.h>

#include <thread>

namespace exota::directory {
namespace {

using Woken = Interrupt::Woken;

TEST(Interrupt, ends_a_wait_for_good) {
    Interrupt interrupt;
    EXPECT_FALSE(interrupt.is_set());
    EXPECT_EQ(interrupt.wait_for(std::chrono::milliseconds(0)), Woken::by_time);
    interrupt.set();
    interrupt.set();
    EXPECT_TRUE(interrupt.is_set());
    EXPECT_EQ(interrupt.wait_for(std::chrono::hours(1)), Woken::for_good);
    interrupt.poke();
    EXPECT_EQ(interrupt.wait_for(std::chrono::hours(1)), Woken::for_good);
}

TEST(Interrupt, wakes_once) {
    Interrupt interrupt;
    EXPECT_FALSE(interrupt.take_poke());
    interrupt.poke();
    interrupt.poke();
    EXPECT_FALSE(interrupt.is_set());
    EXPECT_EQ(interrupt.wait_for(std::chrono::hours(1)), Woken::by_poke);
    EXPECT_EQ(interrupt.wait_for(std::chrono::milliseconds(0)), Woken::by_time);
    std::thread other([&] { interrupt.poke(); });
    EXPECT_EQ(interrupt.wait_for(std::chrono::hours(1)), Woken::by_poke);
    other.join();
}

}  // namespace
}  // namespace exota::directory
