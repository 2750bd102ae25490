// What the front ends of both directions have in common: settings that a reload replaces for sessions to come (a generation), what each
// loop has of its own, and for each generation on each loop a house that its sessions share and keep.
//
// A part of gateway_front_end.cc and relay_front_end.cc; nobody else includes it. Tested by gateway_front_end_test.cc and
// relay_front_end_test.cc.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "app/gateway_section.h"
#include "app/spool.h"
#include "config/gateway.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {

/// @tparam Parts  a direction's: `Generation`, made of a GatewayConfig, with that as `config`; `OfLoop`, made of LoopParts, with `judge`,
///                `counters` and a shared `house` whose `generation()` tells to which it belongs.
template <class Parts>
class SectionFront : public GatewaySection {
public:
    using Generation = typename Parts::Generation;
    using OfLoop = typename Parts::OfLoop;

    FrontEndOptions options(telemetry::Log& log, telemetry::Metrics& metrics) final {
        log_ = &log;
        metrics.gateways().add_gateway(name_, &spool_->held());
        FrontEndOptions options;
        options.gateway = name_;
        options.on_loop = [this, &metrics](const LoopParts& parts) {
            OfLoop& loop = *loops_.emplace_back(make_loop(parts));
            metrics.gateways().add_counters(name_, loop.counters);
        };
        options.make_session = [this](gate::Judge& judge, const net::Peer& peer, std::function<void()> wake) {
            return make_session(judge, peer, std::move(wake));
        };
        options.max_sessions = max_sessions_;
        options.max_sessions_per_client = max_sessions_per_client_;
        options.refusal = [this](const net::Peer&) {
            return "421 4.7.0 " + current()->config.session.hostname + " Too many sessions from your address\r\n";
        };
        return options;
    }

    void use(const config::GatewayConfig& config) final {
        if (config.direction != direction_) return;  // waits for a restart
        config::GatewayConfig kept = config;
        keep_start_values(kept);
        get_ready(kept);
        auto next = std::make_shared<Generation>(std::move(kept));
        const std::lock_guard lock(current_mutex_);
        current_ = std::move(next);
    }

    const std::string& name() const noexcept final { return name_; }

protected:
    SectionFront(const config::GatewayConfig& config, std::unique_ptr<SpoolRoom> spool)
        : name_(config.session.name),
          direction_(config.direction),
          max_sessions_(config.session.max_sessions),
          max_sessions_per_client_(config.session.max_sessions_per_client),
          spool_(std::move(spool)),
          current_(std::make_shared<Generation>(config)) {}

    /// @return  io, as an error of the setting.
    static base::Result<std::unique_ptr<SpoolRoom>> open_spool(const config::GatewayConfig& config) {
        auto spool = SpoolRoom::open({config.session.hold_memory, config.session.spool_directory, config.session.spool_octets});
        if (!spool) return base::fail(spool.error().code, "spool_directory: " + spool.error().detail);
        return spool;
    }

    /// What the sessions would go by, and only a start may change.
    virtual void keep_start_values(config::GatewayConfig&) const {}
    /// Before sessions go by a reload's settings: what of the system they need that was not needed so far.
    virtual void get_ready(const config::GatewayConfig&) {}
    virtual std::unique_ptr<OfLoop> make_loop(const LoopParts& parts) = 0;
    virtual void make_house(OfLoop& loop, std::shared_ptr<Generation> generation) = 0;
    virtual std::unique_ptr<net::Session> make_session_in(OfLoop& loop, const net::Peer& peer, std::function<void()> wake) = 0;

    std::shared_ptr<Generation> current() const {
        const std::lock_guard lock(current_mutex_);
        return current_;
    }
    SpoolRoom& spool() noexcept { return *spool_; }
    telemetry::Log& log() noexcept { return *log_; }

private:
    std::unique_ptr<net::Session> make_session(gate::Judge& judge, const net::Peer& peer, std::function<void()> wake) {
        const auto found = std::ranges::find_if(loops_, [&](const auto& loop) { return &loop->judge == &judge; });
        if (found == loops_.end()) return nullptr;
        OfLoop& loop = **found;
        std::shared_ptr<Generation> now = current();
        if (!loop.house || &loop.house->generation() != now.get()) make_house(loop, std::move(now));
        return make_session_in(loop, peer, std::move(wake));
    }

    const std::string name_;
    const config::Direction direction_;
    const std::size_t max_sessions_, max_sessions_per_client_;
    const std::unique_ptr<SpoolRoom> spool_;
    mutable std::mutex current_mutex_;
    std::shared_ptr<Generation> current_;
    std::vector<std::unique_ptr<OfLoop>> loops_;  // complete before the first of them runs
    telemetry::Log* log_ = nullptr;
};

}  // namespace exota::app
