// Two legs in the clear: dialling, back-pressure, deadlines, ends in every state. (Of the near leg: legs_gone_test.cc.)
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "net/dial.h"
#include "net/testing_legs.h"
#include "net/testing_tls_legs.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::at_end;
using testing::endings;
using testing::eventually;
using testing::FarSide;
using testing::LegsOn;
using testing::line_of;
using testing::receive;
using testing::receive_all;
using testing::RelayHouse;
using testing::RelayStage;
using testing::send_all;

INSTANTIATE_TEST_SUITE_P(sockets, LegsOn, ::testing::Values("unix", "tcp"), [](const auto& info) { return std::string(info.param); });

/// A packet for nothing, where nobody can be held back by its absence.
TEST(LegsOnTcp, who_owes_nothing_is_not_acknowledged_at_once) {
    RelayHouse backend("inet:127.0.0.1:0"), house("inet:127.0.0.1:0");
    house.stage.target = backend.address();
    const Descriptor client = house.client();
    EXPECT_TRUE(answers(client, "dial\n", "dialled\n"));
    EXPECT_TRUE(answers(client, "ask hello\n", "from hi\n"));
    const auto acknowledgements = [&] {
        return house.thread.call([&] { return house.server->counters().quick_acknowledgements.value(); });
    };
    for (const bool owes_nothing : {false, true, false}) {
        house.stage.far_owes_nothing = owes_nothing;
        const std::uint64_t before = acknowledgements();
        EXPECT_TRUE(answers(client, "ask hello\n", "from hi\n"));
        EXPECT_EQ(acknowledgements() - before, owes_nothing ? 1U : 2U) << "the question, and the answer if more could follow";
    }
}

TEST_P(LegsOn, lines_go_both_ways) {
    const Descriptor client = dialled();
    EXPECT_TRUE(answers(client, "hello\nto hello\n", "hi\nfrom hi\n"));
    EXPECT_TRUE(answers(client, "ask hello\nhello\n", "from hi\nhi\n")) << "the second waits for the first's answer";
    EXPECT_TRUE(answers(client, "quit\n", "bye\n"));
    EXPECT_TRUE(at_end(client));
    EXPECT_TRUE(eventually([&] { return backend.open() == 0; })) << "it was told";
    EXPECT_EQ(house.ended(Ending::session_ended), 1U);
    EXPECT_EQ(endings(house), 0U) << "nobody is told of the end that he wanted";
    EXPECT_EQ(house.stage.sessions, 0);
}

/// One system call, one packet, and one turn of whoever reads it.
TEST_P(LegsOn, what_a_turn_has_for_the_far_leg_goes_out_as_one) {
    const Descriptor client = dialled();
    house.stage.thanks = true;
    const int before = backend.stage.reads;
    constexpr int rounds = 50;
    for (int i = 0; i < rounds; ++i) ASSERT_TRUE(answers(client, "ask hello\nto hello\n", "from hi\nfrom what\nfrom hi\n"));
    EXPECT_EQ(backend.stage.reads - before, 2 * rounds) << "the question; the thanks for its answer with what lay behind the question";
}

TEST_P(LegsOn, dialling_again_closes_what_was_open) {
    const Descriptor client = dialled();
    EXPECT_TRUE(answers(client, "dial\n", "dialled\n"));
    EXPECT_TRUE(answers(client, "ask hello\n", "from hi\n"));
    EXPECT_TRUE(eventually([&] { return backend.open() == 1; }));
    EXPECT_TRUE(answers(client, "drop\nhello\n", "hi\n"));
    EXPECT_TRUE(eventually([&] { return backend.open() == 0; }));
    EXPECT_EQ(endings(house), 0U);
}

TEST_P(LegsOn, what_is_said_while_dialling_comes_first) {
    house.stage.deadline = 1h;
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\nto hello\nto hello\n", "dialled\nfrom hi\nfrom hi\n"));
}

TEST_P(LegsOn, nobody_there) {
    house.stage.target = Address::of_socket(directory_.path("nobody"));
    const Descriptor client = house.client();
    ASSERT_TRUE(send_all(client, "dial\n"));
    EXPECT_TRUE(line_of(client).starts_with("lost unreachable ")) << "at once";
    // A port that was free a moment ago, and where nobody listens.
    const Descriptor bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    house.ask([&](RelayStage& stage) { return stage.target = Address::of_system(&address, size); });
    ASSERT_TRUE(send_all(client, "dial\n"));
    const std::string lost = line_of(client);
    EXPECT_TRUE(lost.starts_with("lost unreachable 127.0.0.1:")) << lost;
    EXPECT_NE(lost.find("refused"), std::string::npos) << lost;
    // It may try another one.
    house.ask([&](RelayStage& stage) { return stage.target = backend.address(); });
    EXPECT_TRUE(answers(client, "dial\nask hello\n", "dialled\nfrom hi\n"));
}

TEST_P(LegsOn, the_far_leg_dies) {
    const Descriptor client = dialled();
    backend.thread.call([&] { backend.server->close_all(); });
    EXPECT_EQ(line_of(client), "from ending drained\n") << "its last word";
    EXPECT_TRUE(line_of(client).starts_with("lost peer-closed "));
    EXPECT_TRUE(answers(client, "to nobody\nhello\n", "hi\n")) << "what is for a leg that is gone is dropped";
}

TEST_P(LegsOn, the_far_leg_dies_while_its_answer_is_waited_for) {
    const Descriptor client = dialled();
    ASSERT_TRUE(send_all(client, "ask wait\nhello\n"));
    EXPECT_TRUE(eventually([&] { return backend.ask([](RelayStage& stage) { return stage.wakes.size(); }) == 1; }));
    backend.thread.call([&] { backend.server->close_all(); });
    EXPECT_EQ(line_of(client), "from ending drained\n");
    EXPECT_EQ(line_of(client), "hi\n") << "the client's next line is read then";
    EXPECT_TRUE(line_of(client).starts_with("lost "));
}

/// What it wrote can be read, but not where it came from.
TEST(Legs, a_peer_that_is_gone_before_it_is_accepted_is_nobody) {
    RelayHouse house("inet:127.0.0.1:0");
    house.thread.call([&] {  // so that the server cannot accept meanwhile
        const Descriptor client = house.client();
        EXPECT_TRUE(send_all(client, "hello\n"));
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        EXPECT_EQ(setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    });
    EXPECT_TRUE(answers(house.client(), "hello\n", "hi\n"));
    EXPECT_EQ(house.thread.call([&] { return house.server->counters().opened.value(); }), 1U);
    EXPECT_TRUE(eventually([&] { return house.limits.open() == 0; })) << "and its place was given back";
}

TEST_P(LegsOn, a_backend_that_does_not_read_holds_its_client_back) {
    Listener silent = std::move(
        *Listener::open(*Endpoint::parse(endpoint() == "inet:127.0.0.1:0" ? endpoint() : "unix:" + directory_.path("silent")), {}, 1));
    house.ask([&](RelayStage& stage) { return stage.target = *Address::of(*Endpoint::parse(silent.bound())); });
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\nstream\n", "dialled\n"));
    constexpr std::size_t much = std::size_t{64} * 1024 * 1024;
    std::atomic<bool> written{false};
    std::thread writer([&] { written = send_all(client, std::string(much, 'x')); });
    // It stands still when all buffers are full: those of the kernel, and ours.
    std::size_t before = 0;
    EXPECT_TRUE(eventually([&] {
        const std::size_t now = house.ask([](RelayStage& stage) { return stage.streamed.load(); });
        const bool still = now > max_unsent_octets && now == std::exchange(before, now);
        pollfd full{.fd = client.get(), .events = POLLOUT, .revents = 0};
        return still && ::poll(&full, 1, 0) == 0;
    }));
    EXPECT_LT(house.stage.streamed, much / 2) << "the rest is in the client's hands";
    EXPECT_FALSE(written);
    // Somebody reads at last: all of it comes.
    const Descriptor reader(::accept4(silent.take(0).get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(reader);
    EXPECT_EQ(receive(reader, much).size(), much);
    writer.join();
    EXPECT_TRUE(written);
}

TEST_P(LegsOn, a_client_that_does_not_read_holds_its_backend_back) {
    const bool tcp = endpoint() == "inet:127.0.0.1:0";
    const FarSide far_side(house, tcp ? endpoint() : "unix:" + directory_.path("loud"));
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\nstream\n", "dialled\n"));
    const Descriptor far = far_side.accept();
    ASSERT_TRUE(far);
    constexpr std::size_t much = std::size_t{64} * 1024 * 1024;
    std::atomic<bool> written{false};
    std::thread writer([&] { written = send_all(far, std::string(much, 'x')); });
    // What we have of it that the client's socket has not. (On TCP some of that is in the kernel, on our side.)
    const auto unsent = [&] {
        int there = 0;
        const std::size_t returned = house.stage.returned;
        EXPECT_EQ(::ioctl(client.get(), FIONREAD, &there), 0);
        return returned - std::min(returned, static_cast<std::size_t>(there));
    };
    std::size_t before = 0;
    EXPECT_TRUE(eventually([&] {
        const std::size_t now = house.stage.returned;
        const bool still = unsent() > max_unsent_octets && now == std::exchange(before, now);
        pollfd full{.fd = far.get(), .events = POLLOUT, .revents = 0};
        return still && ::poll(&full, 1, 0) == 0;
    }));
    if (!tcp) EXPECT_LE(unsent(), max_unsent_octets + Loop::read_buffer_octets) << "what one read brought comes on top";
    EXPECT_LT(house.stage.returned, much / 2) << "the rest is in the backend's hands";
    EXPECT_FALSE(written);
    EXPECT_TRUE(answers(house.client(), "hello\n", "hi\n")) << "nobody else waits";
    // It reads at last: all of it comes.
    EXPECT_EQ(receive(client, much).size(), much);
    writer.join();
    EXPECT_TRUE(written);
}

/// More pieces than one turn of the loop takes: a peer that reads all of it at once, and one that stops reading.
TEST_P(LegsOn, what_is_too_much_for_one_piece_follows_when_the_one_before_is_written) {
    const Descriptor client = dialled();
    ASSERT_TRUE(answers(client, "to stream\n", ""));
    ASSERT_TRUE(answers(client, "pour 300\nhello\n", "poured 300\nhi\n")) << "what came meanwhile waits";
    EXPECT_TRUE(eventually([&] { return backend.stage.streamed.load() == 30'000'000; }));
}

TEST_P(LegsOn, a_far_leg_that_dies_takes_the_rest_with_it) {
    Listener silent = std::move(
        *Listener::open(*Endpoint::parse(endpoint() == "inet:127.0.0.1:0" ? endpoint() : "unix:" + directory_.path("silent")), {}, 1));
    house.ask([&](RelayStage& stage) { return stage.target = *Address::of(*Endpoint::parse(silent.bound())); });
    const Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\npour 1000000\n", "dialled\n"));
    {
        const Descriptor reader(::accept4(silent.take(0).get(), nullptr, nullptr, SOCK_CLOEXEC));
        ASSERT_TRUE(reader);
        EXPECT_EQ(receive(reader, 1'000'000).size(), 1'000'000U);
    }
    EXPECT_TRUE(line_of(client).starts_with("lost "));
    EXPECT_TRUE(answers(client, "hello\n", "hi\n")) << "and is not told of again";
}

TEST_P(LegsOn, the_end_of_what_is_written_is_not_that_of_what_is_read) {
    const Descriptor client = house.client();
    ASSERT_TRUE(send_all(client, "flood 3000000\nend\n"));
    EXPECT_EQ(receive_all(client), std::string(3'000'000, 'x') + "end\n");
    ASSERT_TRUE(send_all(client, "hello\nhello\n"));
    EXPECT_TRUE(eventually([&] { return house.stage.after_end == 2; }));
    EXPECT_EQ(house.open(), 1U);
    ASSERT_TRUE(send_all(client, "quit\n"));
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
}

TEST_P(LegsOn, who_does_not_read_has_the_time_for_closing_and_no_more) {
    RelayHouse hasty(endpoint() == "inet:127.0.0.1:0" ? endpoint() : "unix:" + directory_.path("hasty"),
                     {.closing_timeout = std::chrono::milliseconds(0)});
    hasty.stage.deadline = 30ms;
    const Descriptor client = hasty.client();
    ASSERT_TRUE(send_all(client, "flood 50000000\n"));
    EXPECT_TRUE(eventually([&] { return hasty.ended(Ending::late) == 1; }));
    EXPECT_LT(receive_all(client).size(), 50'000'000U);
}

TEST_P(LegsOn, the_deadline_of_a_step) {
    house.stage.deadline = 30ms;
    const Descriptor client = house.client();
    EXPECT_EQ(receive_all(client), "late\n");
    EXPECT_EQ(house.ended(Ending::late), 1U);
}

TEST_P(LegsOn, octets_that_complete_nothing_extend_nothing) {
    house.stage.deadline = 1h;
    const Descriptor client = house.client();
    for (int quarter = 1; quarter <= 4; ++quarter) {
        EXPECT_EQ(house.ended(Ending::late), 0U);
        ASSERT_TRUE(send_all(client, "x"));
        ASSERT_TRUE(eventually([&] { return house.stage.reads == quarter; }));
        house.thread.pass(15min);
    }
    EXPECT_TRUE(eventually([&] { return house.ended(Ending::late) == 1; })) << "though it never was silent";
}

TEST_P(LegsOn, a_step_that_is_done_begins_the_next_ones_time) {
    house.stage.deadline = 1h;
    const Descriptor client = house.client();
    for (int step = 0; step < 3; ++step) {
        ASSERT_TRUE(answers(client, "hello\n", "hi\n"));
        house.thread.pass(40min);
    }
    EXPECT_EQ(house.ended(Ending::late), 0U);
    house.thread.pass(20min);
    EXPECT_EQ(receive_all(client), "late\n");
    EXPECT_EQ(house.ended(Ending::late), 1U);
}

TEST_P(LegsOn, the_deadline_of_a_pending_answer_is_the_sessions) {
    house.stage.deadline = 20ms;
    const Descriptor client = house.client();
    ASSERT_TRUE(send_all(client, "wait\n"));
    EXPECT_EQ(receive(client, 15), "late\nlate\nlate\n") << "it chose to wait on, each time";
}

TEST_P(LegsOn, a_drain_says_a_last_word) {
    const Descriptor client = dialled();
    std::promise<void> drained;
    house.thread.call([&] { house.server->drain([&] { drained.set_value(); }); });
    EXPECT_EQ(receive_all(client), "ending drained\n");
    drained.get_future().get();
    EXPECT_TRUE(eventually([&] { return backend.open() == 0; }));
}

TEST_P(LegsOn, a_hundred_at_once) {
    std::vector<Descriptor> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(house.client());
        ASSERT_TRUE(send_all(clients.back(), "dial\nask hello\n"));
    }
    for (const Descriptor& client : clients) EXPECT_EQ(receive(client, 16), "dialled\nfrom hi\n");
    // A third each leaves, loses its backend, says quit.
    for (std::size_t i = 0; i < clients.size(); ++i) {
        if (i % 3 == 0) clients[i].reset();
        if (i % 3 == 1) ASSERT_TRUE(send_all(clients[i], "to quit\n"));
        if (i % 3 == 2) ASSERT_TRUE(send_all(clients[i], "quit\n"));
    }
    for (std::size_t i = 1; i < clients.size(); i += 3) EXPECT_EQ(line_of(clients[i]), "from bye\n");
    clients.clear();
    EXPECT_TRUE(eventually([&] { return house.open() == 0 && backend.open() == 0; }));
    EXPECT_EQ(house.stage.sessions, 0);
    EXPECT_EQ(house.limits.open(), 0U);
    EXPECT_EQ(house.limits.partial_octets(), 0U);
}

TEST_P(LegsOn, sessions_that_are_open_go_with_the_server) {
    const Descriptor idle = dialled();
    const Descriptor waiting = dialled();
    ASSERT_TRUE(send_all(waiting, "ask wait\n"));
    house.thread.stop();
    house.server.reset();
    EXPECT_EQ(house.stage.sessions, 0);
    EXPECT_TRUE(at_end(idle));
    EXPECT_TRUE(eventually([&] { return backend.open() == 0; }));
}

}  // namespace
}  // namespace exota::net
