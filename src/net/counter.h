// A counter that one thread writes and any thread reads: no lock, no locked instruction.
//
// Every loop has its own counters; who wants the sum adds them up (telemetry/metrics.cc). Tested by server_test.cc and
// telemetry/metrics_test.cc.
#pragma once

#include <atomic>
#include <cstdint>

namespace exota::net {

class Counter {
public:
    /// Only from the thread that owns the counter.
    void add(std::uint64_t amount = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t amount = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
    }
    /// From any thread.
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace exota::net
