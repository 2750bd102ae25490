#include "net/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "net/testing_house.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::at_end;
using testing::connect_to;
using testing::eventually;
using testing::House;
using testing::receive;
using testing::receive_all;
using testing::receive_all_until;
using testing::send_all;
using testing::TemporaryDirectory;

class ServerOn : public testing::OnSocket {};
INSTANTIATE_TEST_SUITE_P(sockets, ServerOn, ::testing::Values("unix", "tcp"), [](const auto& info) { return std::string(info.param); });

TEST_P(ServerOn, answers_and_ends) {
    House house(endpoint());
    const Descriptor client = house.client();
    EXPECT_TRUE(answers(client));
    EXPECT_TRUE(answers(client, "ping\nping\nping\n", "pong\npong\npong\n"));
    EXPECT_TRUE(answers(client, "quit\n", "bye\n"));
    EXPECT_TRUE(at_end(client));
    EXPECT_EQ(house.ended(Ending::session_ended), 1U);
    EXPECT_EQ(house.open(), 0U);
    EXPECT_EQ(house.limits.open(), 0U);
    EXPECT_EQ(house.stages[0]->sessions, 0);
}

TEST_P(ServerOn, frames_in_pieces) {
    House house(endpoint());
    const Descriptor client = house.client();
    const Descriptor witness = house.client();
    for (const char* piece : {"p", "in", "g\np", "ing", "\n"}) {
        ASSERT_TRUE(send_all(client, piece));
        ASSERT_TRUE(answers(witness));  // by now the piece has been read alone
    }
    EXPECT_EQ(receive(client, 10), "pong\npong\n");
}

TEST_P(ServerOn, a_frame_larger_than_the_buffer) {
    House house(endpoint());
    const Descriptor client = house.client();
    const std::string pings = [] {
        std::string text;
        for (int i = 0; i < 20000; ++i) text += "ping\n";
        return text;
    }();
    std::thread writer([&] { EXPECT_TRUE(send_all(client, pings)); });
    EXPECT_EQ(receive(client, pings.size()).size(), pings.size());
    writer.join();
    ASSERT_TRUE(send_all(client, std::string(300'000, 'z') + "\n"));
    EXPECT_TRUE(at_end(client));
    EXPECT_EQ(house.ended(Ending::session_ended), 1U);
}

TEST_P(ServerOn, a_peer_that_hangs_up_at_any_place) {
    House house(endpoint());
    for (const char* last : {"", "p", "ping\n", "begin\n", "wait\n"}) {
        Descriptor client = house.client();
        EXPECT_TRUE(send_all(client, last));
        client.reset();
    }
    // One of them waits for its session, which has not been woken: its end is seen after that.
    EXPECT_TRUE(eventually([&] { return house.threads[0]->call([&] { return house.stages[0]->wakes.size() == 1; }); }));
    house.threads[0]->call([&] { house.stages[0]->wakes.front()(); });
    EXPECT_TRUE(eventually([&] { return house.limits.open() == 0; }));
    EXPECT_EQ(house.stages[0]->sessions, 0);
}

TEST_P(ServerOn, a_pending_answer) {
    House house(endpoint());
    const Descriptor client = house.client();
    const Descriptor other = house.client();
    ASSERT_TRUE(send_all(client, "wait\nping\n"));
    EXPECT_TRUE(eventually([&] { return house.threads[0]->call([&] { return !house.stages[0]->wakes.empty(); }); }));
    EXPECT_TRUE(answers(other)) << "others are served meanwhile";
    house.threads[0]->call([&] { house.stages[0]->wakes.front()(); });
    EXPECT_EQ(receive(client, 12), "answer\npong\n");
    EXPECT_TRUE(answers(client, "wait-not\nping\n", "answer\npong\n"));
}

TEST_P(ServerOn, a_slow_reader_makes_only_itself_wait) {
    House house(endpoint());
    const Descriptor slow = house.client();
    const Descriptor other = house.client();
    constexpr std::size_t octets = 8'000'000;
    ASSERT_TRUE(send_all(slow, "big " + std::to_string(octets) + "\nping\n"));
    ASSERT_TRUE(answers(other));
    ASSERT_TRUE(send_all(slow, "ping\n"));
    ASSERT_TRUE(answers(other));
    EXPECT_EQ(receive(slow, octets + 5), std::string(octets, 'x') + "pong\n");
    EXPECT_EQ(receive(slow, 5), "pong\n");
}

TEST_P(ServerOn, an_answer_that_comes_while_the_last_is_being_written) {
    House house(endpoint());
    const Descriptor slow = house.client();
    constexpr std::size_t octets = 8'000'000;
    ASSERT_TRUE(send_all(slow, "big " + std::to_string(octets) + "\nwait\n"));
    EXPECT_TRUE(eventually([&] { return house.threads[0]->call([&] { return !house.stages[0]->wakes.empty(); }); }));
    house.threads[0]->call([&] { house.stages[0]->wakes.front()(); });
    EXPECT_EQ(receive(slow, octets + 7), std::string(octets, 'x') + "answer\n");
    EXPECT_TRUE(answers(slow));
}

TEST_P(ServerOn, silence_ends_a_session_but_not_one_that_waits_for_us) {
    House house(endpoint(), 1, {.idle_timeout = 1h, .keep_waiting_interval = 10h, .on_trouble = {}});
    const Descriptor waiting = house.client();
    ASSERT_TRUE(send_all(waiting, "wait\n"));
    const Descriptor silent = house.client();
    const Descriptor half = house.client();
    ASSERT_TRUE(send_all(half, "pi"));
    const Descriptor talking = house.client();
    ASSERT_TRUE(answers(talking));  // by now all of it has been read
    house.threads[0]->pass(59min);
    EXPECT_EQ(house.open(), 4U);
    EXPECT_TRUE(answers(talking)) << "it was silent for long, and is served";
    house.threads[0]->pass(1min);
    EXPECT_TRUE(at_end(silent));
    EXPECT_TRUE(at_end(half));
    EXPECT_EQ(house.ended(Ending::idle), 2U);
    EXPECT_TRUE(answers(talking));
    house.threads[0]->call([&] { house.stages[0]->wakes.front()(); });
    EXPECT_EQ(receive(waiting, 7), "answer\n");
}

TEST_P(ServerOn, a_peer_hears_that_its_answer_is_still_pending) {
    House house(endpoint(), 1, {.idle_timeout = 1h, .keep_waiting_interval = 5ms, .on_trouble = {}});
    const Descriptor waiting = house.client();
    ASSERT_TRUE(send_all(waiting, "wait\n"));
    EXPECT_EQ(receive(waiting, 18), "still\nstill\nstill\n");
    house.threads[0]->call([&] { house.stages[0]->wakes.front()(); });
    EXPECT_TRUE(receive_all_until(waiting, "answer\n"));
    EXPECT_TRUE(answers(waiting));
}

TEST_P(ServerOn, garbage_and_a_flood_leave_nothing_behind) {
    House house(endpoint(), 2);
    const Descriptor steady = house.client();
    std::vector<Descriptor> flood;
    for (int i = 0; i < 200; ++i) {
        flood.push_back(house.client());
        ASSERT_TRUE(flood.back()) << strerror(errno);
        static_cast<void>(send_all(flood.back(), std::string_view("\0\xff\x80garbage\n", 11)));
    }
    EXPECT_TRUE(answers(steady));
    for (const Descriptor& client : flood) EXPECT_TRUE(at_end(client));
    EXPECT_TRUE(eventually([&] { return house.limits.open() == 1; }));
    EXPECT_TRUE(answers(steady));
}

/// What the system answers is played, since to take the descriptors away takes them from a sanitizer as well: its check of an object's
/// type opens a pipe. tests/system/test_limits.py takes them away from the built program.
std::atomic<bool> no_descriptors{false};
int accept_or_not(int listener) {
    if (!no_descriptors) return accept_connection(listener);
    errno = EMFILE;
    return -1;
}

TEST_P(ServerOn, without_descriptors_it_tries_again) {
    std::atomic<int> troubles{0};
    std::atomic<base::Errc> kind{};
    House house(endpoint(), 1, {.accept = accept_or_not, .on_trouble = [&](const base::Error& error) {
                                    kind = error.code;
                                    ++troubles;
                                }});
    no_descriptors = true;
    const Descriptor client = house.client();
    ASSERT_TRUE(send_all(client, "ping\n"));
    const auto noticed = eventually([&] { return troubles > 1; });
    no_descriptors = false;
    EXPECT_TRUE(noticed);
    EXPECT_EQ(kind, base::Errc::io);
    EXPECT_EQ(receive(client, 5), "pong\n");
    EXPECT_GE(house.servers[0]->counters().accept_errors.value(), 2U);
    EXPECT_EQ(house.limits.open(), 1U) << "no place is lost to a connection that never was";
}

TEST_P(ServerOn, a_drain_lets_finish_what_is_in_hand) {
    House house(endpoint());
    const Descriptor idle = house.client();
    const Descriptor busy = house.client();
    const Descriptor waiting = house.client();
    ASSERT_TRUE(answers(idle));
    ASSERT_TRUE(answers(busy, "begin\n", "begun\n"));
    ASSERT_TRUE(answers(waiting));
    ASSERT_TRUE(send_all(waiting, "wait\n"));
    EXPECT_TRUE(eventually([&] { return house.threads[0]->call([&] { return !house.stages[0]->wakes.empty(); }); }));
    std::promise<void> drained;
    house.threads[0]->call([&] { house.servers[0]->drain([&] { drained.set_value(); }); });
    EXPECT_TRUE(at_end(idle));
    EXPECT_FALSE(house.client()) << "nobody is accepted any more";
    EXPECT_EQ(house.open(), 2U);
    EXPECT_TRUE(answers(busy, "end\n", "done\n"));
    EXPECT_TRUE(at_end(busy));
    house.threads[0]->call([&] { house.stages[0]->wakes.front()(); });
    EXPECT_EQ(receive_all(waiting), "answer\n");
    drained.get_future().get();
    EXPECT_EQ(house.ended(Ending::drained), 3U);
}

TEST_P(ServerOn, a_drain_reads_what_has_arrived_first) {
    House house(endpoint());
    const Descriptor begins = house.client();
    const Descriptor says_nothing_new = house.client();
    ASSERT_TRUE(answers(begins) && answers(says_nothing_new));
    house.threads[0]->call([&] {  // on the loop: what is sent now cannot be read before the drain
        EXPECT_TRUE(send_all(begins, "begin\n"));
        EXPECT_TRUE(send_all(says_nothing_new, "ping\n"));
        house.servers[0]->drain(nullptr);
    });
    EXPECT_EQ(receive(begins, 6), "begun\n");
    EXPECT_EQ(receive_all(says_nothing_new), "pong\n");
    EXPECT_TRUE(answers(begins, "end\n", "done\n"));
    EXPECT_TRUE(at_end(begins));
}

TEST_P(ServerOn, a_drain_that_takes_too_long_is_cut) {
    House house(endpoint());
    const Descriptor busy = house.client();
    ASSERT_TRUE(answers(busy, "begin\n", "begun\n"));
    std::promise<void> drained;
    house.threads[0]->call([&] {
        house.servers[0]->drain([&] { drained.set_value(); });
        house.servers[0]->close_all();
    });
    EXPECT_TRUE(at_end(busy));
    drained.get_future().get();
    EXPECT_EQ(house.open(), 0U);
}

TEST_P(ServerOn, sessions_that_are_open_go_with_the_server) {
    auto house = std::make_unique<House>(endpoint());
    const Descriptor client = house->client();
    const Descriptor waiting = house->client();
    ASSERT_TRUE(answers(client));
    ASSERT_TRUE(send_all(waiting, "wait\n"));
    EXPECT_TRUE(eventually([&] { return house->threads[0]->call([&] { return !house->stages[0]->wakes.empty(); }); }));
    house.reset();
    EXPECT_TRUE(at_end(client));
    EXPECT_TRUE(at_end(waiting));
}

/// Without the option, every message of an MTA that writes without TCP_NODELAY waits for a delayed acknowledgement. The kernel's own
/// word is asked instead of a clock: after a conversation with answers it would hold acknowledgements back (getsockopt says 0), unless
/// the server asked for them after the read that it left unanswered.
TEST(ServerOnTcp, a_read_left_unanswered_is_acknowledged_at_once) {
    House house("inet:127.0.0.1:0");
    const Descriptor client = house.client();
    constexpr int rounds = 20;
    for (int i = 0; i < rounds; ++i) {
        ASSERT_TRUE(answers(client));  // question and answer: the kernel turns to delayed acknowledgements
        ASSERT_TRUE(send_all(client, "quiet\n"));
        ASSERT_TRUE(eventually([&] { return house.stages[0]->quiet_rearmed + house.stages[0]->quiet_missed == i + 1; }));
    }
    EXPECT_EQ(house.stages[0]->quiet_missed, 0);
    EXPECT_EQ(house.servers[0]->counters().quick_acknowledgements.value(), static_cast<std::uint64_t>(rounds));
}

TEST(ServerOnUnix, the_option_of_tcp_is_left_alone) {
    const TemporaryDirectory directory;
    House house("unix:" + directory.path("s"));
    const Descriptor client = house.client();
    ASSERT_TRUE(send_all(client, "quiet\n"));
    ASSERT_TRUE(answers(client));
    EXPECT_EQ(house.servers[0]->counters().quick_acknowledgements.value(), 0U);
}

}  // namespace
}  // namespace exota::net
