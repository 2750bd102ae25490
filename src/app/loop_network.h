// gate::World on an event loop: libunbound for names, the loop's timers, the system's clocks. Tenants are at hand, unless they are looked
// up, and counts, unless several nodes count together.
//
// Tested by loop_network_test.cc and tests/system.
#pragma once

#include <memory>

#include "gate/world.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace exota::app {

class LoopCounts;
class LoopRecipients;
class LoopTenants;

class LoopNetwork final : public gate::World {
public:
    using News = net::Resolver::DnssecNews;
    /// The resolver is made with the first question: whoever never verifies has none. `tell` hears what an operator should know of the
    /// DNS servers (DNSSEC that they do not pass on, or do by now; settings that libunbound does not take): each change once.
    LoopNetwork(net::Loop& loop, net::ResolverSettings settings, std::function<void(const News&)> tell);

    bool resolve(const authn::DnsQuestion& question, Answered answered) override;
    std::shared_ptr<void> call_after(std::chrono::milliseconds delay, std::function<void()> late) override;
    void call_soon(std::function<void()> then) override;
    std::chrono::sys_seconds now() override;
    gate::Instant instant() override;

    /// Tenants that are looked up: by these, which outlive this object.
    void look_up_by(LoopTenants& tenants) noexcept { tenants_ = &tenants; }
    void find(const tenant::Keys& keys, Found found) override;
    /// Recipients that a server is asked for: by these, which outlive this object.
    void ask_recipients_of(LoopRecipients& recipients) noexcept { recipients_ = &recipients; }
    void find_recipient(const tenant::RecipientName& name, const tenant::RecipientRules& rules, FoundRecipient found) override;
    /// Limits that several nodes count together: by this, which outlives this object.
    void count_by(LoopCounts& counts) noexcept { counts_ = &counts; }
    std::optional<gate::CountAnswer> count_at_hand(const gate::Counted& message, const gate::Snapshot& snapshot) override;
    void count(const gate::Counted& message, Passed passed) override;

    /// Where the servers were seen not to pass DNSSEC on: looks again now, not after a while.
    void look_again();

    const net::ResolverCounters& counters() const noexcept { return counters_; }

private:
    /// nullptr: libunbound does not take the settings.
    net::Resolver* resolver();

    net::Loop& loop_;
    LoopTenants* tenants_ = nullptr;
    LoopCounts* counts_ = nullptr;
    LoopRecipients* recipients_ = nullptr;
    net::ResolverSettings settings_;
    std::function<void(const News&)> tell_;
    net::ResolverCounters counters_;
    std::unique_ptr<net::Resolver> resolver_;
    bool tried_ = false;
};

/// What a resolver brought, as verification understands it: bogus is neither data nor absence, silence is a temporary failure.
authn::DnsAnswer read_answer(const net::RawAnswer& raw, const authn::DnsQuestion& question);

}  // namespace exota::app
