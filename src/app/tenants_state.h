// How the source of tenants stands, where it is a server: loaded, stale or failed, in the log, the metrics, /readyz, and for who judges.
//
// A source may run on several loops, each with a connection of its own: the worst of them counts. Looks once a second, for what is stale
// fails by the passing of time alone. A source that brings the tenants themselves is loaded only once those that it brought are judged by:
// else a tenant that is new since it was away would be unknown for good for a moment. Lives on the control loop. Tested by
// tenants_state_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "directory/source_status.h"
#include "gate/judge.h"
#include "net/loop.h"

namespace exota::telemetry {
class Log;
class Metrics;
}  // namespace exota::telemetry

namespace exota::app {

class TenantsState {
public:
    /// @param log, metrics  outlive this object.
    /// @param again  while it is stale or failed, another reason is told after so long.
    TenantsState(net::Loop& control, telemetry::Log& log, telemetry::Metrics& metrics,
                 std::chrono::milliseconds again = std::chrono::minutes(1));

    /// Before watch(): one whose state counts. None: the tenants come from a file, and are what was loaded.
    void add(std::shared_ptr<const directory::SourceStatus> status) { statuses_.push_back(std::move(status)); }
    /// The same, of one that brings the tenants. @param has_news  it brought some that nobody judges by yet; said before it is loaded.
    void add(std::shared_ptr<const directory::SourceStatus> status, std::function<bool()> has_news);
    /// Looks now, and from now on.
    /// @param second  how long one is; tests have shorter ones.
    void watch(std::chrono::milliseconds second);
    void look();

    /// There is something to judge by.
    bool serves() const noexcept { return statuses_.empty() || is_ != directory::SourceState::Is::failed; }
    /// For Snapshot::tenants_are.
    std::shared_ptr<const std::atomic<gate::TenantsAre>> tenants_are() const noexcept { return tenants_are_; }
    /// For a snapshot of the tenants that were brought now; of those before nothing is known any more than was. Looks.
    std::shared_ptr<const std::atomic<gate::TenantsAre>> tenants_are_anew();

private:
    net::Timer timer_;
    telemetry::Log& log_;
    telemetry::Metrics& metrics_;
    std::vector<std::shared_ptr<const directory::SourceStatus>> statuses_;
    std::function<bool()> has_news_;
    directory::SourceState::Is is_ = directory::SourceState::Is::failed;
    const std::chrono::milliseconds again_;
    std::optional<directory::SourceState::Is> told_;  // by the log
    std::string told_why_;                            // the same
    directory::Clock::time_point told_at_{};
    std::shared_ptr<std::atomic<gate::TenantsAre>> tenants_are_ = std::make_shared<std::atomic<gate::TenantsAre>>();
};

}  // namespace exota::app
