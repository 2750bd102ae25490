// A leg dies in every state of a connection, by an orderly end and by a reset; then the other one does. Nothing is left of it: no session,
// no place, no octet of a partial frame; and it was counted once.
#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>

#include "net/testing_tls_legs.h"

namespace exota::net {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::begun_hello;
using testing::eventually;
using testing::FarSide;
using testing::line_of;
using testing::receive;
using testing::RelayStage;
using testing::send_all;

enum class How : std::uint8_t { end, reset };

/// One connection, and both sides of it.
struct Both {
    Descriptor near, far;
    Descriptor& leg(Leg which) { return which == Leg::near ? near : far; }
};

class LegsEveryState : public testing::TlsLegs {
protected:
    // A leg that nobody waits for any more at the end is not looked at: its time is short here.
    LegsEveryState() : TlsLegs({.closing_timeout = 200ms}), far_side_(house) {}

    Both dialled() {
        Both both;
        both.near = house.client();
        EXPECT_TRUE(answers(both.near, "dial\n", "dialled\n"));
        both.far = far_side_.accept();
        EXPECT_TRUE(both.far);
        return both;
    }
    /// Writes until nothing goes on: all buffers between `from` and who does not read are full, those of the kernel and ours.
    static void fill(const Descriptor& from, const std::atomic<std::size_t>& moved) {
        const std::string piece(100'000, 'x');
        const std::size_t begun = moved;
        std::size_t before = 0;
        EXPECT_TRUE(eventually([&] {
            while (::send(from.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) continue;
            const std::size_t now = moved;
            pollfd full{.fd = from.get(), .events = POLLOUT, .revents = 0};
            return now > begun + max_unsent_octets && now == std::exchange(before, now) && ::poll(&full, 1, 0) == 0;
        }));
    }
    static void die(Descriptor& socket, How how) {
        if (how == How::end) {
            ::shutdown(socket.get(), SHUT_WR);
        } else {
            const linger at_once{.l_onoff = 1, .l_linger = 0};
            EXPECT_EQ(setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        }
        socket.reset();
    }
    std::size_t told() {
        return house.ask([](RelayStage& stage) { return stage.endings.size(); });
    }
    std::uint64_t counted() {
        return house.thread.call([&] {
            std::uint64_t all = 0;
            for (const Counter& each : house.server->counters().ended) all += each.value();
            return all;
        });
    }

    // The states. Each leaves a connection in it.
    Both idle() { return dialled(); }
    Both with_half_a_line_on_each() {
        Both both = dialled();
        EXPECT_TRUE(send_all(both.near, "hel") && send_all(both.far, "go"));
        EXPECT_TRUE(eventually([&] { return house.limits.partial_octets() > 0; }));
        return both;
    }
    Both asked() {
        Both both = dialled();
        EXPECT_TRUE(send_all(both.near, "ask hello\n"));
        EXPECT_EQ(receive(both.far, 6), "hello\n");
        return both;
    }
    Both in_the_near_handshake() {
        Both both = dialled();
        EXPECT_TRUE(answers(both.near, "tls\n", "go\n"));
        EXPECT_TRUE(send_all(both.near, begun_hello));
        return both;
    }
    Both in_the_far_handshake() {
        Both both = dialled();
        EXPECT_TRUE(send_all(both.near, "far-tls\n"));
        EXPECT_EQ(receive(both.far, 4), "tls\n");
        EXPECT_TRUE(send_all(both.far, "go\n"));
        EXPECT_EQ(receive(both.far, 1), "\x16") << "our ClientHello";
        return both;
    }
    Both streaming() {
        Both both = dialled();
        EXPECT_TRUE(send_all(both.near, "stream\nsome"));
        EXPECT_EQ(receive(both.far, 4), "some");
        return both;
    }
    Both with_octets_that_the_near_one_does_not_take() {
        Both both = streaming();
        fill(both.far, house.stage.returned);
        return both;
    }
    Both with_octets_that_the_far_one_does_not_take() {
        Both both = streaming();
        fill(both.near, house.stage.streamed);
        return both;
    }
    Both closing_with_octets_unsent() {
        Both both = dialled();
        EXPECT_TRUE(send_all(both.near, "flood 50000000\nquit\n"));
        EXPECT_EQ(line_of(both.far), "quit\n");
        return both;
    }

    struct State {
        std::string_view name;
        Both (LegsEveryState::*reach)();
        // Whether the end of that leg alone is seen: a leg that is not read, and has nothing to be written to it, is not looked at.
        bool near_seen = true, far_seen = true;
    };
    static const State states[];

private:
    FarSide far_side_;
};

const LegsEveryState::State LegsEveryState::states[] = {
    {"idle", &LegsEveryState::idle},
    {"half a line on each", &LegsEveryState::with_half_a_line_on_each},
    {"asked", &LegsEveryState::asked},
    {"in the near handshake", &LegsEveryState::in_the_near_handshake},
    {"in the far handshake", &LegsEveryState::in_the_far_handshake},
    {"streaming", &LegsEveryState::streaming},
    {"octets that the near one does not take", &LegsEveryState::with_octets_that_the_near_one_does_not_take, true, false},
    {"octets that the far one does not take", &LegsEveryState::with_octets_that_the_far_one_does_not_take, false, true},
    {"closing with octets unsent", &LegsEveryState::closing_with_octets_unsent},
};

TEST_F(LegsEveryState, nothing_is_left_of_a_connection_whose_legs_die) {
    std::uint64_t connections = 0;
    for (const State& state : states)
        for (const Leg first : {Leg::near, Leg::far})
            for (const How how : {How::end, How::reset}) {
                SCOPED_TRACE(std::string(state.name) + (first == Leg::near ? ", near" : ", far") + (how == How::end ? ", end" : ", reset"));
                const std::size_t before = told();
                Both both = (this->*state.reach)();
                ++connections;
                die(both.leg(first), how);
                if (first == Leg::near ? state.near_seen : state.far_seen)
                    EXPECT_TRUE(eventually([&] { return told() > before || house.open() == 0; })) << "it is seen at once";
                die(both.leg(first == Leg::near ? Leg::far : Leg::near), How::end);
                ASSERT_TRUE(eventually([&] { return house.open() == 0; }));
                EXPECT_EQ(house.stage.sessions, 0);
                EXPECT_EQ(house.limits.open(), 0U);
                EXPECT_EQ(house.limits.partial_octets(), 0U);
                EXPECT_EQ(counted(), connections) << "once each";
            }
    EXPECT_EQ(connections, std::size(states) * 2 * 2);
    EXPECT_TRUE(answers(house.client(), "hello\n", "hi\n")) << "and the server is as it was";
}

}  // namespace
}  // namespace exota::net
