// Serving connections on one loop: accepting within limits, moving octets between sockets and sessions, timing out, draining.
//
// Readiness idiom: wait until a socket is readable, read into the loop's one buffer, let the session handle every whole frame, write the
// answer at once. A connection keeps only a partial frame, and output only while its peer does not read. Another read is tried only if
// the last one filled the buffer. On TCP a read that is left unanswered is acknowledged at once (TCP_QUICKACK): an MTA that writes
// without TCP_NODELAY would otherwise wait 40 ms for our delayed acknowledgement, for every message.
//
// Limits: sessions and octets kept of partial frames, of all loops together (server_limits.h), and time without a word. At the limit on
// sessions the one that has been idle for longest makes room, but never one with work in hand; while there is none, nobody is accepted,
// so that the MTA waits.
//
// Tested by server_test.cc and server_limits_test.cc.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/counter.h"
#include "net/descriptor.h"
#include "net/loop.h"
#include "net/server_limits.h"
#include "net/session.h"

namespace exota::net {

/// Why a connection ended.
enum class Ending : std::uint8_t {
    peer_closed,    // the peer hung up
    session_ended,  // the protocol came to its end, or was broken
    idle,           // nothing was said, or nothing was read, for idle_timeout
    too_much,       // partial frames above the limit
    made_room,      // idle, while another wanted its place
    failed,         // the system reports an error
    drained,        // we are stopping
};
inline constexpr std::size_t ending_count = 7;
inline constexpr std::array<std::string_view, ending_count> ending_names{"peer-closed", "session-ended", "idle",   "too-much",
                                                                         "made-room",   "failed",        "drained"};

struct ServerCounters {
    Counter opened;
    std::array<Counter, ending_count> ended;  // by Ending
    Counter paused;                           // times that accepting stopped at the limit on sessions
    Counter accept_errors;                    // EMFILE and its like
    Counter quick_acknowledgements;
    /// Open now.
    std::uint64_t open() const noexcept {
        std::uint64_t closed = 0;
        for (const Counter& c : ended) closed += c.value();
        const std::uint64_t all = opened.value();
        return all > closed ? all - closed : 0;  // read one after the other, from another thread
    }
};

/// Non-blocking, closed on exec.
int accept_connection(int listener);

struct ServerOptions {
    std::chrono::milliseconds idle_timeout{7'200'000};
    std::chrono::milliseconds keep_waiting_interval{10'000};  // between two Session::keep_waiting of a pending answer
    std::chrono::milliseconds make_room_after{1'000};         // a session that said something so lately makes no room
    /// For tests: as accept4, where the system has no descriptor, say.
    int (*accept)(int listener) = &accept_connection;
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
    class Connection;
    friend class Acceptor;
    friend class Connection;

    friend class ServerLimits;

    void serve(Descriptor connection);
    void pause_accepting();
    void resume_accepting();
    bool someone_waits() const;
    Connection* first_to_make_room();
    std::optional<IdleSession> longest_idle();
    void make_room();
    void session_gone();
    void sweep();
    void schedule_sweep();

    struct Parts;
    Loop& loop_;
    ServerLimits& limits_;
    SessionFactory factory_;
    ServerOptions options_;
    ServerCounters counters_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace exota::net
