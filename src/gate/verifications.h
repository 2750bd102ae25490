// The messages of one loop that wait for DNS: rounds of checks, a deadline each, and the end that comes first of "everything is known",
// "what is known suffices" and "time is up".
//
// A part of Judge (judge.cc); nobody else includes it. Tested by judge_verify_test.cc.
#pragma once

#include <list>
#include <memory>

#include "gate/judge.h"
#include "gate/network.h"
#include "gate/verification.h"

namespace exota::gate {

struct Judge::Verifications {
public:
    explicit Verifications(Judge& judge) : judge_(judge) {}

    void use(Network& network, LookupLimits limits) {
        network_ = &network;
        limits_ = limits;
    }
    void begin(std::shared_ptr<Submission> submission, Instant began, Done done);
    std::size_t waiting() const noexcept { return jobs_.size(); }

private:
    struct Job;
    void round(const std::shared_ptr<Job>& job);
    void ask(const std::shared_ptr<Job>& job);
    void finish(const std::shared_ptr<Job>& job);

    Judge& judge_;
    Network* network_ = nullptr;
    LookupLimits limits_;
    authn::KeyCache keys_;
    std::list<std::shared_ptr<Job>> jobs_;  // owns them: callbacks of the network hold weak pointers
};

}  // namespace exota::gate
