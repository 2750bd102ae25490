// The near leg's peer goes: while something of the far leg is waited for, and with more said than its turn was.
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "net/dial.h"
#include "net/testing_legs.h"

namespace exota::net {
namespace {

using testing::answers;
using testing::ending;
using testing::endings;
using testing::eventually;
using testing::receive_all;
using testing::RelayStage;
using testing::send_all;

class LegsGoneOn : public testing::LegsOn {};
INSTANTIATE_TEST_SUITE_P(sockets, LegsGoneOn, ::testing::Values("unix", "tcp"), [](const auto& info) { return std::string(info.param); });

TEST_P(LegsGoneOn, the_near_leg_dies) {
    {
        const Descriptor client = dialled();
    }
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(ending(house), "near peer-closed");
    EXPECT_EQ(house.ended(Ending::peer_closed), 1U);
    EXPECT_TRUE(eventually([&] { return backend.open() == 0; }));
}

TEST_P(LegsGoneOn, the_near_leg_dies_while_the_far_one_is_waited_for) {
    Descriptor client = dialled();
    ASSERT_TRUE(send_all(client, "ask wait\n"));
    EXPECT_TRUE(eventually([&] { return backend.ask([](RelayStage& stage) { return stage.wakes.size(); }) == 1; }));
    client.reset();
    EXPECT_TRUE(eventually([&] { return endings(house) == 1; })) << "seen though nothing is read";
    EXPECT_EQ(ending(house), "near peer-closed");
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
}

TEST_P(LegsGoneOn, a_client_that_wrote_more_and_left_is_gone_before_its_answer_counts) {
    Descriptor client = dialled();
    ASSERT_TRUE(send_all(client, "wait\nhello\n"));
    EXPECT_TRUE(eventually([&] { return house.ask([](RelayStage& stage) { return stage.wakes.size(); }) == 1; }));
    house.thread.call([&] {  // on the loop: its end cannot be seen in between
        client.reset();
        house.stage.wakes.front()();
    });
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(ending(house), "near peer-closed");
    EXPECT_EQ(house.ended(Ending::peer_closed), 1U);
}

/// Who said more than it may is not waited for any more; the far leg's answer makes the session act for it.
TEST_P(LegsGoneOn, a_client_that_wrote_more_and_left_is_gone_before_the_far_leg_is_heard) {
    Descriptor client = dialled();
    const int before = house.stage.answers;
    ASSERT_TRUE(send_all(client, "ask wait\n"));
    EXPECT_TRUE(eventually([&] { return backend.ask([](RelayStage& stage) { return stage.wakes.size(); }) == 1; }));
    ASSERT_TRUE(send_all(client, "hello\n"));
    turns_pass();
    house.thread.call([&] { client.reset(); });
    backend.ask([](RelayStage& stage) { return stage.wakes.front()(), true; });
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(house.stage.answers, before);
    EXPECT_EQ(ending(house), "near peer-closed");
}

TEST_P(LegsGoneOn, a_client_that_wrote_more_and_left_is_gone_before_the_next_piece) {
    Listener silent = std::move(
        *Listener::open(*Endpoint::parse(endpoint() == "inet:127.0.0.1:0" ? endpoint() : "unix:" + directory_.path("silent")), {}, 1));
    house.ask([&](RelayStage& stage) { return stage.target = *Address::of(*Endpoint::parse(silent.bound())); });
    Descriptor client = house.client();
    ASSERT_TRUE(answers(client, "dial\npour 1000\n", "dialled\n"));
    ASSERT_TRUE(send_all(client, "hello\n"));
    turns_pass();
    house.thread.call([&] { client.reset(); });
    const Descriptor reader(::accept4(silent.take(0).get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(reader);
    EXPECT_LT(receive_all(reader).size(), 100'000'000U) << "no more than was written before";
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(ending(house), "near peer-closed");
}

TEST_P(LegsGoneOn, the_far_leg_may_go_on_alone) {
    house.stage.go_on_without_near = true;
    {
        const Descriptor client = dialled();
    }
    EXPECT_TRUE(eventually([&] { return endings(house) == 1; }));
    EXPECT_EQ(house.open(), 1U);
    backend.thread.call([&] { backend.server->close_all(); });
    EXPECT_TRUE(eventually([&] { return house.open() == 0; }));
    EXPECT_EQ(ending(house, 1), "far peer-closed");
    EXPECT_EQ(house.ended(Ending::peer_closed), 1U) << "counted by what ended the near leg";
}

TEST_P(LegsGoneOn, the_near_leg_dies_while_dialling) {
    // A queue that is full, and nobody accepts: who dials waits.
    const auto full = Listener::open(*Endpoint::parse("inet:127.0.0.1:0"), {.socket_mode = {}, .socket_group = {}, .backlog = 0}, 1);
    ASSERT_TRUE(full);
    const Address address = *Address::of(*Endpoint::parse(full->bound()));
    std::vector<Descriptor> queue;
    for (int i = 0; i < 4; ++i) queue.push_back(std::move(*begin_connect(address)));
    house.ask([&](RelayStage& stage) { return stage.target = address; });
    constexpr std::uint64_t clients = 20;
    for (std::uint64_t i = 0; i < clients; ++i) {
        const Descriptor client = house.client();
        ASSERT_TRUE(send_all(client, "dial\n"));
    }
    EXPECT_TRUE(eventually([&] { return house.ended(Ending::peer_closed) == clients; }));
    EXPECT_EQ(house.open(), 0U);
    EXPECT_EQ(house.stage.sessions, 0);
    EXPECT_EQ(endings(house), clients);
}

}  // namespace
}  // namespace exota::net
