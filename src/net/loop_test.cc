#include "net/loop.h"

#include <gtest/gtest.h>

#include <atomic>

#include "net/testing.h"

namespace exota::net {
namespace {

using testing::LoopThread;

TEST(Loop, posts_run_on_its_thread_in_order) {
    LoopThread thread;
    std::vector<int> order;
    for (int i = 0; i < 5; ++i) thread.loop().post([&order, i] { order.push_back(i); });
    const auto id = thread.call([] { return std::this_thread::get_id(); });
    EXPECT_NE(id, std::this_thread::get_id());
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST(Timer, calls_once_and_only_the_last_start_counts) {
    LoopThread thread;
    std::promise<int> fired;
    std::unique_ptr<Timer> timer;
    thread.call([&] {
        timer = std::make_unique<Timer>(thread.loop());
        timer->start(std::chrono::hours(1), [&] { fired.set_value(1); });
        timer->start(std::chrono::milliseconds(1), [&] { fired.set_value(2); });
    });
    EXPECT_EQ(fired.get_future().get(), 2);
    thread.call([&] { timer.reset(); });
}

TEST(Timer, a_cancelled_or_destroyed_timer_says_nothing) {
    LoopThread thread;
    bool called = false;
    std::promise<void> later;
    Timer witness(thread.loop());
    thread.call([&] {
        Timer destroyed(thread.loop());
        destroyed.start(std::chrono::nanoseconds(0), [&] { called = true; });
        Timer cancelled(thread.loop());
        cancelled.start(std::chrono::nanoseconds(0), [&] { called = true; });
        cancelled.cancel();
        witness.start(std::chrono::milliseconds(5), [&] { later.set_value(); });
    });
    later.get_future().get();
    thread.stop();
    EXPECT_FALSE(called);
}

TEST(Timer, may_be_started_again_from_its_own_callback) {
    LoopThread thread;
    std::promise<void> done;
    int rounds = 0;
    Timer timer(thread.loop());
    std::function<void()> tick = [&] {
        if (++rounds == 3)
            done.set_value();
        else
            timer.start(std::chrono::milliseconds(1), tick);
    };
    thread.call([&] { timer.start(std::chrono::milliseconds(1), tick); });
    done.get_future().get();
    thread.stop();
    EXPECT_EQ(rounds, 3);
}

TEST(Timer, is_due_when_its_time_was_skipped) {
    LoopThread thread;
    const auto begun = thread.call([&] { return thread.loop().now(); });
    std::vector<int> fired;
    std::vector<std::unique_ptr<Timer>> timers;
    thread.call([&] {
        for (const int hours : {2, 1, 3, 1}) {
            timers.push_back(std::make_unique<Timer>(thread.loop()));
            timers.back()->start(std::chrono::hours(hours), [&fired, hours] { fired.push_back(hours); });
        }
        timers.back()->cancel();
    });
    thread.pass(std::chrono::minutes(59));
    EXPECT_EQ(thread.call([&] { return fired; }), std::vector<int>{});
    thread.pass(std::chrono::minutes(1));
    EXPECT_EQ(thread.call([&] { return fired; }), std::vector{1});
    thread.call([&] {  // by the time of the loop, as it is then
        timers[1]->start(std::chrono::hours(4), [&fired] { fired.push_back(5); });
    });
    thread.pass(std::chrono::hours(3));
    EXPECT_EQ(thread.call([&] { return fired; }), (std::vector{1, 2, 3})) << "in the order of their times";
    thread.pass(std::chrono::hours(1));
    EXPECT_EQ(thread.call([&] { return fired; }), (std::vector{1, 2, 3, 5}));
    EXPECT_GE(thread.call([&] { return thread.loop().now(); }) - begun, std::chrono::hours(5));
    thread.call([&] { timers.clear(); });
}

}  // namespace
}  // namespace exota::net
