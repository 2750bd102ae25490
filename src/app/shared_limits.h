// Limits that all loops of this process count together, by the tenant's name. From any thread.
//
// Tested by loop_tenants_test.cc and limits_of_loops_test.cc.
#pragma once

#include <mutex>

#include "gate/limits.h"
#include "gate/world.h"

namespace exota::app {

class SharedLimits {
public:
    gate::CountAnswer count(std::string_view tenant, const std::vector<tenant::Limit>& limits, std::uint32_t recipients,
                            gate::Instant now) {
        const std::lock_guard lock(mutex_);
        return gate::CountAnswer(limits_.count(tenant, limits, recipients, now));
    }
    /// A message that somebody else let through.
    void note(std::string_view tenant, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, gate::Instant now) {
        const std::lock_guard lock(mutex_);
        limits_.note(tenant, limits, recipients, now);
    }

private:
    std::mutex mutex_;
    gate::NamedLimits limits_;
};

}  // namespace exota::app
