#include "directory/look_up_in_time.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::Error;

TEST(LookUpInTime, SaysWhatTheSystemSays) {
    EXPECT_EQ(look_up_in_time<int>("a.test", [] { return base::Result<int>(7); }, 1h).value(), 7);
    const Error none{Errc::not_found, "no such name"}, late{Errc::timeout, "the system gave up"};
    for (const Error& each : {none, late})
        EXPECT_EQ(look_up_in_time<int>("b.test", [each] { return base::Result<int>(std::unexpected(each)); }, 1h).error(), each);
    EXPECT_EQ(
        look_up_in_time<int>("c.test", []() -> base::Result<int> { throw std::runtime_error("no"); }, 1h).error().code, Errc::unavailable);
}

TEST(LookUpInTime, LeavesWhatHangsAlone) {
    std::promise<void> begun, released;
    const std::function<base::Result<int>()> hangs = [&begun, released = released.get_future().share()] {
        begun.set_value();
        released.wait();
        return base::Result<int>(7);
    };
    Interrupt interrupt;
    for (const std::chrono::milliseconds time : {1ms, 0ms, -1ms})  // the same thread for all of them: it begins once
        EXPECT_EQ(look_up_in_time<int>("hangs.test", hangs, time, &interrupt).error(),
                  (Error{Errc::timeout, "hangs.test: its name is not looked up in time"}));
    begun.get_future().wait();
    interrupt.set();
    EXPECT_EQ(look_up_in_time<int>("hangs.test", hangs, 1h, &interrupt).error().code, Errc::closed);
    released.set_value();
    EXPECT_EQ(look_up_in_time<int>("hangs.test", [] { return base::Result<int>(7); }, 1h).value(), 7) << "by whichever thread";
}

}  // namespace
}  // namespace exota::directory
