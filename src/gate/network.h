// What a judge needs of the world: DNS answers, the time of day, and a way to be called back. The daemon gives it a resolver on the
// loop (app/loop_network.h); tests, `eval` and `explain` a zone of their own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "authn/dns.h"

namespace exota::gate {

class Network {
public:
    using Answered = std::function<void(authn::DnsAnswer)>;

    virtual ~Network() = default;
    /// Calls back on the loop, at most once and never before this returns. Silence is possible: whoever asks has a deadline.
    virtual void resolve(const authn::DnsQuestion& question, Answered answered) = 0;
    /// Calls `late` on the loop after `delay`, unless what is returned was destroyed before.
    virtual std::shared_ptr<void> call_after(std::chrono::milliseconds delay, std::function<void()> late) = 0;
    /// The time of day, for t= and x= of signatures.
    virtual std::chrono::sys_seconds now() = 0;
};

}  // namespace exota::gate
