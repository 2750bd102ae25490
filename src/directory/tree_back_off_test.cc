#include "directory/tree_back_off.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using base::Errc;

struct Waits : ::testing::Test {
    TreeBackOff::Clock::time_point now{1000h};
    /// Chance that gives 0 gives half of the longest wait there may be.
    TreeBackOff back_off{[] { return 0U; }};

    std::chrono::milliseconds after(Errc code) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(back_off.failed(code, now) - now);
    }
    std::chrono::milliseconds after_many(Errc code) {
        for (int i = 0; i < 100; ++i) after(code);
        return after(code);
    }
};

TEST_F(Waits, are_longer_where_all_was_read_in_vain) {
    EXPECT_EQ(after(Errc::unavailable), TreeBackOff::first / 2);
    EXPECT_EQ(after(Errc::too_long), TreeBackOff::first_beyond_limit / 2);
    EXPECT_EQ(after(Errc::unavailable), TreeBackOff::first);
    EXPECT_EQ(after(Errc::too_long), TreeBackOff::first_beyond_limit);
}

TEST_F(Waits, have_an_end) {
    for (const Errc code : {Errc::unavailable, Errc::timeout, Errc::invalid_data})
        EXPECT_EQ(after_many(code), TreeBackOff::longest / 2) << static_cast<int>(code);
    EXPECT_EQ(after_many(Errc::too_long), TreeBackOff::longest_beyond_limit / 2);
}

TEST_F(Waits, each_begins_anew_for_its_own_reason) {
    after_many(Errc::unavailable);
    after_many(Errc::too_long);
    back_off.was_there_for_a_while();
    EXPECT_EQ(after(Errc::unavailable), TreeBackOff::first / 2);
    EXPECT_EQ(after(Errc::too_long), TreeBackOff::longest_beyond_limit / 2) << "that it is there makes a tree no smaller";
    after_many(Errc::unavailable);
    back_off.was_read_whole();
    EXPECT_EQ(after(Errc::too_long), TreeBackOff::first_beyond_limit / 2);
    EXPECT_EQ(after(Errc::unavailable), TreeBackOff::longest / 2);
}

}  // namespace
}  // namespace exota::directory
