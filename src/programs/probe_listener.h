// Serves `exota probe`: accepts connections on one loop until a limit is reached or somebody stops it.
//
// Tested by probe_listener_test.cc.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "net/server.h"
#include "programs/probe_session.h"

namespace exota::programs {

class ProbeListener {
public:
    /// @param house   its `budget` and `ended` are set here.
    /// @param told    hears of each session that ended; null: nobody does.
    ProbeListener(net::Loop& loop, ProbeHouse house, const ProbeLimits& limits, std::function<void(const ProbedSession&)> told = nullptr);
    ~ProbeListener();
    ProbeListener(const ProbeListener&) = delete;
    ProbeListener& operator=(const ProbeListener&) = delete;

    /// Before run().
    void listen(net::Descriptor listener) { server_.listen(std::move(listener)); }
    /// On the calling thread, until it is over: as many sessions as may be came and went, time or octets are spent, or stop().
    void run();
    /// On the loop: sessions that are open are ended.
    void stop(std::string_view why);

    const std::vector<ProbedSession>& sessions() const noexcept { return sessions_; }  // in the order in which they ended
    std::vector<ProbedSession>& sessions() noexcept { return sessions_; }
    /// "sessions", "time", "octets", or what stop() was told.
    const std::string& why() const noexcept { return why_; }

private:
    std::unique_ptr<net::Session> take(const net::Peer& peer);
    bool is_over();

    net::Loop& loop_;
    ProbeHouse house_;
    const ProbeLimits limits_;
    const std::function<void(const ProbedSession&)> told_;
    std::vector<ProbedSession> sessions_;
    std::size_t taken_ = 0;
    std::string why_;
    net::ServerLimits places_;
    net::Server server_;
    net::Timer timer_;
};

}  // namespace exota::programs
