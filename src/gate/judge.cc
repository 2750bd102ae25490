#include "gate/judge.h"

#include <utility>

#include "gate/pipeline.h"

namespace exota::gate {

TenantsAre tenants_of(const Snapshot& snapshot) noexcept {
    return snapshot.tenants_are ? snapshot.tenants_are->load(std::memory_order_relaxed) : TenantsAre::current;
}

bool wants_body(const Snapshot& snapshot, Door door) noexcept {
    return door == Door::inbound || snapshot.rules.dkim_source != decision::DkimSource::authentication_results;
}

Judge::Judge(Observer& observer, World& world, LookupLimits limits)
    : observer_(&observer), world_(&world), pipeline_(std::make_unique<Pipeline>(observer, world, limits)) {}
Judge::~Judge() = default;

std::size_t Judge::waiting() const noexcept { return pipeline_->waiting(); }

void Judge::judge(std::shared_ptr<Submission> submission, Done done) { pipeline_->begin(std::move(submission), std::move(done)); }

}  // namespace exota::gate
