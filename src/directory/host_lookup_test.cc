#include "directory/host_lookup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>

namespace exota::directory {
namespace {

TEST(HostLookup, is_one_thread_for_all_who_want_the_same_however_often_they_try) {
    net::Loop loop;
    const auto calls = std::make_shared<std::atomic<int>>(0);
    std::promise<void> answers;
    const HostLookup::LookUp hangs = [calls, answered = answers.get_future().share()](const std::string&, std::uint16_t port) {
        ++*calls;
        answered.wait();
        return base::Result<net::Address>(net::Address{.ip = *base::IpAddress::parse("192.0.2.1"), .port = port});
    };
    bool forgotten = true;
    for (int i = 0; i < 100; ++i) HostLookup(loop, "db.test", 1, [&](const auto&) { forgotten = false; }, hangs);
    std::optional<std::uint16_t> first, second, other, later;
    const auto into = [](std::optional<std::uint16_t>& to) {
        return [&to](const base::Result<net::Address>& found) { to = found.value().port; };
    };
    const HostLookup one(loop, "db.test", 1, into(first), hangs), two(loop, "db.test", 1, into(second), hangs),
        three(loop, "db.test", 2, into(other), hangs);
    answers.set_value();
    loop.run_until([&] { return first && second && other; });
    EXPECT_EQ(*calls, 2);
    EXPECT_EQ(*first, 1);
    EXPECT_EQ(*other, 2);
    EXPECT_TRUE(forgotten);
    const HostLookup four(loop, "db.test", 1, into(later), hangs);
    loop.run_until([&] { return later.has_value(); });
    EXPECT_EQ(*calls, 3) << "what is over is asked anew";
}

TEST(HostLookup, that_never_returns_keeps_neither_a_loop_nor_its_end_waiting) {
    const auto calls = std::make_shared<std::atomic<int>>(0);
    std::promise<void> answers;
    const HostLookup::LookUp hangs = [calls, answered = answers.get_future().share()](const std::string&, std::uint16_t) {
        ++*calls;
        answered.wait();
        return base::Result<net::Address>(base::fail(base::Errc::not_found, "no such host"));
    };
    int told = 0;
    for (int i = 0; i < 3; ++i) {  // as a daemon that is stopped, or reloaded, and tries anew
        net::Loop loop;
        const HostLookup lookup(loop, "hangs.test", 1, [&](const auto&) { ++told; }, hangs);
        bool goes_on = false;
        loop.post([&] { goes_on = true; });
        loop.run_until([&] { return goes_on; });
    }
    EXPECT_EQ(told, 0);
    net::Loop loop;
    const HostLookup lookup(loop, "hangs.test", 1, [&](const auto&) { ++told; }, hangs);
    answers.set_value();
    loop.run_until([&] { return told > 0; });
    EXPECT_EQ(told, 1) << "and nobody of before";
    EXPECT_EQ(*calls, 1);
}

TEST(HostLookup, who_hears_it_may_let_go_of_it) {
    net::Loop loop;
    bool is_told = false;
    std::optional<HostLookup> lookup;
    lookup.emplace(
        loop, "nowhere.test", std::uint16_t{1},
        [&](const base::Result<net::Address>& found) {
            is_told = !found;
            lookup.reset();
        },
        [](const std::string&, std::uint16_t) -> base::Result<net::Address> { return base::fail(base::Errc::not_found, "no such host"); });
    loop.run_until([&] { return !lookup; });
    EXPECT_TRUE(is_told);
}

}  // namespace
}  // namespace exota::directory
