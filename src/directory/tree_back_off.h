// When a tree of a directory server whose reading failed is read again.
//
//   any trouble        0.1 s to 30 s, twice as long each time, until the server was there for a while
//   beyond a limit     30 s to 10 min, until one was read whole: all of it was fetched in vain, and nobody but an operator changes that
//
// Time and chance come from outside. Tested by tree_back_off_test.cc.
#pragma once

#include <chrono>

#include "base/result.h"
#include "net/back_off.h"

namespace exota::directory {

class TreeBackOff {
public:
    using Clock = net::BackOff::Clock;
    static constexpr std::chrono::milliseconds first{100}, longest{30'000};
    static constexpr std::chrono::milliseconds first_beyond_limit{30'000}, longest_beyond_limit{600'000};

    explicit TreeBackOff(const net::BackOff::Random& random)
        : trouble_(first, longest, random), beyond_limit_(first_beyond_limit, longest_beyond_limit, random) {}

    /// @param code  too_long: a limit of the reader's. @return  not before it is read again.
    Clock::time_point failed(base::Errc code, Clock::time_point now) {
        return now + (code == base::Errc::too_long ? beyond_limit_ : trouble_).failed(now);
    }
    void was_there_for_a_while() noexcept { trouble_.succeeded(); }
    void was_read_whole() noexcept { beyond_limit_.succeeded(); }

private:
    net::BackOff trouble_, beyond_limit_;
};

}  // namespace exota::directory
