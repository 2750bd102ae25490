#include "gate/judge.h"

#include <utility>

#include "gate/verifications.h"

namespace exota::gate {
namespace {

/// The verdict may hang on what the body says: some signature or seal is still to be looked at.
bool needs_body(const Submission& submission) {
    const Snapshot& snapshot = *submission.snapshot;
    const decision::Wanted wanted = decision::wanted(submission.evidence, snapshot.tenants.get(), snapshot.rules);
    return wanted.dkim || wanted.arc;
}

}  // namespace

bool wants_body(const Snapshot& snapshot) noexcept { return snapshot.rules.dkim_source != decision::DkimSource::authentication_results; }

Judge::Judge(Observer& observer, Now now) : observer_(&observer), now_(now), verifications_(std::make_unique<Verifications>(*this)) {}
Judge::~Judge() = default;

void Judge::use(Network& network, LookupLimits limits) { verifications_->use(network, limits); }
std::size_t Judge::waiting() const noexcept { return verifications_->waiting(); }

void Judge::judge(std::shared_ptr<Submission> submission, Done done) {
    Submission& given = *submission;
    const Snapshot& snapshot = *given.snapshot;
    const Instant began = now_();
    if (given.stage == Stage::mail) {
        auto refused = decision::refuse_at_mail(given.evidence, snapshot.tenants.get(), snapshot.rules);
        return refused ? tell(*std::move(refused), given, began, done) : done(std::nullopt);
    }
    if (given.stage == Stage::header && given.hashing && needs_body(given)) return done(std::nullopt);
    // Without a verifier of signatures SPF is all that may be looked up, where a proof asks for it.
    const bool looks_up = given.hashing || (snapshot.tenants && snapshot.tenants->factors().contains(tenant::Factor::spf));
    if (!looks_up) return conclude(given, began, done);
    verifications_->begin(std::move(submission), began, std::move(done));
}

/// The evidence is complete: decision, limits, then whoever counts and logs, then the session.
void Judge::conclude(Submission& submission, Instant began, Done& done) {
    const evidence::Evidence& evidence = submission.evidence;
    const Snapshot& snapshot = *submission.snapshot;
    decision::Decision decision = decision::decide(evidence, snapshot.tenants.get(), snapshot.rules);
    // Limits are counted at an authorising verdict only.
    if (decision.judged == decision::Verdict::accept && decision.reason == decision::Reason::authorised && decision.tenant &&
        decision.policy != nullptr && snapshot.tenant_limits) {
        const auto passed =
            snapshot.tenant_limits->count(*decision.tenant, decision.policy->limits, evidence.envelope.recipient_count, now_());
        if (passed) decision::apply_limit(decision, *passed, evidence, snapshot.rules);
    }
    if (submission.front.hold_queue == HoldQueue::none) decision::refuse_without_hold_queue(decision, evidence, snapshot.rules);
    tell(std::move(decision), submission, began, done);
}

void Judge::tell(decision::Decision&& decision, const Submission& submission, Instant began, Done& done) {
    observer_->judged(Judged{decision, submission.evidence, *submission.snapshot, now_() - began, submission.front, submission.stage});
    done(std::move(decision));
}

}  // namespace exota::gate
