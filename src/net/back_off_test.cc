#include "net/back_off.h"

#include <gtest/gtest.h>

namespace exota::net {
namespace {

using namespace std::chrono_literals;

TEST(BackOff, doubles_up_to_its_limit_between_half_and_all) {
    const BackOff::Clock::time_point now{1h};
    BackOff least(100ms, 1000ms, [] { return 0U; });
    for (const auto wait : {50ms, 100ms, 200ms, 400ms, 500ms, 500ms}) EXPECT_EQ(least.failed(now), wait);
    for (const std::uint32_t chance : {1U, 77U, 4'000'000'000U, UINT32_MAX}) {
        BackOff any(100ms, 1000ms, [chance] { return chance; });
        std::chrono::milliseconds limit = 100ms;
        for (int i = 0; i < 20; ++i) {
            const auto wait = any.failed(now);
            EXPECT_GE(wait, limit / 2) << chance;
            EXPECT_LE(wait, limit) << chance;
            limit = std::min<std::chrono::milliseconds>(limit * 2, 1000ms);
        }
    }
}

TEST(BackOff, every_wait_between_the_two_can_come) {
    std::uint32_t next = 0;
    BackOff any(4ms, 4ms, [&next] { return next++; });
    const BackOff::Clock::time_point now{1h};
    EXPECT_EQ(any.failed(now), 2ms);
    EXPECT_EQ(any.failed(now), 3ms);
    EXPECT_EQ(any.failed(now), 4ms);
    EXPECT_EQ(any.failed(now), 2ms);
}

TEST(BackOff, when_to_try_again) {
    BackOff back_off(100ms, 1000ms, [] { return 0U; });
    const BackOff::Clock::time_point now{1h};
    EXPECT_TRUE(back_off.may_try(now)) << "nothing has failed";
    back_off.failed(now);
    EXPECT_FALSE(back_off.may_try(now + 49ms));
    EXPECT_TRUE(back_off.may_try(now + 50ms));
    EXPECT_EQ(back_off.due(), now + 50ms);
    back_off.failed(now);
    back_off.succeeded();
    EXPECT_TRUE(back_off.may_try(now));
    EXPECT_EQ(back_off.failed(now), 50ms) << "a first failure again";
}

}  // namespace
}  // namespace exota::net
