// The milter's loops: each with its thread, its server, its judge, its log and its counters; a snapshot is handed to each by post().
//
// Nothing here is shared by two loops but the limit on sessions and the immutable snapshot. Tested by daemon_test.cc.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "config/config.h"
#include "gate/judge.h"
#include "gate/milter_settings.h"
#include "net/listener.h"
#include "net/server.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {

class MilterServer {
public:
    /// @param log, metrics  outlive this object.
    MilterServer(const gate::MilterSettings& config, const config::DnsConfig& dns, std::size_t loops,
                 std::shared_ptr<const gate::Snapshot> snapshot, telemetry::Log& log, telemetry::Metrics& metrics);
    /// Stops the loops; sessions that are open end.
    ~MilterServer();
    MilterServer(const MilterServer&) = delete;
    MilterServer& operator=(const MilterServer&) = delete;

    /// Accepts on `listeners` (opened for as many loops) and starts the threads.
    void start(std::vector<net::Listener>& listeners);

    // From any thread, after start():
    /// Messages that begin from now on are judged by `snapshot`.
    /// @param done  called on one of the loops when that is so on all of them: no loop has the one before any more, only messages.
    void use(const std::shared_ptr<const gate::Snapshot>& snapshot, std::function<void()> done);
    /// Stops accepting and ends each session as soon as it has no message in hand.
    /// @param done  called on one of the loops when all sessions of all loops are gone.
    void drain(std::function<void()> done);
    /// Ends all sessions now.
    void cut();
    /// Calls back on one of the loops once every loop has answered: proves that none of them hangs.
    void ping(std::function<void()> alive);

    std::size_t open_sessions() const noexcept { return limits_.open(); }
    std::size_t loop_count() const noexcept { return workers_.size(); }

private:
    struct Worker;
    /// Runs `work` on each loop; when all are through, `done` on the last of them.
    void on_each(std::function<void(Worker&, std::function<void()> finished)> work, std::function<void()> done);

    net::ServerLimits limits_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace exota::app
