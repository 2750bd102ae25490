// The one place where evidence, tenants, limits and decision meet: what both front ends call at the end of a message.
//
// A Judge belongs to one loop. Configuration and tenants are an immutable Snapshot that a reload swaps whole; a message is judged by the
// snapshot that it began with. Waiting (DNS) happens on the loop: judge() may call `done` before it returns, or later from the loop.
//
// Tested by judge_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "decision/decide.h"
#include "evidence/collector.h"
#include "tenant/index.h"

namespace exota::gate {

struct Snapshot {
    decision::Rules rules;
    evidence::MessageLimits limits;
    std::shared_ptr<const tenant::Index> tenants;  // nullptr: the directory cannot be asked
    std::uint64_t generation = 0;
};

/// One judged message, for log and metrics. Views are valid during the call only.
struct Judged {
    const decision::Decision& decision;
    const evidence::Evidence& evidence;
    const Snapshot& snapshot;
    std::chrono::nanoseconds judging{};   // from end of message to the verdict
};

/// What happened, for whoever counts and logs (app/). Called on the loop; must not block.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void judged(const Judged& message) = 0;
    virtual void protocol_error(std::string_view what) = 0;
};

}  // namespace exota::gate
