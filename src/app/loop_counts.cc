#include "app/loop_counts.h"

#include <utility>

namespace exota::app {

using directory::MessageToCount;
using gate::PassedLimit;
using telemetry::LogField;
using telemetry::LogLevel;
using Fallback = directory::LimitsStoreSettings::Fallback;

namespace {

constexpr std::chrono::minutes log_interval{1};

std::string_view name_of(Fallback fallback) noexcept {
    switch (fallback) {
        case Fallback::local:
            return "local";
        case Fallback::accept:
            return "accept";
        case Fallback::tempfail:
            break;
    }
    return "tempfail";
}

MessageToCount copy_of(const gate::Counted& message) {
    return {.tenant_name = std::string(message.tenant_name), .limits = message.limits, .recipients = message.recipients};
}

}  // namespace

void StoreNews::failed(telemetry::Log& log, const std::string& why) {
    const std::lock_guard lock(mutex_);
    ++untold_;
    if (why.empty()) return;  // the first connection is being made: nothing is wrong yet
    const auto now = std::chrono::steady_clock::now();
    if (told_ && now < *told_ + log_interval) return;
    told_ = now;
    away_ = true;
    log.service(LogLevel::warning, "limits-store-away", "limits are not counted together with the other nodes",
                {LogField::of("error", why), LogField::of("fallback", fallback_),
                 LogField::of_number("messages", static_cast<std::int64_t>(std::exchange(untold_, 0)))});
}

void StoreNews::answered(telemetry::Log& log) {
    if (!away_.load(std::memory_order_relaxed) || !away_.exchange(false)) return;
    const std::lock_guard lock(mutex_);
    log.service(LogLevel::info, "limits-store-back", "limits are counted together with the other nodes again",
                {LogField::of_number("messages", static_cast<std::int64_t>(std::exchange(untold_, 0)))});
}

base::Result<std::optional<CountingOptions>> counting_options(const config::Config& config) {
    if (!config.limits_store) return std::nullopt;
    auto servers = directory::read_servers(*config.limits_store);
    if (!servers) return std::unexpected(servers.error());
    return CountingOptions{.settings = *config.limits_store,
                           .servers = *std::move(servers),
                           .local = std::make_shared<SharedLimits>(),
                           .news = std::make_shared<StoreNews>(name_of(config.limits_store->fallback))};
}

LoopCounts::LoopCounts(net::Loop& loop, const CountingOptions& options, telemetry::Log& log)
    : loop_(loop),
      log_(log),
      fallback_(options.settings.fallback),
      local_(options.local),
      news_(options.news),
      store_(loop, options.settings, options.servers) {}

std::optional<gate::CountAnswer> LoopCounts::count_at_hand(const gate::Counted& message, gate::Instant now) {
    if (store_.lets_through(message.tenant_name)) return std::nullopt;
    return without_store(copy_of(message), now, store_.why_not(message.tenant_name));
}

void LoopCounts::count(const gate::Counted& message, gate::Instant now, gate::World::Passed passed) {
    MessageToCount copy = copy_of(message);
    store_.count(copy, [this, copy, now, passed = std::move(passed)](const base::Result<directory::StoreCount>& count) {
        if (!count) counters_.failed.add();
        const gate::CountAnswer answer = count ? of_store(copy, now, *count) : without_store(copy, now, count.error().detail);
        loop_.post([passed, answer] { passed(answer); });
    });
}

gate::CountAnswer LoopCounts::of_store(const MessageToCount& message, gate::Instant now, const directory::StoreCount& count) {
    counters_.away.subtract(counters_.away.value());
    news_->answered(log_);
    if (count.exceeded) {
        counters_.exceeded.add();
        return PassedLimit(gate::Exceeded{message.limits[*count.exceeded], count.again});
    }
    counters_.within.add();
    local_->note(message.tenant_name, message.limits, message.recipients, now);
    gate::CountAnswer answer{PassedLimit(PassedLimit::none)};
    if (count.near) answer.near = message.limits[*count.near];
    return answer;
}

gate::CountAnswer LoopCounts::without_store(const MessageToCount& message, gate::Instant now, const std::string& why) {
    if (counters_.away.value() == 0) counters_.away.add();
    news_->failed(log_, why);
    switch (fallback_) {
        case Fallback::local:
            counters_.fell_back_local.add();
            return local_->count(message.tenant_name, message.limits, message.recipients, now);
        case Fallback::accept:
            counters_.fell_back_accept.add();
            return PassedLimit(PassedLimit::none);
        case Fallback::tempfail:
            break;
    }
    counters_.fell_back_tempfail.add();
    return PassedLimit(PassedLimit::unknown);
}

}  // namespace exota::app
