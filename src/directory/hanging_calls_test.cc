#include "directory/hanging_calls.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <new>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Calls = HangingCalls<int>;

struct Told final : Calls::Waiter {
    void tell(const Calls::Answer& answer) override { said.set_value(answer.value_or(-1)); }
    int get() { return said.get_future().get(); }
    std::promise<int> said;
};

/// A system that does not answer before the end of the test.
struct Hanging : ::testing::Test {
    const std::shared_ptr<Calls> calls = std::make_shared<Calls>();
    const std::shared_ptr<std::atomic<std::size_t>> begun = std::make_shared<std::atomic<std::size_t>>(0);
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    bool is_released = false;
    std::vector<std::shared_ptr<Told>> all_told;
    Calls::Clock::time_point now{1000h};

    ~Hanging() override { let_go(); }
    void let_go() {
        if (!std::exchange(is_released, true)) release.set_value();
        for (const auto& told : std::exchange(all_told, {})) EXPECT_EQ(told->get(), 7);
    }
    bool ask(const std::string& key) {
        const auto told = std::make_shared<Told>();
        const bool is_asked = calls->ask(
            key, told,
            [begun = begun, released = released]() -> Calls::Answer {
                ++*begun;
                released.wait();
                return 7;
            },
            now);
        if (is_asked) all_told.push_back(told);
        return is_asked;
    }
    bool has_begun(std::size_t wanted) const {
        const auto until = Calls::Clock::now() + 60s;  // where it passes, something hangs
        while (*begun < wanted && Calls::Clock::now() < until) std::this_thread::yield();
        return *begun == wanted;
    }
};

TEST_F(Hanging, one_thread_for_all_who_want_the_same) {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(ask("a"));
    EXPECT_TRUE(ask("b"));
    EXPECT_TRUE(has_begun(2));
    let_go();
    EXPECT_EQ(*begun, 2U);
}

TEST_F(Hanging, one_that_hangs_for_long_is_joined_no_more_as_long_as_there_may_be_another) {
    ASSERT_TRUE(ask("a"));
    for (std::size_t threads = 1; threads < Calls::most_threads_each; ++threads) {
        now += Calls::given_up_after - 1ns;
        EXPECT_TRUE(ask("a"));
        EXPECT_TRUE(has_begun(threads));
        now += 1ns;
        EXPECT_TRUE(ask("a"));
        EXPECT_TRUE(has_begun(threads + 1));
    }
    now += 1h;
    EXPECT_TRUE(ask("a"));
    EXPECT_TRUE(ask("b")) << "others are not in the way";
    let_go();
    EXPECT_EQ(*begun, Calls::most_threads_each + 1);
}

TEST_F(Hanging, there_is_an_end_of_threads) {
    for (std::size_t i = 0; i < Calls::most_threads; ++i) EXPECT_TRUE(ask(std::to_string(i)));
    EXPECT_FALSE(ask("more"));
    now += 1h;
    EXPECT_TRUE(ask("0")) << "one is at it";
    let_go();
    EXPECT_EQ(*begun, Calls::most_threads);
    const auto until = Calls::Clock::now() + 60s;
    bool is_asked = false;
    while (!is_asked && Calls::Clock::now() < until) is_asked = ask("more");  // as soon as the threads are through
    EXPECT_TRUE(is_asked);
}

TEST_F(Hanging, whoever_waits_is_told_by_the_first_that_returns) {
    ASSERT_TRUE(ask("a"));
    const auto first = std::exchange(all_told, {}).front(), second = std::make_shared<Told>();
    now += Calls::given_up_after;
    ASSERT_TRUE(calls->ask("a", second, [] { return Calls::Answer(9); }, now));
    EXPECT_EQ(first->get(), 9);
    EXPECT_EQ(second->get(), 9);
    // The one that hangs is joined by nobody: the last one did return.
    const auto third = std::make_shared<Told>();
    ASSERT_TRUE(calls->ask("a", third, [] { return Calls::Answer(10); }, now));
    EXPECT_EQ(third->get(), 10);
}

TEST(HangingCalls, who_is_gone_is_not_told_and_what_is_thrown_is_no_answer) {
    const auto calls = std::make_shared<Calls>();
    std::promise<void> release;
    const auto released = release.get_future().share();
    auto gone = std::make_shared<Told>();
    const auto here = std::make_shared<Told>();
    const auto throws = [released]() -> Calls::Answer {
        released.wait();
        throw std::bad_alloc();
    };
    ASSERT_TRUE(calls->ask("a", gone, throws));
    ASSERT_TRUE(calls->ask("a", here, throws));
    auto said = gone->said.get_future();
    gone.reset();
    release.set_value();
    EXPECT_EQ(here->get(), -1);
    EXPECT_THROW(said.get(), std::future_error) << "its promise is broken";
}

}  // namespace
}  // namespace exota::directory
