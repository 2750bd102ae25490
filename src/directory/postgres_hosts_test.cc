#include "directory/postgres_hosts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "directory/postgres_connection.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using Texts = std::vector<std::string>;

/// A system that never answers before the end of the test.
struct HangingSystem : ::testing::Test {
    const std::shared_ptr<std::promise<void>> begun = std::make_shared<std::promise<void>>();
    std::promise<void> release;
    const LookUpHost look_up = [is_first = std::make_shared<std::atomic<bool>>(true), begun = begun,
                                released = release.get_future().share()](const std::string&) -> HostAddresses {
        if (is_first->exchange(false)) begun->set_value();
        released.wait();
        return Texts{"192.0.2.1"};
    };
    ~HangingSystem() override { release.set_value(); }
};

TEST_F(HangingSystem, is_waited_for_no_longer_than_it_may_take) {
    const HostAddresses late = addresses_in_time("hangs1.test", 1ms, nullptr, look_up);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::timeout);
    EXPECT_EQ(late.error().detail, "hangs1.test: its name is not looked up in time");
    const auto connection = PostgresConnection::connect({.conninfo = "host=hangs1.test,/nonexistent", .timeout = 1ms}, nullptr, look_up);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, Errc::unavailable);
    EXPECT_NE(connection.error().detail.find("hangs1.test: cannot be looked up: hangs1.test: its name is not looked up in time; /nonex"),
              std::string::npos)
        << connection.error().detail;
}

TEST_F(HangingSystem, is_waited_for_by_nobody_who_is_to_end) {
    Interrupt interrupt;
    auto ended = std::async(std::launch::async, [&] {
        const auto made = PostgresConnection::connect({.conninfo = "host=hangs2.test,hangs3.test", .timeout = 1h}, &interrupt, look_up);
        return made ? "connected" : made.error().code == Errc::closed ? "closed" : made.error().detail;
    });
    begun->get_future().wait();
    interrupt.set();
    EXPECT_EQ(ended.get(), "closed");
}

TEST(PostgresHosts, are_literals_or_what_the_system_says) {
    const LookUpHost nobody = [](const std::string& host) -> HostAddresses { return base::fail(Errc::not_found, host + ": no such name"); };
    const LookUpHost two = [](const std::string&) -> HostAddresses { return Texts{"192.0.2.1", "2001:db8::1"}; };
    EXPECT_EQ(addresses_in_time("192.0.2.7", 0ms, nullptr, nobody).value(), Texts{"192.0.2.7"}) << "nobody is asked";
    EXPECT_EQ(addresses_in_time("2001:db8::7", 0ms, nullptr, nobody).value(), Texts{"2001:db8::7"});
    EXPECT_EQ(addresses_in_time("two.test", 1h, nullptr, two).value(), (Texts{"192.0.2.1", "2001:db8::1"}));
    const HostAddresses none = addresses_in_time("none.test", 1h, nullptr, nobody);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().detail, "none.test: no such name");
}

}  // namespace
}  // namespace exota::directory
