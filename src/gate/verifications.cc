#include "gate/verifications.h"

namespace exota::gate {

struct Judge::Verifications::Job {
    std::shared_ptr<Submission> submission;
    Instant began;
    Done done;
    authn::Dns dns;
    std::size_t asked = 0, outstanding = 0;
    bool finished = false;
    std::shared_ptr<void> deadline;                                  // destroyed: it never comes
    std::optional<std::list<std::shared_ptr<Job>>::iterator> place;  // set while it waits
};

void Judge::Verifications::begin(std::shared_ptr<Submission> submission, Instant began, Done done) {
    const auto job = std::make_shared<Job>();
    job->submission = std::move(submission);
    job->began = began;
    job->done = std::move(done);
    round(job);
}

void Judge::Verifications::round(const std::shared_ptr<Job>& job) {
    const auto now = network_ ? network_->now() : std::chrono::sys_seconds{};
    Submission& given = *job->submission;
    const bool pending = verify_round(given.evidence, given.hashing.get(), *given.snapshot, job->dns, now, keys_);
    if (!pending || !network_) return finish(job);
    ask(job);
    if (job->outstanding == 0) return finish(job);  // no more questions are allowed
    if (job->place) return;
    job->place = jobs_.insert(jobs_.end(), job);
    job->deadline = network_->call_after(limits_.deadline, [this, weak = std::weak_ptr(job)] {
        if (const auto late = weak.lock()) finish(late);
    });
}

void Judge::Verifications::ask(const std::shared_ptr<Job>& job) {
    for (authn::DnsQuestion& question : job->dns.take_pending()) {
        if (job->asked == limits_.questions) {
            job->dns.put(std::move(question), {.status = authn::DnsStatus::temporary_failure});
            continue;
        }
        ++job->asked;
        ++job->outstanding;
        network_->resolve(question, [this, weak = std::weak_ptr(job), question](authn::DnsAnswer answer) {
            const auto waiting = weak.lock();
            if (!waiting || waiting->finished) return;
            --waiting->outstanding;
            waiting->dns.put(question, std::move(answer));
            round(waiting);
        });
    }
}

void Judge::Verifications::finish(const std::shared_ptr<Job>& job) {
    if (std::exchange(job->finished, true)) return;
    const std::shared_ptr<Job> keep = job;  // the list's may be the last
    job->deadline.reset();
    if (job->place) jobs_.erase(*job->place);
    judge_.conclude(*job->submission, job->began, job->done);
}

}  // namespace exota::gate
