// What a Server counts. Tested by server_test.cc and telemetry/metrics_test.cc.
#pragma once

#include <array>
#include <cstdint>

#include "net/counter.h"
#include "net/session.h"

namespace exota::net {

struct ServerCounters {
    Counter opened;
    std::array<Counter, ending_count> ended;  // by Ending
    Counter paused;                           // times that accepting stopped at the limit on sessions
    Counter refused;                          // connections above the limit of their client address
    Counter accept_errors;                    // EMFILE and its like
    Counter quick_acknowledgements;
    /// Open now.
    std::uint64_t open() const noexcept {
        std::uint64_t closed = 0;
        for (const Counter& c : ended) closed += c.value();
        const std::uint64_t all = opened.value();
        return all > closed ? all - closed : 0;  // read one after the other, from another thread
    }
};

}  // namespace exota::net
