// Serving connections on one loop: accepting within limits, moving octets between sockets and sessions, timing out, draining.
//
// Readiness idiom: wait until a socket is readable, read into the loop's one buffer, let the session handle every whole frame, write the
// answer at once. A connection keeps only a partial frame, and output only while its peer does not read. Another read is tried only if
// the last one filled the buffer. On TCP a read that is left unanswered is acknowledged at once (TCP_QUICKACK): an MTA that writes
// without TCP_NODELAY would otherwise wait 40 ms for our delayed acknowledgement, for every message.
//
// Limits: sessions and octets kept of partial frames, of all loops together (server_limits.h), and time without a word. At the limit on
// sessions one that has nothing in hand makes room (MakesRoom says which), but never one with work in hand; while there is none, nobody is
// accepted, so that the MTA waits.
//
// Tested by server_test.cc and server_limits_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/descriptor.h"
#include "net/loop.h"
#include "net/server_counters.h"
#include "net/server_limits.h"
#include "net/session.h"

namespace exota::net {

/// Non-blocking, closed on exec.
int accept_connection(int listener);

struct ServerOptions {
    std::chrono::milliseconds idle_timeout{7'200'000};
    std::chrono::milliseconds keep_waiting_interval{10'000};  // between two Session::late of a pending answer, of one without deadlines
    std::chrono::milliseconds make_room_after{1'000};         // a session that said something so lately makes no room
    MakesRoom makes_room = MakesRoom::longest_idle;
    std::chrono::milliseconds closing_timeout{30'000};  // for what is still to be written at the end
    /// For tests: as accept4, where the system has no descriptor, say.
    int (*accept)(int listener) = &accept_connection;
    /// The last word to a client that has as many sessions as it may (ServerLimits): written as far as it goes at once. Null: none.
    std::function<std::string(const Peer&)> refusal = nullptr;
    /// Told on the loop that accepting is in trouble: io (EMFILE …, at most once a back-off), too_long (the limit on sessions; often).
    std::function<void(const base::Error&)> on_trouble;
};

/// Belongs to one loop; every member but the constructor and counters() is called on it, or before it runs. To be destroyed after the
/// loop has stopped for good.
class Server {
public:
    /// @param limits  shared by the servers of all loops; outlives them.
    Server(Loop& loop, ServerLimits& limits, SessionFactory factory, ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Accepts on a listening, non-blocking socket from now on.
    void listen(Descriptor listener);
    /// Serves a connection that is there already as if it had been accepted here. Without a place for it, or a session, it is closed.
    void adopt(Descriptor connected);
    void stop_accepting();
    /// Stops accepting, ends sessions as soon as they have nothing in hand.
    /// @param done  called on the loop when the last session is gone (at once if there is none).
    void drain(std::function<void()> done);
    /// Ends every session now.
    void close_all();

    std::size_t open() const noexcept;
    const ServerCounters& counters() const noexcept { return counters_; }

private:
    class Acceptor;
    friend class Acceptor;
    friend class ServerLimits;

    void serve(Descriptor socket);
    void refuse(const Peer& peer);
    void pause_accepting();
    void resume_accepting();
    bool someone_waits() const;
    std::optional<IdleSession> who_makes_room();
    void make_room();
    void leave();
    void session_gone();

    struct Parts;
    Loop& loop_;
    ServerLimits& limits_;
    SessionFactory factory_;
    ServerOptions options_;
    ServerCounters counters_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace exota::net
