// For tests: a server of two legs and the one that it dials, each on a loop of its own, on sockets of either kind.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "net/testing_relay.h"

namespace exota::net::testing {

inline std::size_t endings(RelayHouse& house) {
    return house.ask([](RelayStage& stage) { return stage.endings.size(); });
}
inline std::string ending(RelayHouse& house, std::size_t number = 0) {
    return house.ask([&](RelayStage& stage) { return number < stage.endings.size() ? stage.endings[number] : std::string("none"); });
}

class LegsOn : public OnSocket {
protected:
    LegsOn() : backend(endpoint() == "inet:127.0.0.1:0" ? endpoint() : "unix:" + directory_.path("backend")), house(endpoint()) {
        house.stage.target = backend.address();
    }
    Descriptor dialled() {
        Descriptor client = house.client();
        EXPECT_TRUE(answers(client, "dial\n", "dialled\n"));
        EXPECT_TRUE(answers(client, "ask hello\n", "from hi\n")) << "the other side has accepted it";
        return client;
    }
    /// The loop has seen what was there before.
    void turns_pass() {
        for (int turns = 0; turns < 10; ++turns) static_cast<void>(house.open());
    }
    RelayHouse backend, house;
};

}  // namespace exota::net::testing
