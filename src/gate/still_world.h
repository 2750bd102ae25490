// For tests and fuzzers: a world in which nobody can be asked and time passes when the test says so.
#pragma once

#include "gate/world.h"

namespace exota::gate {

class StillWorld : public World {
public:
    bool resolve(const authn::DnsQuestion&, Answered) override { return false; }
    std::shared_ptr<void> call_after(std::chrono::milliseconds, std::function<void()> late) override {
        auto alarm = std::make_shared<std::function<void()>>(std::move(late));
        std::erase_if(alarms, [](const auto& weak) { return weak.expired(); });
        alarms.push_back(alarm);
        return alarm;
    }
    void call_soon(std::function<void()> then) override { soon.push_back(std::move(then)); }
    std::chrono::sys_seconds now() override { return time_of_day; }
    Instant instant() override { return clock; }

    /// Ends the turn of the loop: what was to be called soon is called, and what that asks for, too.
    void end_turn() {
        while (!soon.empty())
            for (const auto& then : std::exchange(soon, {})) then();
    }
    /// Every deadline that still matters passes.
    void time_is_up() {
        for (const auto& weak : std::exchange(alarms, {}))
            if (const auto alarm = weak.lock()) (*alarm)();
    }

    std::chrono::sys_seconds time_of_day{std::chrono::seconds(1'800'000'000)};
    Instant clock{std::chrono::hours(500)};
    std::vector<std::function<void()>> soon;
    std::vector<std::weak_ptr<std::function<void()>>> alarms;
};

}  // namespace exota::gate
