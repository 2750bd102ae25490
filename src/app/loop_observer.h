// What one loop sees, written down: each judged message to log and metrics, trouble to the log, no more often than an operator can read.
//
// Tested by daemon_test.cc and loop_observer_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gate/judge.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {

/// At most once a minute.
class Pace {
public:
    bool due() noexcept;

private:
    std::optional<std::chrono::steady_clock::time_point> last_;
};

/// The same for several loops together.
class SharedPace {
public:
    bool due() {
        const std::lock_guard lock(mutex_);
        return pace_.due();
    }

private:
    std::mutex mutex_;
    Pace pace_;
};

/// The same for each text: one that comes all the time hides no other. At most so many texts a minute as somebody can read.
class PaceOfEach {
public:
    static constexpr std::size_t most_texts = 20;
    using Time = std::chrono::steady_clock::time_point;

    bool due(const std::string& text, Time now);

private:
    std::map<std::string, Time> said_;  // in the last minute
};

/// On its loop, but for metrics().
class LoopObserver final : public gate::Observer {
public:
    /// Both outlive this object.
    LoopObserver(telemetry::Log& log, telemetry::MessageLog& messages) : log_(log), messages_(messages) {}

    void judged(const gate::Judged& message) override;
    void protocol_error(std::string_view what) override;
    void near_limit(std::string_view tenant, const tenant::Limit& limit) override;
    /// Accepting is in trouble, as net::ServerOptions::on_trouble hears of it.
    void trouble_accepting(const base::Error& error);

    void sighted(tenant::Sighting&& sighting) override;

    /// An entry of the directory of tenants cannot be used: told once a minute. @param problem  which, and why.
    void unusable_tenant(const std::string& problem);

    /// Before the loop runs: messages of that section are counted there, too. Both outlive this object.
    void add_gateway(std::string_view name, telemetry::GatewayCounters& counters) { gateways_.push_back({name, &counters}); }

    /// Before the loop runs: who takes sightings. Called on the loop.
    void hand_sightings_to(std::function<void(tenant::Sighting&&)> take) { take_sighting_ = std::move(take); }

    /// Before the loop runs: as telemetry::TenantCounters::tell_apart().
    void tell_tenants_apart(std::size_t most) noexcept { metrics_.tell_tenants_apart(most); }

    telemetry::MessageLog& messages() noexcept { return messages_; }
    const telemetry::LoopMetrics& metrics() const noexcept { return metrics_; }

private:
    telemetry::Log& log_;
    telemetry::MessageLog& messages_;
    telemetry::LoopMetrics metrics_;
    struct Gateway {
        std::string_view name;
        telemetry::GatewayCounters* counters;
    };
    std::vector<Gateway> gateways_;
    std::function<void(tenant::Sighting&&)> take_sighting_;
    Pace certificate_pace_, protocol_pace_, full_pace_;
    PaceOfEach tenant_pace_;
};

}  // namespace exota::app
