// How a source that is a server stands: it hears from its server or it does not, and what it serves gets older meanwhile.
//
//   failed ──confirmed──▶ loaded ──trouble──▶ stale ──max_stale──▶ failed
//     │                      ▲                  │
//     └─────had(age)─────────┼──────────────────┘ confirmed
//
// Written by the source on its thread, read on any (log, metrics, /readyz). Tested by source_status_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "directory/source.h"

namespace exota::directory {

class SourceStatus {
public:
    using Now = std::function<Clock::time_point()>;

    /// @param max_stale  for so long after it was last confirmed what there is may be served.
    explicit SourceStatus(std::chrono::seconds max_stale, Now now = &Clock::now) : max_stale_(max_stale), now_(std::move(now)) {}
    SourceStatus(const SourceStatus&) = delete;
    SourceStatus& operator=(const SourceStatus&) = delete;

    /// The server answered: what is served is what there is.
    void confirmed();
    /// Something that was kept is served (a snapshot file), though the server was not heard yet. Counts for nothing once it was.
    /// @param age  since the server confirmed it.
    void had(Clock::duration age);
    /// The server cannot be reached, or what it says cannot be used. @param why  for the log; never a secret.
    void trouble(std::string why);

    /// As of now: what is stale for longer than max_stale is failed.
    SourceState state() const;
    /// The last trouble; empty while it is loaded, and before anything happened.
    std::string why() const;

private:
    const std::chrono::seconds max_stale_;
    const Now now_;
    mutable std::mutex mutex_;  // of all below
    std::optional<Clock::time_point> confirmed_;
    bool in_trouble_ = true;  // until it was heard first
    std::string why_;
};

/// "loaded", "stale", "failed": the words of log, metrics and /readyz.
std::string_view name_of(SourceState::Is is) noexcept;
/// The worse of two, and of two that are stale the older: of one source that runs on several loops.
SourceState worse(const SourceState& a, const SourceState& b) noexcept;

}  // namespace exota::directory
