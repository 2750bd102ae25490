// What a judge needs of the world: DNS answers, tenants, counts, time, and a way to be called back. The daemon gives it a resolver on the
// loop (app/loop_network.h); tests bring their own.
//
// Tenants and counts are asked for in two steps, because most often there is nothing to ask: where everything is in memory the answer is
// at hand, and a message costs no call-back. Only a source that has to be asked (a directory server, a store that several nodes share)
// answers later.
//
// Everything here happens on one loop. Tested by pipeline_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "authn/dns.h"
#include "decision/inbound_facts.h"
#include "evidence/evidence.h"
#include "gate/limits.h"
#include "gate/submission.h"
#include "tenant/found.h"
#include "tenant/index.h"
#include "tenant/keys.h"
#include "tenant/recipient_name.h"

namespace exota::gate {

/// An authorised message, to be counted. Views are valid during the call that hands it over.
struct Counted {
    const tenant::Index& tenants;  // whose `tenant` it is
    tenant::Number tenant;
    std::string_view tenant_name;
    const std::vector<tenant::Limit>& limits;  // not empty
    std::uint32_t recipients;
};
/// yes: the first limit that the message would pass; then nothing of it is counted. none: it is within all of them, and counted.
/// unknown: that cannot be said now, so the message is deferred.
using PassedLimit = tenant::Found<Exceeded>;
/// What counting a message brought.
struct CountAnswer {
    CountAnswer(PassedLimit answer) : passed(std::move(answer)) {}  // NOLINT(google-explicit-constructor)
    explicit CountAnswer(const CountResult& result)
        : passed(result.exceeded ? PassedLimit(*result.exceeded) : PassedLimit(PassedLimit::none)), near(result.near) {}

    PassedLimit passed;
    std::optional<tenant::Limit> near;  // see CountResult
};

class World {
public:
    using Answered = std::function<void(authn::DnsAnswer)>;
    using Found = std::function<void(Tenants)>;
    using Passed = std::function<void(CountAnswer)>;
    using FoundRecipient = std::function<void(decision::RecipientIs)>;

    virtual ~World() = default;

    /// Calls back on the loop, at most once and never before this returns. Silence is possible: whoever asks has a deadline.
    /// @return false: nobody can be asked, so nothing will come: a temporary failure.
    virtual bool resolve(const authn::DnsQuestion& question, Answered answered) = 0;

    /// The tenants that a message is judged by, where nobody has to be asked; by default those of its snapshot.
    /// @return nullopt: find() has to be asked. What an answer points to lives at least as long as the snapshot or the answer.
    virtual std::optional<Tenants> tenants_at_hand(const evidence::Evidence& evidence, const Snapshot& snapshot);
    /// Asks the source for exactly these. Calls back as resolve() does. Only after tenants_at_hand() had no answer.
    virtual void find(const tenant::Keys& keys, Found found);

    /// Asks whether an authoritative domain's recipient exists. Calls back as resolve() does: known, unknown or unavailable. Only where
    /// the snapshot says so (DoorLists::ask_recipients). By default nobody can say.
    /// @param rules  outlive the call only.
    virtual void find_recipient(const tenant::RecipientName& name, const tenant::RecipientRules& rules, FoundRecipient found);

    /// Counts a message where that needs nobody else; by default with the counters of the snapshot, which know its tenants.
    /// @return nullopt: count() has to be asked.
    virtual std::optional<CountAnswer> count_at_hand(const Counted& message, const Snapshot& snapshot);
    /// Counts it where others count as well. Calls back as resolve() does. Only after count_at_hand() had no answer.
    virtual void count(const Counted& message, Passed passed);

    /// Calls `late` on the loop after `delay`, unless what is returned was destroyed before.
    virtual std::shared_ptr<void> call_after(std::chrono::milliseconds delay, std::function<void()> late) = 0;
    /// Calls `then` on the loop, once what has already come in by now is handled; never before this returns.
    virtual void call_soon(std::function<void()> then) = 0;

    /// The time of day, for t= and x= of signatures.
    virtual std::chrono::sys_seconds now() = 0;
    /// The clock of limits and of how long a verdict took.
    virtual Instant instant() = 0;
};

}  // namespace exota::gate
