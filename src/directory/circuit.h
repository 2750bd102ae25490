// Whether somebody who failed is asked again: not at once by everybody, but after a while by one, whose answer decides for all.
//
//   closed ──failed──▶ open ──after `rest`, one asks──▶ half open ──succeeded──▶ closed
//                        ▲                                  │
//                        └──────────────failed──────────────┘
//
// Time comes from outside. Tested by circuit_test.cc.
#pragma once

#include <chrono>
#include <cstdint>

namespace exota::directory {

class Circuit {
public:
    using Clock = std::chrono::steady_clock;

    explicit Circuit(std::chrono::milliseconds rest) : rest_(rest) {}

    /// take() would say yes.
    bool lets_through(Clock::time_point now) const noexcept { return is_ == Is::closed || (is_ == Is::open && now >= until_); }
    /// Asks for leave to ask; who gets it says how that ended, by one of the two below.
    /// @return  Pass::trial: he alone asks, and what comes of it decides.
    enum class Pass : std::uint8_t { none, usual, trial };
    Pass take(Clock::time_point now) noexcept {
        if (is_ == Is::closed) return Pass::usual;
        if (!lets_through(now)) return Pass::none;
        is_ = Is::half_open;
        return Pass::trial;
    }
    /// What others that were let through before it opened say late changes nothing.
    void succeeded(Pass pass) noexcept {
        if (pass == Pass::trial) is_ = Is::closed;
    }
    void failed(Pass pass, Clock::time_point now) noexcept {
        if (pass != Pass::trial && is_ != Is::closed) return;
        is_ = Is::open;
        until_ = now + rest_;
    }
    bool is_closed() const noexcept { return is_ == Is::closed; }

private:
    enum class Is : std::uint8_t { closed, open, half_open } is_ = Is::closed;
    std::chrono::milliseconds rest_;
    Clock::time_point until_{};
};

}  // namespace exota::directory
