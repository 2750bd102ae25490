// What a Server keeps, apart from its header so that that one needs no Boost. Private to net.
#pragma once

#include "net/acceptor.h"
#include "net/connection.h"

namespace exota::net {

struct Server::Parts {
    Parts(Server& server, Connections::Times times)
        : connections(server.loop_, server.limits_, server.counters_, times, [&server] { server.session_gone(); }), room(server.loop_) {}

    Connections connections;
    std::vector<std::unique_ptr<Acceptor>> acceptors;
    Timer room;  // while paused: looks again who may make room
    bool paused = false;
    std::function<void()> drained;
};

}  // namespace exota::net
