// A section [gateway.NAME] as a front end of the workers: a gate::GatewaySession over the two legs of each connection, with TLS, the spool,
// counters and log around it.
//
// Tested by gateway_front_end_test.cc and tests/system/test_gateway.py and its neighbours.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "app/spool.h"
#include "app/workers.h"
#include "config/gateway.h"

namespace exota::app {

/// Outlives the workers that it is added to.
class GatewayFront {
public:
    /// @return  io: no file can be made in spool_directory.
    static base::Result<std::unique_ptr<GatewayFront>> open(const config::GatewayConfig& config);
    ~GatewayFront();
    GatewayFront(const GatewayFront&) = delete;
    GatewayFront& operator=(const GatewayFront&) = delete;

    /// What Workers::add is given; once. Log and metrics outlive the workers, too.
    FrontEndOptions options(telemetry::Log& log, telemetry::Metrics& metrics);
    /// Sessions that begin from now on go by `config`, but for what is read at start. From any thread.
    void use(const config::GatewayConfig& config);

    const std::string& name() const noexcept { return name_; }
    /// False: no backend is of use, as each was seen not to take XCLIENT from us. From any thread.
    bool ready() const;

private:
    struct Generation;
    struct OfLoop;
    class House;
    class Session;

    GatewayFront(const config::GatewayConfig& config, std::unique_ptr<SpoolRoom> spool);
    std::shared_ptr<Generation> current() const;
    std::unique_ptr<net::Session> make_session(gate::Judge& judge, const net::Peer& peer, std::function<void()> wake);
    std::string refusal() const;

    const std::string name_;
    const std::size_t max_sessions_, max_sessions_per_client_;
    const std::unique_ptr<SpoolRoom> spool_;
    mutable std::mutex current_mutex_;
    std::shared_ptr<Generation> current_;
    std::vector<std::unique_ptr<OfLoop>> loops_;  // complete before the first of them runs
    telemetry::Log* log_ = nullptr;
};

/// One for each section.
/// @param complain  hears of every one that cannot work, a line each.
/// @return          nullopt: there was one.
std::optional<std::vector<std::unique_ptr<GatewayFront>>> open_gateways(const std::vector<config::GatewayConfig>& sections,
                                                                        const std::function<void(std::string_view)>& complain);

}  // namespace exota::app
