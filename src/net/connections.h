// The connections of one loop that belong together: who has been silent for how long, whose deadline is next, what they share. Private to
// net.
//
// Tested by server_test.cc, server_limits_test.cc, legs_test.cc and legs_gone_test.cc.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "net/loop.h"
#include "net/server_counters.h"
#include "net/server_limits.h"

namespace exota::net {

class Connection;

using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using DeadlineHook = boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// A connection whose session has deadlines, by when the next one passes.
struct Due : DeadlineHook {
    explicit Due(Connection& whose) noexcept : connection(whose) {}
    Connection& connection;
    std::chrono::steady_clock::time_point at;
    friend bool operator<(const Due& a, const Due& b) noexcept { return a.at < b.at; }
};

class Connections {
public:
    using Clock = std::chrono::steady_clock;
    using List =
        boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>, boost::intrusive::constant_time_size<false>>;
    struct Times {
        std::chrono::milliseconds idle_timeout;
        std::chrono::milliseconds keep_waiting_interval;
        std::chrono::milliseconds closing_timeout;
    };

    /// @param gone  called when one has ended.
    Connections(Loop& loop, ServerLimits& limits, ServerCounters& counters, Times times, std::function<void()> gone);
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    // For their owner:
    /// Takes one that was started.
    void add(Connection& connection);
    std::size_t open() const noexcept { return open_; }
    bool draining() const noexcept { return draining_; }
    /// Each ends as soon as it has nothing in hand.
    void drain();
    void end_all();
    /// Who makes room first, if anybody may.
    struct Candidate {
        Connection* connection;
        IdleSession rank;
    };
    std::optional<Candidate> first_to_make_room(MakesRoom rule, std::chrono::milliseconds silent_for);

    // For each of them:
    Loop& loop() noexcept { return loop_; }
    ServerLimits& limits() noexcept { return limits_; }
    ServerCounters& counters() noexcept { return counters_; }
    const Times& times() const noexcept { return times_; }
    /// Of the session that is being called.
    Out& out() noexcept { return out_; }
    /// It did something: behind all others of its kind.
    void most_recent(Connection& connection);
    void ended(Connection& connection);
    void schedule(Due& due, Clock::time_point at);

private:
    std::optional<Candidate> longest_idle(std::chrono::milliseconds silent_for);
    std::optional<Candidate> next_due();
    void sweep();
    void sweep_at(Clock::time_point when);
    Clock::time_point next_regular_sweep() const;

    using Deadlines =
        boost::intrusive::multiset<Due, boost::intrusive::base_hook<DeadlineHook>, boost::intrusive::constant_time_size<false>>;

    Loop& loop_;
    ServerLimits& limits_;
    ServerCounters& counters_;
    const Times times_;
    std::function<void()> gone_;
    // By last activity, the longest silent first:
    List fresh_;    // never said a whole frame
    List idle_;     // nothing in hand
    List busy_;     // something in hand
    List waiting_;  // for their session
    List closed_;   // but a handler still names them
    Deadlines deadlines_;
    Out out_;
    std::size_t open_ = 0;
    Timer timer_;
    Clock::time_point sweeps_at_ = Clock::time_point::max();
    bool draining_ = false;
};

}  // namespace exota::net
