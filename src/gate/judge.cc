#include "gate/judge.h"

#include <utility>

#include "gate/verifications.h"

namespace exota::gate {

bool wants_body(const Snapshot& snapshot) noexcept { return snapshot.rules.dkim_source != decision::DkimSource::authentication_results; }

Judge::Judge(Observer& observer, Now now) : observer_(&observer), now_(now), verifications_(std::make_unique<Verifications>(*this)) {}
Judge::~Judge() = default;

void Judge::use(Network& network, LookupLimits limits) { verifications_->use(network, limits); }
std::size_t Judge::waiting() const noexcept { return verifications_->waiting(); }

void Judge::judge(evidence::Evidence evidence, std::shared_ptr<const Snapshot> snapshot, std::unique_ptr<MessageHashing> message,
                  HoldQueue hold_queue, Done done) {
    // Without a verifier of signatures SPF is all that may be looked up, where a proof asks for it.
    const bool looks_up = message || (snapshot->tenants && snapshot->tenants->factors().contains(tenant::Factor::spf));
    if (!looks_up) return conclude(evidence, *snapshot, now_(), hold_queue, done);
    verifications_->begin(std::move(evidence), std::move(snapshot), std::move(message), now_(), hold_queue, std::move(done));
}

/// The evidence is complete: decision, limits, then whoever counts and logs, then the session.
void Judge::conclude(const evidence::Evidence& evidence, const Snapshot& snapshot, Instant began, HoldQueue hold_queue, Done& done) {
    decision::Decision decision = decision::decide(evidence, snapshot.tenants.get(), snapshot.rules);
    // Limits are counted at an authorising verdict only.
    if (decision.judged == decision::Verdict::accept && decision.reason == decision::Reason::authorised && decision.tenant &&
        decision.policy != nullptr && snapshot.tenant_limits) {
        const auto passed =
            snapshot.tenant_limits->count(*decision.tenant, decision.policy->limits, evidence.envelope.recipient_count, now_());
        if (passed) decision::apply_limit(decision, *passed, evidence, snapshot.rules);
    }
    if (hold_queue == HoldQueue::none) decision::refuse_without_hold_queue(decision, evidence, snapshot.rules);
    observer_->judged(Judged{decision, evidence, snapshot, now_() - began});
    done(std::move(decision));
}

}  // namespace exota::gate
