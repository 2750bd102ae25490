// What servers of several loops share: places for sessions, who makes room, memory of partial frames.
#include "net/server_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/testing_house.h"
#include "net/testing_relay.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::at_end;
using testing::eventually;
using testing::House;
using testing::receive;
using testing::receive_all;
using testing::send_all;

class ServerLimitsOn : public testing::OnSocket {
protected:
    static std::uint64_t ended(House& house, Ending why) {
        std::uint64_t all = 0;
        for (std::size_t i = 0; i < house.servers.size(); ++i) all += house.ended(why, i);
        return all;
    }
    static std::uint64_t paused(House& house) {
        std::uint64_t all = 0;
        for (const auto& server : house.servers) all += server->counters().paused.value();
        return all;
    }
    static bool is_open(const Descriptor& client) {
        char octet = 0;
        return ::recv(client.get(), &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
    }
};
INSTANTIATE_TEST_SUITE_P(sockets, ServerLimitsOn, ::testing::Values("unix", "tcp"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ServerLimits, who_goes_first) {
    // Each before the next: that it never spoke counts more than how long it has been silent.
    const IdleSession order[] = {{true, 5s}, {true, 4s}, {false, 90s}, {false, 6s}};
    for (std::size_t i = 1; i < std::size(order); ++i) EXPECT_GT(order[i - 1], order[i]) << i;
    EXPECT_GT(std::optional(order[3]), std::optional<IdleSession>()) << "a loop that has nobody to offer is passed over";
}

TEST(ServerLimits, memory_on_both_sides_of_the_limit) {
    ServerLimits limits(10, 1000);
    EXPECT_TRUE(limits.take(400));
    EXPECT_TRUE(limits.take(600));
    EXPECT_FALSE(limits.take(1));
    EXPECT_EQ(limits.partial_octets(), 1001U) << "taken all the same: who ends gives it back";
    limits.give_back(1);
    limits.give_back(600);
    EXPECT_TRUE(limits.take(600));
}

TEST(ServerLimits, a_client_is_an_address_or_a_network_of_64_bits) {
    ServerLimits limits(10, 1000, 2);
    const auto ip = [](const char* text) { return *base::IpAddress::parse(text); };
    EXPECT_TRUE(limits.counts_clients());
    EXPECT_FALSE(ServerLimits(10).counts_clients()) << "unless somebody wants it";
    EXPECT_TRUE(limits.enter_client(ip("192.0.2.1")));
    EXPECT_TRUE(limits.enter_client(ip("192.0.2.1")));
    EXPECT_FALSE(limits.enter_client(ip("192.0.2.1")));
    EXPECT_TRUE(limits.enter_client(ip("192.0.2.2"))) << "its neighbour is another one";
    EXPECT_TRUE(limits.enter_client(ip("2001:db8:0:1::1")));
    EXPECT_TRUE(limits.enter_client(ip("2001:db8:0:1:ffff:ffff:ffff:ffff")));
    EXPECT_FALSE(limits.enter_client(ip("2001:db8:0:1::2")));
    EXPECT_TRUE(limits.enter_client(ip("2001:db8:0:2::1"))) << "another network";
    EXPECT_EQ(limits.clients(), 4U);
    limits.leave_client(ip("2001:db8:0:1::1"));
    EXPECT_TRUE(limits.enter_client(ip("2001:db8:0:1::2")));
    for (const char* left : {"192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8:0:1::", "2001:db8:0:1::", "2001:db8:0:2::"})
        limits.leave_client(ip(left));
    EXPECT_EQ(limits.clients(), 0U) << "nothing is left of who is gone";
}

TEST(ServerLimits, a_client_with_all_its_sessions_hears_why_another_one_is_closed) {
    ServerLimits limits(100, ServerLimits::default_max_partial_octets, 2);
    ServerOptions options;
    options.refusal = [](const Peer& peer) { return "too many of " + peer.address.ip->text() + '\n'; };
    testing::RelayHouse house("inet:127.0.0.1:0", options, &limits);
    Descriptor first = house.client();
    const Descriptor second = house.client();
    ASSERT_TRUE(answers(first, "hello\n", "hi\n") && answers(second, "hello\n", "hi\n"));
    EXPECT_EQ(receive_all(house.client()), "too many of 127.0.0.1\n");
    EXPECT_EQ(limits.open(), 2U) << "it has no place";
    EXPECT_EQ(house.server->counters().refused.value(), 1U);
    ASSERT_TRUE(answers(first, "quit\n", "bye\n") && at_end(first));
    EXPECT_TRUE(eventually([&] { return limits.open() == 1; }));
    const Descriptor third = house.client();
    EXPECT_TRUE(answers(third, "hello\n", "hi\n"));
}

/// An octet now and then keeps no place, nor does an answer that nobody reads.
TEST(ServerLimits, where_whoever_comes_is_served_the_step_that_began_first_makes_room) {
    ServerLimits limits(2);
    ServerOptions options;
    options.makes_room = MakesRoom::next_due;
    testing::RelayHouse house("inet:127.0.0.1:0", options, &limits);
    house.stage.deadline = 10min;
    const Descriptor first = house.client(), second = house.client();
    ASSERT_TRUE(answers(first, "hello\n", "hi\n") && answers(second, "hello\n", "hi\n"));
    ASSERT_TRUE(answers(first, "hello\n", "hi\n") && send_all(second, "hel"));
    ASSERT_TRUE(eventually([&] { return limits.partial_octets() > 0; })) << "the last that said something";
    const Descriptor third = house.client();
    EXPECT_TRUE(answers(third, "hello\n", "hi\n"));
    EXPECT_EQ(receive_all(second), "ending made-room\n");
    ASSERT_TRUE(send_all(first, "flood 50000000\n"));
    ASSERT_EQ(receive(first, 1), "x");
    ASSERT_TRUE(answers(third, "hello\n", "hi\n"));
    const Descriptor fourth = house.client();
    ASSERT_TRUE(send_all(fourth, "flood 50000000\n"));
    ASSERT_EQ(receive(fourth, 1), "x");
    EXPECT_EQ(receive_all(third), "ending made-room\n") << "before one that does not read, though its step began later";
    const Descriptor fifth = house.client();
    EXPECT_TRUE(answers(fifth, "hello\n", "hi\n"));
    EXPECT_LT(receive_all(first).size(), 50'000'000U);
    EXPECT_EQ(house.ended(Ending::made_room), 3U);
}

TEST_P(ServerLimitsOn, partial_frames_of_all_have_one_limit) {
    House house(endpoint(), 1, {}, {.max_partial_octets = 1000});
    const Descriptor first = house.client();
    const Descriptor second = house.client();
    ASSERT_TRUE(send_all(first, std::string(600, 'a')));
    EXPECT_TRUE(eventually([&] { return house.limits.partial_octets() == 600; }));
    ASSERT_TRUE(send_all(second, std::string(400, 'b')));
    EXPECT_TRUE(eventually([&] { return house.limits.partial_octets() == 1000; }));
    const Descriptor third = house.client();
    EXPECT_TRUE(answers(third)) << "whole frames need none of it";
    ASSERT_TRUE(send_all(third, std::string(16, 'c')));
    EXPECT_TRUE(at_end(third));
    EXPECT_EQ(house.ended(Ending::too_much), 1U);
    EXPECT_EQ(house.limits.partial_octets(), 1000U) << "what the third kept is free again";
    ASSERT_TRUE(send_all(second, "\n"));  // a frame at last (and one that ends the session)
    EXPECT_TRUE(at_end(second));
    EXPECT_EQ(house.limits.partial_octets(), 600U);
    EXPECT_EQ(house.ended(Ending::too_much), 1U);
}

/// Nobody chooses his loop, so as many connections as it takes until each loop has two that keep something.
TEST_P(ServerLimitsOn, partial_frames_of_all_loops_have_one_limit) {
    constexpr std::size_t loops = 3, octets = 10'000;
    House house(endpoint(), loops, {}, {.max_partial_octets = 20 * octets});
    std::vector<Descriptor> clients;
    for (std::size_t i = 0; i < 20; ++i) {
        clients.push_back(house.client());
        ASSERT_TRUE(send_all(clients.back(), std::string(octets, 'x')));
    }
    EXPECT_TRUE(eventually([&] { return house.limits.partial_octets() == 20 * octets; }));
    EXPECT_EQ(ended(house, Ending::too_much), 0U);
    for (int i = 0; i < 5; ++i) {  // whichever loop takes it
        const Descriptor one_more = house.client();
        ASSERT_TRUE(send_all(one_more, std::string(octets, 'x')));
        EXPECT_TRUE(at_end(one_more));
    }
    EXPECT_EQ(ended(house, Ending::too_much), 5U);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return house.limits.partial_octets() == 0 && house.limits.open() == 0; }));
}

TEST_P(ServerLimitsOn, sessions_with_work_in_hand_make_the_next_one_wait) {
    House house(endpoint(), 2, {.make_room_after = 10ms}, {.max_sessions = 2});
    Descriptor first = house.client();
    ASSERT_TRUE(answers(first, "begin\n", "begun\n"));
    const Descriptor second = house.client();
    ASSERT_TRUE(send_all(second, "wait\n"));  // for its session, which has something in hand, whatever it says
    const auto pending = [&] {
        for (std::size_t i = 0; i < 2; ++i)
            if (house.threads[i]->call([&] { return !house.stages[i]->wakes.empty(); })) return std::optional(i);
        return std::optional<std::size_t>();
    };
    EXPECT_TRUE(eventually([&] { return pending().has_value(); }));
    std::vector<Descriptor> waiting;
    for (int i = 0; i < 6; ++i) {
        waiting.push_back(house.client());
        ASSERT_TRUE(send_all(waiting.back(), "ping\nquit\n"));
    }
    EXPECT_TRUE(eventually([&] { return paused(house) > 0; }));
    const std::size_t searches = house.limits.searches();
    EXPECT_TRUE(eventually([&] { return house.limits.searches() > searches + 2; })) << "it looks for room again and again";
    EXPECT_EQ(house.limits.open(), 2U);
    EXPECT_EQ(ended(house, Ending::made_room), 0U);
    EXPECT_TRUE(answers(first, "end\n", "done\n")) << "it was never cut";
    // Idle now, it makes room for the others, one after the other.
    for (const Descriptor& client : waiting) EXPECT_EQ(receive_all(client), "pong\nbye\n");
    EXPECT_TRUE(at_end(first));
    EXPECT_EQ(ended(house, Ending::made_room), 1U);
    const std::size_t loop = pending().value_or(0);
    house.threads[loop]->call([&] { house.stages[loop]->wakes.front()(); });
    EXPECT_EQ(receive(second, 7), "answer\n");
}

TEST_P(ServerLimitsOn, who_never_said_a_whole_frame_makes_room_first_then_the_longest_idle) {
    // At once: whoever came within some time would be passed over, and a busy machine may let all of them come within it.
    House house(endpoint(), 1, {.make_room_after = 0ms}, {.max_sessions = 5});
    std::vector<Descriptor> clients;
    const auto connect = [&](std::string_view question, std::string_view answer) {
        clients.push_back(house.client());
        if (answer.empty())
            EXPECT_TRUE(send_all(clients.back(), question));
        else
            EXPECT_TRUE(answers(clients.back(), question, answer));
    };
    connect("ping\n", "pong\n");    // 0: idle for longest
    connect("begin\n", "begun\n");  // 1: has a message in hand
    connect("ping\n", "pong\n");    // 2
    connect("", "");                // 3: silent from the beginning
    connect("half a frame", "");    // 4
    EXPECT_TRUE(eventually([&] { return house.limits.partial_octets() >= 12; }));
    EXPECT_TRUE(answers(clients[0])) << "now 2 has been idle for longer than 0";
    std::vector<Descriptor> newcomers;
    for (const std::size_t leaves : {3U, 4U, 2U, 0U}) {
        EXPECT_TRUE(is_open(clients[leaves])) << leaves;
        newcomers.push_back(house.client());
        EXPECT_TRUE(answers(newcomers.back(), "begin\n", "begun\n")) << leaves;
        EXPECT_TRUE(at_end(clients[leaves])) << leaves;
    }
    EXPECT_EQ(house.ended(Ending::made_room), 4U);
    EXPECT_EQ(house.limits.open(), 5U);
    EXPECT_TRUE(answers(clients[1], "end\n", "done\n")) << "what has a message in hand is never cut";
}

TEST_P(ServerLimitsOn, idle_sessions_of_any_loop_make_room) {
    constexpr std::size_t loops = 3, most = 12;
    House house(endpoint(), loops, {.make_room_after = 1ms}, {.max_sessions = most});
    std::vector<Descriptor> idle;
    for (std::size_t i = 0; i < most; ++i) {
        idle.push_back(house.client());
        ASSERT_TRUE(answers(idle.back()));
    }
    std::vector<Descriptor> newcomers;
    for (std::size_t i = 0; i < most; ++i) {
        newcomers.push_back(house.client());
        ASSERT_TRUE(answers(newcomers.back(), "begin\n", "begun\n")) << i;
    }
    for (const Descriptor& client : idle) EXPECT_TRUE(at_end(client));
    EXPECT_EQ(ended(house, Ending::made_room), most) << "one place for one newcomer, no more";
    for (const Descriptor& client : newcomers) EXPECT_TRUE(answers(client, "end\n", "done\n"));
}

TEST_P(ServerLimitsOn, who_spoke_a_moment_ago_makes_no_room) {
    House house(endpoint(), 1, {.make_room_after = 1h}, {.max_sessions = 1});
    const Descriptor idle = house.client();
    ASSERT_TRUE(answers(idle));
    const Descriptor waiting = house.client();
    ASSERT_TRUE(send_all(waiting, "ping\n"));
    EXPECT_TRUE(eventually([&] { return paused(house) == 1; }));
    EXPECT_TRUE(answers(idle));
    EXPECT_EQ(ended(house, Ending::made_room), 0U);
    ASSERT_TRUE(answers(idle, "quit\n", "bye\n"));
    EXPECT_EQ(receive(waiting, 5), "pong\n");
}

}  // namespace
}  // namespace exota::net
