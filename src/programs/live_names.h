// DNS for a command that verifies one message: the system's resolver (libunbound, validating), on a loop that runs while it is asked.
//
// Tested by live_names_test.cc.
#pragma once

#include <chrono>
#include <memory>

#include "gate/judge.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "programs/verifying.h"

namespace exota::programs {

class LiveNames final : public Names {
public:
    /// @param deadline  of all questions together, from the first one on.
    explicit LiveNames(net::ResolverSettings settings = {}, std::chrono::milliseconds deadline = gate::LookupLimits{}.deadline);
    ~LiveNames() override;

    /// The first call makes the resolver, and waits until it is known whether the servers pass DNSSEC on: before that a good answer
    /// could look bogus. Trouble is told on standard error.
    void answer(std::vector<authn::DnsQuestion> questions, authn::Dns& dns) override;

private:
    struct Waiting;
    void begin();

    net::ResolverSettings settings_;
    std::chrono::milliseconds deadline_;
    bool begun_ = false;
    std::shared_ptr<bool> late_ = std::make_shared<bool>(false);
    net::Loop loop_;
    net::Timer alarm_{loop_};
    std::unique_ptr<net::Resolver> resolver_;
};

}  // namespace exota::programs
