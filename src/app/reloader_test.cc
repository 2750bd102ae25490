#include "app/reloader.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <system_error>

#include "net/testing.h"

namespace exota::app {
namespace {

Loaded with_problem(const std::string& text) {
    Loaded loaded;
    loaded.problems.push_back({config::Problem::Severity::warning, {}, 0, 0, {}, text});
    return loaded;
}

struct OnLoop {
    explicit OnLoop(ThreadStarter start_thread = {}) {
        thread.call([&] { reloader.emplace(thread.loop(), std::move(start_thread)); });
    }
    ~OnLoop() {
        thread.call([&] { reloader.reset(); });
    }
    net::testing::LoopThread thread;
    std::optional<Reloader> reloader;
};

TEST(Reloader, loads_on_a_thread_of_its_own_and_hands_over_on_the_loop) {
    OnLoop house;
    std::promise<std::string> done;
    std::thread::id loaded_on, handed_over_on;
    const std::thread::id loop = house.thread.call([] { return std::this_thread::get_id(); });
    for (int round = 0; round < 2; ++round) {
        done = {};
        const auto started = house.thread.call([&] {
            return house.reloader->start(
                [&] {
                    loaded_on = std::this_thread::get_id();
                    return with_problem("one");
                },
                [&](const Loaded& loaded) {
                    handed_over_on = std::this_thread::get_id();
                    done.set_value(loaded.problems.at(0).text);
                });
        });
        ASSERT_TRUE(started);
        EXPECT_EQ(done.get_future().get(), "one");
        EXPECT_NE(loaded_on, loop);
        EXPECT_EQ(handed_over_on, loop);
    }
}

TEST(Reloader, an_exception_is_a_problem) {
    OnLoop house;
    std::promise<Loaded> done;
    house.thread.call([&] {
        return house.reloader->start([]() -> Loaded { throw std::runtime_error("no memory"); },
                                     [&](Loaded loaded) { done.set_value(std::move(loaded)); });
    });
    const Loaded loaded = done.get_future().get();
    EXPECT_FALSE(loaded.config);
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].text, "no memory");
    EXPECT_EQ(loaded.problems[0].severity, config::Problem::Severity::error);
}

TEST(Reloader, no_thread_is_an_error_and_the_next_one_may_be_had) {
    bool none = true;
    OnLoop house([&](std::function<void()> work) {
        if (none) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
        return std::thread(std::move(work));
    });
    std::promise<void> done;
    const auto start = [&] {
        return house.thread.call([&] { return house.reloader->start([] { return Loaded(); }, [&](const Loaded&) { done.set_value(); }); });
    };
    const auto refused = start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Errc::unavailable);
    EXPECT_NE(refused.error().detail.find("no thread"), std::string::npos) << refused.error().detail;
    none = false;
    EXPECT_TRUE(start());
    done.get_future().get();
}

TEST(Reloader, its_end_waits_for_the_thread) {
    std::promise<void> go_on, began;
    bool loaded = false;
    net::Loop never_run;  // a daemon that stops while it loads
    std::optional<Reloader> reloader(std::in_place, never_run, ThreadStarter());
    ASSERT_TRUE(reloader->start(
        [&] {
            began.set_value();
            go_on.get_future().get();
            loaded = true;
            return Loaded();
        },
        [](const Loaded&) { ADD_FAILURE() << "nobody is there to take it"; }));
    began.get_future().get();
    go_on.set_value();
    reloader.reset();
    EXPECT_TRUE(loaded);
}

TEST(RetiredSnapshots, are_freed_once_nobody_else_has_them) {
    RetiredSnapshots retired;
    auto held = std::make_shared<const gate::Snapshot>();
    const std::weak_ptr<const gate::Snapshot> watched = held;
    retired.add(held);
    retired.add(std::make_shared<const gate::Snapshot>());
    EXPECT_EQ(retired.free_unused(), 1U);
    EXPECT_FALSE(watched.expired());
    held.reset();
    EXPECT_FALSE(watched.expired()) << "it is freed here, not where the last message ends";
    EXPECT_EQ(retired.free_unused(), 0U);
    EXPECT_TRUE(watched.expired());
}

TEST(RetiredSnapshots, that_are_held_on_to_let_others_wait_but_not_for_long) {
    RetiredSnapshots retired;
    const auto now = RetiredSnapshots::Clock::now();
    std::vector<std::shared_ptr<const gate::Snapshot>> held;
    for (std::size_t i = 0; i < RetiredSnapshots::crowd; ++i) {
        EXPECT_TRUE(retired.has_room(now));
        retired.add(held.emplace_back(std::make_shared<const gate::Snapshot>()), now);
    }
    EXPECT_FALSE(retired.has_room(now));
    EXPECT_FALSE(retired.has_room(now + RetiredSnapshots::apart - std::chrono::nanoseconds(1)));
    EXPECT_TRUE(retired.has_room(now + RetiredSnapshots::apart));
    held.pop_back();
    retired.free_unused();
    EXPECT_TRUE(retired.has_room(now));
}

}  // namespace
}  // namespace exota::app
