// The loops that judge: each with its thread, judge, resolver, log and counters, whatever front ends bring the messages.
//
// A front end is added with its listeners and what makes its sessions; from then on its sessions live on all loops beside those of the
// others. Nothing is shared by two loops but each front end's limits and the immutable snapshot, which is handed to each by post().
//
// Tested by workers_test.cc and daemon_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gate/judge.h"
#include "net/listener.h"
#include "net/session.h"

namespace exota::config {
struct Config;
struct DnsConfig;
}  // namespace exota::config
namespace exota::telemetry {
class Log;
class Metrics;
}  // namespace exota::telemetry

namespace exota::directory {
class SourceStatus;
}

namespace exota::gate {
class World;
}
namespace exota::tenant {
struct Sighting;
}
namespace exota::net {
class Loop;
}

namespace exota::app {

class LoopObserver;
struct CountingOptions;
struct LookupOptions;
struct RecipientOptions;

/// Makes the session of a new connection, on the loop of `judge`; null: the connection is closed. Called on all loops.
/// @param wake  see net::SessionFactory.
using MakeSession = std::function<std::unique_ptr<net::Session>(gate::Judge& judge, const net::Peer& peer, std::function<void()> wake)>;

/// What a front end may want of a loop besides its judge.
struct LoopParts {
    /// What has timers or sockets on the loop: kept until its sessions are gone, destroyed before it.
    std::function<void(std::shared_ptr<void>)> keep;
    net::Loop& loop;
    gate::Judge& judge;
    gate::World& world;
    LoopObserver& observer;
};

/// One front end: what makes its sessions, and what these may take in all.
struct FrontEndOptions {
    MakeSession make_session;
    std::function<void(const LoopParts&)> on_loop;  // called by Workers::add for each loop, before it runs; null: nothing to do
    std::string gateway;                            // NAME under which its sessions are counted; empty: they are the milter's
    std::size_t max_sessions = 10'000;
    std::size_t max_partial_octets = std::size_t{256} * 1024 * 1024;
    std::size_t max_sessions_per_client = 0;               // 0: as many as there are
    std::chrono::milliseconds idle_timeout{7'200'000};     // of a session that says nothing
    std::function<std::string(const net::Peer&)> refusal;  // the last word to a client that has as many as it may; empty: none
};

/// As many as the configuration says, or the machine has processors; at least 1.
std::size_t loops_of(const config::Config& config);

class Workers {
public:
    /// @param loops         at least 1.
    /// @param log, metrics  outlive this object.
    /// @param lookups       how tenants are looked up on each loop; nullptr: they are at hand.
    /// @param recipients    the same of recipients.
    /// @param counting      how each loop counts together with other nodes; nullptr: this process counts alone.
    Workers(std::size_t loops, const config::DnsConfig& dns, std::shared_ptr<const gate::Snapshot> snapshot, telemetry::Log& log,
            telemetry::Metrics& metrics, const LookupOptions* lookups = nullptr, const RecipientOptions* recipients = nullptr,
            const CountingOptions* counting = nullptr);
    /// As end(); sessions that are still open end.
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// Before start(): accepts on `listeners`, opened for as many loops, as soon as these run.
    void add(FrontEndOptions options, std::vector<net::Listener>& listeners);
    /// Before start(): who takes what messages showed of authors without a tenant. Called on all loops.
    void hand_sightings_to(const std::function<void(tenant::Sighting&&)>& take);
    /// Starts the threads. Throws std::system_error if there are not enough.
    void start();

    // From any thread, after start():
    /// Messages that begin from now on are judged by `snapshot`.
    /// @param done  called on one of the loops when that is so on all of them: no loop has the one before any more, only messages.
    void use(const std::shared_ptr<const gate::Snapshot>& snapshot, std::function<void()> done);
    /// Stops accepting and ends each session as soon as it has no message in hand.
    /// @param done  called on one of the loops when all sessions of all loops are gone.
    void drain(std::function<void()> done);
    /// Ends all sessions now.
    void cut();
    /// Stops the loops and waits until none of them runs. Not from a loop.
    void end();
    /// Calls back on one of the loops once every loop has answered: proves that none of them hangs.
    void ping(std::function<void()> alive);

    /// Of the directory server's clients, one a loop; empty where tenants are at hand.
    std::vector<std::shared_ptr<const directory::SourceStatus>> tenant_sources() const;
    /// The same of who is asked for recipients.
    std::vector<std::shared_ptr<const directory::SourceStatus>> recipient_sources() const;

    /// Of all front ends.
    std::size_t open_sessions() const noexcept;
    std::size_t loop_count() const noexcept { return workers_.size(); }

private:
    struct FrontEnd;
    struct Worker;
    /// Runs `work` on each loop; when all are through, `done` on the last of them.
    void on_each(std::function<void(Worker&, std::function<void()> finished)> work, std::function<void()> done);

    telemetry::Metrics& metrics_;
    std::vector<std::unique_ptr<FrontEnd>> front_ends_;  // outlive the servers of the workers
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace exota::app
