// What the servers of all loops share: places for sessions, of all and of each client; octets for partial frames.
//
// Places: a server that finds none free asks all loops, each of which knows its own sessions only, who has been idle for longest; that
// one is ended, and everybody who waits tries again. Nothing is locked: questions and answers are posted from loop to loop. (The count of
// clients, where it is wanted, is behind a lock for the time of one look-up.)
//
// Tested by server_limits_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/ip.h"

namespace exota::net {

class Server;

/// Who goes at the limit on sessions for one more, of those that have nothing in hand.
enum class MakesRoom : std::uint8_t {
    longest_idle,  // who has been silent for longest, of those that were so for make_room_after; nothing may be on its way
    next_due,      // whose deadline is next, whatever is on its way: of sessions that all have one, and whoever comes is served
};

/// A session that may make room. The greater one goes first (MakesRoom): of those that never said a whole frame, or take what is written to
/// them, who has been silent for longest, or whose deadline is next; then of the others.
struct IdleSession {
    bool worth_less = false;
    std::chrono::steady_clock::duration since{};  // negative: until
    friend auto operator<=>(const IdleSession&, const IdleSession&) = default;
};

/// What one client has for itself: an IPv4 address, an IPv6 network of 64 bits (its first address).
base::IpAddress network_of_client(const base::IpAddress& address) noexcept;

class ServerLimits {
public:
    static constexpr std::size_t default_max_partial_octets = std::size_t{256} * 1024 * 1024;

    /// @param max_sessions_per_client  of one IPv4 address, or one IPv6 network of 64 bits; 0: as many as there are. Unix sockets have no
    ///                                 address, and no such limit.
    explicit ServerLimits(std::size_t max_sessions, std::size_t max_partial_octets = default_max_partial_octets,
                          std::size_t max_sessions_per_client = 0) noexcept
        : max_sessions_(max_sessions), max_partial_octets_(max_partial_octets), max_sessions_per_client_(max_sessions_per_client) {}

    // Places, from any thread.
    bool enter() noexcept {
        if (open_.fetch_add(1) < max_sessions_) return true;
        open_.fetch_sub(1);
        return false;
    }
    void leave() noexcept { open_.fetch_sub(1); }
    std::size_t open() const noexcept { return open_.load(); }
    /// How often somebody was looked for who makes room.
    std::size_t searches() const noexcept { return searches_.load(); }
    std::size_t max_sessions() const noexcept { return max_sessions_; }

    // Places of one client, from any thread.
    bool counts_clients() const noexcept { return max_sessions_per_client_ > 0; }
    /// @return  false: it has as many as it may.
    bool enter_client(const base::IpAddress& client);
    void leave_client(const base::IpAddress& client);
    /// Clients with a session.
    std::size_t clients() const;

    // Memory of partial frames, from any thread.
    /// @return  false: that is above the limit. Taken all the same, to be given back by who ends.
    bool take(std::size_t octets) noexcept { return partial_octets_.fetch_add(octets) + octets <= max_partial_octets_; }
    void give_back(std::size_t octets) noexcept { partial_octets_.fetch_sub(octets); }
    std::size_t partial_octets() const noexcept { return partial_octets_.load(); }

private:
    friend class Server;
    struct Search;

    /// Somebody shall make room for `asking`, if anybody may. On its loop.
    void search_room(Server& asking);
    void choose(const Search& search);

    const std::size_t max_sessions_, max_partial_octets_, max_sessions_per_client_;
    mutable std::mutex clients_mutex_;
    std::map<base::IpAddress, std::size_t> clients_;  // sessions by client, or by its network
    std::atomic<std::size_t> open_{0}, partial_octets_{0};
    std::atomic<std::size_t> paused_{0};  // servers that wait for room
    std::atomic<std::size_t> searches_{0};
    std::atomic<bool> searching_{false};  // one search at a time, so that one newcomer costs one place
    std::vector<Server*> servers_;        // all that share it; complete before the first loop runs
};

}  // namespace exota::net
