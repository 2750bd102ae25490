#include "programs/probe_listener.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/listener.h"
#include "net/testing.h"

namespace exota::programs {
namespace {

using net::testing::connect_to;
using net::testing::receive_all;
using net::testing::send_all;

class ProbeListenerTest : public ::testing::Test {
protected:
    void run(const ProbeLimits& limits, const std::function<void(const std::string& bound)>& clients) {
        auto opened = net::Listener::open(*net::Endpoint::parse("inet:127.0.0.1:0"), {}, 1);
        ASSERT_TRUE(opened);
        ProbeHouse house{.hostname = "probe.test",
                         .tls = nullptr,
                         .budget = ProbeBudget(0),
                         .now = [] { return std::chrono::sys_seconds(); },
                         .ended = nullptr};
        listener.emplace(loop, std::move(house), limits, [this](const ProbedSession&) { ++told; });
        listener->listen(opened->take(0));
        std::thread thread([&, bound = opened->bound()] { clients(bound); });
        listener->run();
        thread.join();
    }
    void stop(std::string_view why) {
        loop.post([this, why] { listener->stop(why); });
    }

    net::Loop loop;
    std::optional<ProbeListener> listener;
    std::size_t told = 0;
};

TEST_F(ProbeListenerTest, ends_behind_the_last_session) {
    run({.sessions = 2}, [](const std::string& bound) {
        const net::Descriptor first = connect_to(bound), second = connect_to(bound);
        for (const net::Descriptor* client : {&first, &second}) {
            EXPECT_TRUE(send_all(*client, "QUIT\r\n"));
            EXPECT_TRUE(receive_all(*client).ends_with("221 2.0.0 Bye\r\n"));
        }
    });
    EXPECT_EQ(listener->why(), "sessions");
    EXPECT_EQ(listener->sessions().size(), 2U);
    EXPECT_EQ(told, 2U);
}

TEST_F(ProbeListenerTest, ends_when_time_is_up) {
    run({.time = std::chrono::milliseconds(1)}, [](const std::string&) {});
    EXPECT_EQ(listener->why(), "time");
    EXPECT_TRUE(listener->sessions().empty());
}

TEST_F(ProbeListenerTest, ends_when_octets_are_spent_and_ends_everybody) {
    run({.octets = 10}, [](const std::string& bound) {
        const net::Descriptor idle = connect_to(bound), talks = connect_to(bound);
        EXPECT_TRUE(net::testing::receive(idle, 4) == "220 ");
        EXPECT_TRUE(send_all(talks, "NOOP 678\r\nN"));
        EXPECT_TRUE(receive_all(talks).ends_with("421 4.3.2 The probe has ended\r\n"));
        EXPECT_TRUE(receive_all(idle).ends_with("421 4.3.2 The probe has ended\r\n"));
    });
    EXPECT_EQ(listener->why(), "octets");
    EXPECT_EQ(listener->sessions().size(), 2U);
}

TEST_F(ProbeListenerTest, may_be_stopped) {
    run({}, [this](const std::string& bound) {
        const net::Descriptor client = connect_to(bound);
        EXPECT_TRUE(net::testing::receive(client, 4) == "220 ");
        stop("SIGTERM");
        EXPECT_TRUE(receive_all(client).ends_with("421 4.3.2 The probe has ended\r\n"));
    });
    EXPECT_EQ(listener->why(), "SIGTERM");
    EXPECT_EQ(listener->sessions().size(), 1U);
}

}  // namespace
}  // namespace exota::programs
