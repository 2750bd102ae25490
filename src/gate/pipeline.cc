#include "gate/pipeline.h"

#include <algorithm>

#include "decision/judge_inbound.h"
#include "decision/keys.h"
#include "decision/recipient_step.h"
#include "decision/sighting.h"
#include "gate/door_lists.h"
#include "gate/doorkeeper.h"

namespace exota::gate {
namespace {

/// What decide() is handed. nullptr: the directory cannot be asked.
const tenant::Index* index_of(const Submission& submission) noexcept {
    static const tenant::Index nobody;
    if (!submission.tenants || submission.tenants->is(Tenants::unknown)) return nullptr;
    return submission.tenants->is(Tenants::yes) ? (*submission.tenants)->get() : &nobody;
}

bool is_inbound(const Submission& submission) noexcept {
    return submission.front.door == Door::inbound && submission.snapshot->rules.inbound.has_value();
}

/// What is known of each recipient of the envelope, where nobody has to be asked.
/// @return  whom a server is to be asked for; until then they are unavailable.
std::vector<std::size_t> look_up_recipients(Submission& submission) {
    const tenant::Index* const tenants = index_of(submission);
    std::vector<decision::RecipientIs>& are = submission.inbound.recipients;
    are.clear();
    std::vector<std::size_t> unasked;
    if (tenants == nullptr) return unasked;
    for (const std::string& recipient : submission.evidence.envelope.recipients) {
        const auto is = recipient_at_hand(recipient, *tenants, submission.snapshot->door.get());
        if (!is) unasked.push_back(are.size());
        are.push_back(is.value_or(decision::RecipientIs::unavailable));
    }
    // Where it is refused for them only if each of them is, nothing has to be known of the others.
    const bool each_must_be = !decision::one_recipient_suffices(submission.snapshot->rules);
    if (each_must_be && !unasked.empty() &&
        std::ranges::any_of(are, [](decision::RecipientIs is) { return is == decision::RecipientIs::known; }))
        unasked.clear();
    return unasked;
}

/// The verdict may hang on what the body says: some signature or seal is still to be looked at.
bool needs_body(const Submission& submission) {
    if (!submission.hashing) return false;
    const decision::Rules& rules = submission.snapshot->rules;
    const decision::Wanted wanted = is_inbound(submission)
                                        ? decision::wanted_inbound(submission.evidence, index_of(submission), rules, submission.inbound)
                                        : decision::wanted(submission.evidence, index_of(submission), rules);
    return wanted.dkim || wanted.arc;
}

tenant::Keys keys_of(const Submission& submission) {
    const decision::Rules& rules = submission.snapshot->rules;
    return is_inbound(submission) ? decision::keys_of_inbound(submission.evidence, rules) : decision::keys_of(submission.evidence, rules);
}

/// Limits are counted at an authorising verdict only.
bool is_counted(const decision::Decision& decision) noexcept {
    return decision.judged == decision::Verdict::accept && decision.reason == decision::Reason::authorised && decision.tenant &&
           decision.policy != nullptr && !decision.policy->limits.empty();
}

Counted to_count(const decision::Decision& decision, const Submission& submission) {
    return {.tenants = *index_of(submission),
            .tenant = *decision.tenant,
            .tenant_name = decision.tenant_name,
            .limits = decision.policy->limits,
            .recipients = submission.evidence.envelope.recipient_count};
}

}  // namespace

void Judge::Pipeline::begin(std::shared_ptr<Submission> submission, Done done) {
    Work work{.submission = std::move(submission), .done = std::move(done), .began = world_.instant()};
    if (advance(work)) return tell(work);
    const auto waiting = std::make_shared<Waiting>(std::move(work));
    waiting->place = waiting_.insert(waiting_.end(), waiting);
    if (!ask(waiting)) give_up(waiting);
}

bool Judge::Pipeline::advance(Work& work) {
    Submission& submission = *work.submission;
    const decision::Rules& rules = submission.snapshot->rules;
    if (submission.stage == Stage::mail) {
        if (submission.front.door == Door::inbound) return true;  // left open: those are the rules of who may relay
        // What an envelope alone can say is said at once: nobody is asked for it.
        const bool all_are_known = tenants_of(*submission.snapshot) == TenantsAre::current;
        submission.decision =
            decision::refuse_at_mail(submission.evidence, all_are_known ? submission.snapshot->tenants.get() : nullptr, rules);
        return true;
    }
    if (work.step == Step::find) {
        if (!find(work)) return false;
        if (is_inbound(submission)) work.unasked = look_up_recipients(submission);
        work.step = Step::recipients;
    }
    if (work.step == Step::recipients) {
        if (!recipients(work)) return false;
        if (submission.stage == Stage::header && needs_body(submission)) return true;  // left open
        work.step = Step::verify;
    }
    if (work.step == Step::verify) {
        if (!verify(work)) return false;
        work.step = Step::decide;
    }
    if (work.step == Step::decide) {
        decide(work);
        work.step = Step::count;
    }
    return count(work);
}

bool Judge::Pipeline::find(Work& work) {
    Submission& submission = *work.submission;
    if (!submission.tenants) submission.tenants = world_.tenants_at_hand(submission.evidence, *submission.snapshot);
    return submission.tenants.has_value();
}

bool Judge::Pipeline::recipients(Work& work) { return work.unasked.empty() && work.unanswered == 0; }

void Judge::Pipeline::decide(Work& work) {
    Submission& submission = *work.submission;
    const decision::Rules& rules = submission.snapshot->rules;
    decision::Decision& decision = submission.decision.emplace();
    if (is_inbound(submission)) {
        decision::judge_inbound(submission.evidence, index_of(submission), rules, submission.inbound, decision);
        if (tenants_of(*submission.snapshot) == TenantsAre::stale) decision::defer_foreign_recipients(decision, submission.evidence, rules);
        return;
    }
    decision::decide(submission.evidence, index_of(submission), rules, decision);
    const TenantsAre are = tenants_of(*submission.snapshot);
    if (are == TenantsAre::stale) decision::defer_unfound(decision, submission.evidence, rules);
    if (!rules.discovery || are != TenantsAre::current) return;  // whom nobody is known to cover now may be covered all the same
    if (auto sighting = decision::sighting_of(submission.evidence, index_of(submission), rules)) observer_.sighted(*std::move(sighting));
}

bool Judge::Pipeline::verify(Work& work) {
    Submission& submission = *work.submission;
    const tenant::Index* const tenants = index_of(submission);
    if (is_inbound(submission))
        return !verify_inbound_round(submission.evidence, submission.hashing.get(), submission.snapshot->rules, tenants, submission.inbound,
                                     work.dns, world_.now(), keys_);
    // Without a verifier of signatures SPF is all that may be looked up, where a proof asks for it.
    if (!submission.hashing && (tenants == nullptr || !tenants->factors().contains(tenant::Factor::spf))) return true;
    return !verify_round(submission.evidence, submission.hashing.get(), submission.snapshot->rules, tenants, work.dns, world_.now(), keys_);
}

bool Judge::Pipeline::count(Work& work) {
    Submission& submission = *work.submission;
    decision::Decision& decision = *submission.decision;
    if (!is_counted(decision)) return true;
    if (!work.counted) work.counted = world_.count_at_hand(to_count(decision, submission), *submission.snapshot);
    if (!work.counted) return false;
    const PassedLimit& passed = work.counted->passed;
    if (passed.is(PassedLimit::yes))
        decision::apply_limit(decision, passed->limit, passed->again, submission.evidence, submission.snapshot->rules);
    else if (passed.is(PassedLimit::unknown))
        decision::defer_uncounted(decision, submission.evidence, submission.snapshot->rules);
    if (work.counted->near) observer_.near_limit(decision.tenant_name, *work.counted->near);
    return true;
}

/// Whoever counts and logs, then the front end.
void Judge::Pipeline::tell(Work& work) {
    Submission& submission = *work.submission;
    if (!submission.decision) return work.done(std::nullopt);
    decision::Decision& decision = *submission.decision;
    if (submission.front.hold_queue == HoldQueue::none) {
        if (is_inbound(submission))
            decision::hold_without_queue(decision, submission.evidence, submission.snapshot->rules);
        else
            decision::refuse_without_hold_queue(decision, submission.evidence, submission.snapshot->rules);
    }
    submission.judging = world_.instant() - work.began;
    if (submission.report == Report::at_verdict)
        observer_.judged(
            Judged{decision, submission.evidence, *submission.snapshot, submission.judging, submission.front, submission.stage});
    work.done(std::move(submission.decision));
}

void Judge::Pipeline::go_on(const std::shared_ptr<Waiting>& waiting) {
    waiting->has_news = false;  // all of it is taken now, whoever calls: no step is taken twice
    if (!advance(*waiting)) {
        if (!ask(waiting)) give_up(waiting);
        return;
    }
    waiting->step = Step::told;
    waiting->deadline.reset();
    waiting_.erase(waiting->place);
    tell(*waiting);
}

bool Judge::Pipeline::ask(const std::shared_ptr<Waiting>& waiting) {
    const Submission& submission = *waiting->submission;
    switch (waiting->step) {
        case Step::find:
            world_.find(keys_of(submission), [this, weak = std::weak_ptr(waiting)](Tenants found) {
                const auto asked = weak.lock();
                if (!asked || asked->step != Step::find || asked->submission->tenants) return;
                asked->submission->tenants = std::move(found);
                note_news(asked);
            });
            break;
        case Step::recipients:
            if (waiting->out_of_time || !ask_recipients(waiting)) return false;
            break;
        case Step::verify:
            if (waiting->out_of_time || !ask_names(waiting)) return false;
            break;
        case Step::count:
            world_.count(to_count(*submission.decision, submission), [this, weak = std::weak_ptr(waiting)](CountAnswer answer) {
                const auto asked = weak.lock();
                if (!asked || asked->step != Step::count || asked->counted) return;
                asked->counted = std::move(answer);
                note_news(asked);
            });
            limit_wait(waiting, limits_.count_deadline);
            break;
        case Step::decide:
        case Step::told:
            return false;
    }
    if (!waiting->deadline) limit_wait(waiting, limits_.deadline);
    return true;
}

/// @return false: no answer will come.
bool Judge::Pipeline::ask_recipients(const std::shared_ptr<Waiting>& waiting) {
    const Submission& submission = *waiting->submission;
    for (const std::size_t i : std::exchange(waiting->unasked, {})) {
        ++waiting->unanswered;
        find_recipient(world_, submission.evidence.envelope.recipients[i], *submission.snapshot->door,
                       [this, weak = std::weak_ptr(waiting), i](decision::RecipientIs found) {
                           const auto asking = weak.lock();
                           if (!asking || asking->step != Step::recipients) return;
                           asking->submission->inbound.recipients[i] = found;
                           --asking->unanswered;
                           note_news(asking);
                       });
    }
    return waiting->unanswered > 0;
}

/// @return false: no answer will come.
bool Judge::Pipeline::ask_names(const std::shared_ptr<Waiting>& waiting) {
    for (authn::DnsQuestion& question : waiting->dns.take_pending()) {
        const bool asked =
            waiting->asked < limits_.questions && world_.resolve(
                                                      question,
                                                      [this, weak = std::weak_ptr(waiting), question](authn::DnsAnswer answer) {
                                                          const auto asking = weak.lock();
                                                          if (!asking || asking->step != Step::verify) return;
                                                          --asking->outstanding;
                                                          asking->dns.put(question, std::move(answer));
                                                          note_news(asking);
                                                      });
        if (asked) {
            ++waiting->asked;
            ++waiting->outstanding;
        } else {
            waiting->dns.put(std::move(question), {.status = authn::DnsStatus::temporary_failure});
        }
    }
    return waiting->outstanding > 0;
}

void Judge::Pipeline::limit_wait(const std::shared_ptr<Waiting>& waiting, std::chrono::milliseconds delay) {
    waiting->deadline = world_.call_after(delay, [this, weak = std::weak_ptr(waiting)] {
        const auto late = weak.lock();
        if (!late) return;
        late->out_of_time = true;
        give_up(late);
    });
}

void Judge::Pipeline::give_up(const std::shared_ptr<Waiting>& waiting) {
    switch (waiting->step) {
        case Step::find:
            if (!waiting->submission->tenants) waiting->submission->tenants = Tenants(Tenants::unknown);
            break;
        case Step::recipients:  // who got no answer is unavailable
            waiting->unasked.clear();
            waiting->unanswered = 0;
            break;
        case Step::verify:
            if (waiting->has_news) verify(*waiting);  // what came in this very turn is known
            waiting->step = Step::decide;
            break;
        case Step::count:
            if (!waiting->counted) waiting->counted = PassedLimit(PassedLimit::unknown);
            break;
        case Step::decide:
        case Step::told:
            return;
    }
    go_on(waiting);
}

/// All answers that come in one turn of the loop make one round, of all messages.
void Judge::Pipeline::note_news(const std::shared_ptr<Waiting>& waiting) {
    if (std::exchange(waiting->has_news, true)) return;
    with_news_.push_back(waiting);
    if (with_news_.size() > 1) return;
    world_.call_soon([this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) hear_news();
    });
}

void Judge::Pipeline::hear_news() {
    for (const std::weak_ptr<Waiting>& weak : std::exchange(with_news_, {})) {
        const auto waiting = weak.lock();
        if (!waiting || waiting->step == Step::told || !waiting->has_news) continue;
        go_on(waiting);
    }
}

}  // namespace exota::gate
