// Limits that several nodes count together, on one loop: asked of the store, or, where that does not answer, dealt with as the operator
// says. What the store lets through is noted here as well, so that a node that is left alone goes on from what it knows.
//
// Belongs to its loop but for counters(). To be destroyed after the loop has stopped for good. Tested by loop_counts_test.cc and
// tests/system/test_limits_store.py.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/shared_limits.h"
#include "config/config.h"
#include "directory/limits_store.h"
#include "gate/world.h"
#include "net/loop.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {

/// What the log is told of the store, by all loops together: trouble at most once a minute, and its end once.
class StoreNews {
public:
    explicit StoreNews(std::string_view fallback) : fallback_(fallback) {}
    void failed(telemetry::Log& log, const std::string& why);
    void answered(telemetry::Log& log);

private:
    const std::string fallback_;
    std::mutex mutex_;
    std::optional<std::chrono::steady_clock::time_point> told_;
    std::uint64_t untold_ = 0;  // messages that it did not count, since it was told
    std::atomic<bool> away_{false};
};

/// What all loops share.
struct CountingOptions {
    directory::LimitsStoreSettings settings;
    directory::RedisServers servers;
    std::shared_ptr<SharedLimits> local;
    std::shared_ptr<StoreNews> news;
};
/// nullopt: this process counts alone. The configuration was checked: what cannot be read any more is an error.
/// @return  io, not_found, invalid_data: see directory::read_servers.
base::Result<std::optional<CountingOptions>> counting_options(const config::Config& config);

class LoopCounts {
public:
    /// @param log  outlives this object.
    LoopCounts(net::Loop& loop, const CountingOptions& options, telemetry::Log& log);
    LoopCounts(const LoopCounts&) = delete;
    LoopCounts& operator=(const LoopCounts&) = delete;

    /// Connects.
    void start() { store_.start(); }
    /// Where the store is not to be asked now: what is said without it. nullopt: count() asks it.
    std::optional<gate::CountAnswer> count_at_hand(const gate::Counted& message, gate::Instant now);
    /// @param passed  called once, on the loop, never from within; not after this object is gone.
    void count(const gate::Counted& message, gate::Instant now, gate::World::Passed passed);

    const telemetry::LimitsStoreCounters& counters() const noexcept { return counters_; }

private:
    gate::CountAnswer without_store(const directory::MessageToCount& message, gate::Instant now, const std::string& why);
    gate::CountAnswer of_store(const directory::MessageToCount& message, gate::Instant now, const directory::StoreCount& count);

    net::Loop& loop_;
    telemetry::Log& log_;
    const directory::LimitsStoreSettings::Fallback fallback_;
    const std::shared_ptr<SharedLimits> local_;
    const std::shared_ptr<StoreNews> news_;
    telemetry::LimitsStoreCounters counters_;
    directory::LimitsStore store_;
};

}  // namespace exota::app
