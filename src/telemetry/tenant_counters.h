// Messages by tenant, if the operator wants them: for no more tenants than he says, however many he serves.
//
// Written on one loop, read from anywhere. The loop takes a lock only when it meets a tenant for the first time. Tested by
// tenant_counters_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "decision/decision.h"
#include "net/counter.h"

namespace exota::telemetry {

class TenantCounters {
public:
    static constexpr std::size_t verdict_count = 3;
    /// Messages of the tenants beyond the number.
    static constexpr std::string_view others = "(others)";

    /// Before the loop runs. @param most  tenants that are told apart, in the order in which they are met; 0: nothing is counted.
    void tell_apart(std::size_t most) noexcept { most_ = most; }

    /// @param tenant  its name; empty: the message has none, and is not counted here.
    void judged(std::string_view tenant, decision::Verdict verdict, decision::Verdict judged) {
        if (most_ > 0 && !tenant.empty()) count(tenant, verdict, judged);
    }

    /// @param f  (name, verdict, judged, number), for each that counted something; `others` is one of the names.
    void each(const std::function<void(std::string_view, decision::Verdict, decision::Verdict, std::uint64_t)>& f) const;

private:
    using Counts = std::array<std::array<net::Counter, verdict_count>, verdict_count>;  // [verdict][judged]

    void count(std::string_view tenant, decision::Verdict verdict, decision::Verdict judged);

    std::size_t most_ = 0;
    mutable std::mutex mutex_;  // of the map's shape; the loop alone changes that
    std::map<std::string, Counts, std::less<>> tenants_;
    Counts others_;
};

}  // namespace exota::telemetry
