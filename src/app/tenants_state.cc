#include "app/tenants_state.h"

#include <string>
#include <utility>

#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace exota::app {
namespace {

using directory::SourceState;
using telemetry::LogField;
using telemetry::LogLevel;
using Is = SourceState::Is;

std::int64_t age_of(const SourceState& state) {
    return state.confirmed ? std::chrono::duration_cast<std::chrono::seconds>(directory::Clock::now() - *state.confirmed).count() : 0;
}

void log_change(telemetry::Log& log, const SourceState& now, const std::string& why) {
    switch (now.is) {
        case Is::loaded:
            return log.service(LogLevel::info, "tenants-loaded", "the source of the tenants answers", {});
        case Is::stale:
            return log.service(LogLevel::warning, "tenants-stale",
                               "the source of the tenants cannot be asked: what is known of it is served, new tenants are unavailable",
                               {LogField::of_number("age", age_of(now)), LogField::of("error", why)});
        case Is::failed:
            return log.service(LogLevel::error, "tenants-failed",
                               now.confirmed
                                   ? "the source of the tenants cannot be asked for longer than max_stale: messages are deferred"
                                   : "the source of the tenants cannot be asked, and nothing is known of it: messages are deferred",
                               {LogField::of("error", why)});
    }
}

}  // namespace

TenantsState::TenantsState(net::Loop& control, telemetry::Log& log, telemetry::Metrics& metrics, std::chrono::milliseconds again)
    : timer_(control), log_(log), metrics_(metrics), again_(again) {}

void TenantsState::add(std::shared_ptr<const directory::SourceStatus> status, std::function<bool()> has_news) {
    add(std::move(status));
    has_news_ = std::move(has_news);
}

std::shared_ptr<const std::atomic<gate::TenantsAre>> TenantsState::tenants_are_anew() {
    tenants_are_ = std::make_shared<std::atomic<gate::TenantsAre>>(tenants_are_->load());
    look();
    return tenants_are_;
}

void TenantsState::watch(std::chrono::milliseconds second) {
    if (statuses_.empty()) return;
    look();
    timer_.start(second, [this, second] { watch(second); });
}

void TenantsState::look() {
    if (statuses_.empty()) return;
    SourceState now = statuses_.front()->state();
    std::string why = statuses_.front()->why();
    for (const auto& status : statuses_) {
        now = directory::worse(now, status->state());
        if (why.empty()) why = status->why();
    }
    if (now.is == Is::loaded && has_news_ && has_news_()) return;
    metrics_.set_tenants_source({directory::name_of(now.is), static_cast<double>(now.is == Is::loaded ? 0 : age_of(now))});
    tenants_are_->store(now.is == Is::loaded  ? gate::TenantsAre::current
                        : now.is == Is::stale ? gate::TenantsAre::stale
                                              : gate::TenantsAre::outdated,
                        std::memory_order_relaxed);
    is_ = now.is;
    // Before the server was heard or given up, there is nothing to tell of.
    if (!told_ && is_ == Is::failed && why.empty()) return;
    const auto moment = directory::Clock::now();
    if (told_ == is_ && (why.empty() || why == told_why_ || is_ == Is::loaded || moment - told_at_ < again_)) return;
    told_ = is_;
    told_why_ = why;
    told_at_ = moment;
    log_change(log_, now, why);
}

}  // namespace exota::app
