// How long to wait before the next attempt: twice as long after each failure up to a limit, and never at the same time as everybody else.
//
// Time and chance come from outside. Tested by back_off_test.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace exota::net {

class BackOff {
public:
    using Clock = std::chrono::steady_clock;
    /// Any 32 bits, evenly spread.
    using Random = std::function<std::uint32_t()>;

    /// @param first  the longest wait after one failure; @param longest  after many. Both positive, `first` not above `longest`.
    BackOff(std::chrono::milliseconds first, std::chrono::milliseconds longest, Random random)
        : first_(first), longest_(longest), random_(std::move(random)) {}

    /// An attempt failed. @return  how long to wait: between half of the present limit and all of it.
    std::chrono::milliseconds failed(Clock::time_point now) {
        limit_ = limit_.count() == 0 ? first_ : std::min(limit_ * 2, longest_);
        const auto half = limit_.count() / 2;
        const std::chrono::milliseconds wait(half +
                                             static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit_.count() - half + 1)));
        due_ = now + wait;
        return wait;
    }
    /// One came through: the next failure is a first one again.
    void succeeded() noexcept {
        limit_ = {};
        due_ = {};
    }
    /// Nothing forbids an attempt now.
    bool may_try(Clock::time_point now) const noexcept { return now >= due_; }
    Clock::time_point due() const noexcept { return due_; }

private:
    std::chrono::milliseconds first_, longest_, limit_{0};
    Random random_;
    Clock::time_point due_{};
};

}  // namespace exota::net
