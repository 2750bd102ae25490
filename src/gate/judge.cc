#include "gate/judge.h"

namespace exota::gate {

bool wants_body(const Snapshot& snapshot) noexcept { return snapshot.rules.dkim_source != decision::DkimSource::authentication_results; }

void Judge::judge(evidence::Evidence evidence, std::shared_ptr<const Snapshot> snapshot, Done done) {
    const Instant began = now_();
    // 1. What we see ourselves decides which look-ups in the network could still change the outcome: they would be awaited here.
    // 2. The decision.
    decision::Decision decision = decision::decide(evidence, snapshot->tenants.get(), snapshot->rules);
    // 3. Limits, at an authorising verdict only.
    if (decision.judged == decision::Verdict::accept && decision.reason == decision::Reason::authorised && decision.tenant &&
        decision.policy != nullptr && snapshot->tenant_limits) {
        const auto passed =
            snapshot->tenant_limits->count(*decision.tenant, decision.policy->limits, evidence.envelope.recipient_count, began);
        if (passed) decision::apply_limit(decision, *passed, evidence, snapshot->rules);
    }
    observer_->judged(Judged{decision, evidence, *snapshot, now_() - began});
    done(std::move(decision));
}

}  // namespace exota::gate
