// What a Server keeps, apart from its header so that that one needs no Boost. Private to net.
#pragma once

#include "net/acceptor.h"
#include "net/connection.h"

namespace exota::net {

struct Server::Parts {
    explicit Parts(Loop& loop) : sweep(loop), room(loop) {}
    ~Parts() {
        for (auto* list : {&fresh, &idle, &busy, &waiting, &gone})
            while (!list->empty()) delete &list->front();
    }

    using List = boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

    void most_recent(Connection& connection) {
        connection.unlink();
        (connection.waits_for_session() ? waiting : connection.is_busy() ? busy : connection.spoke() ? idle : fresh).push_back(connection);
    }
    void ended(Connection& connection) {
        connection.unlink();
        gone.push_back(connection);
    }

    // By last activity, the longest silent first:
    List fresh;    // never said a whole frame
    List idle;     // nothing in hand
    List busy;     // something in hand
    List waiting;  // for their session
    List gone;     // closed, but a handler still names them
    std::vector<std::unique_ptr<Acceptor>> acceptors;
    std::string output;  // of the session that is being fed
    std::size_t open_count = 0;
    Timer sweep;
    Timer room;  // while paused: looks again who may make room
    bool sweeping = false;
    bool draining = false;
    bool paused = false;
    std::function<void()> drained;
};

}  // namespace exota::net
