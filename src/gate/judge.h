// The one place where evidence, tenants, limits and decision meet: what all front ends call, by way of a Message (message.h).
//
// A Judge belongs to one loop. Configuration and tenants are an immutable Snapshot that a reload swaps whole; a message is judged by the
// snapshot that it began with. Waiting happens on the loop: judge() may call `done` before it returns, or later from the loop.
//
// Tested by judge_test.cc, stale_tenants_test.cc and pipeline_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "decision/decide.h"
#include "evidence/collector.h"
#include "gate/limits.h"
#include "gate/submission.h"
#include "tenant/index.h"

namespace exota::tenant {
struct Defaults;
struct Sighting;
}  // namespace exota::tenant

namespace exota::gate {

/// Limits of the milter protocol, not of a message: above them the connection is ended.
struct MilterLimits {
    std::size_t max_frame_octets = 4 * 1024 * 1024;  // above limits.field_octets: a longer field gets a verdict
    std::size_t max_macro_octets = 64 * 1024;        // of one session
};

/// How far the tenants of a snapshot are to be trusted, where they come from a server. It changes while the snapshot is in use.
enum class TenantsAre : std::uint8_t {
    current,   // there are no others
    stale,     // the server is away: who is found is a tenant, who is not may be one by now
    outdated,  // it has been away for too long: as if there were none
};

struct DoorLists;

struct Snapshot {
    decision::Rules rules;
    evidence::MessageLimits limits;
    MilterLimits milter;
    std::shared_ptr<const tenant::Index> tenants;                // nullptr: the directory cannot be asked, or is asked for each message:
    bool looks_up = false;                                       // the tenants of a message are looked up by what it names (World::find)
    std::shared_ptr<const std::atomic<TenantsAre>> tenants_are;  // nullptr: current
    std::shared_ptr<const tenant::Defaults> tenant_defaults;     // of those that are looked up; else nullptr
    /// Counters of `tenants` (made with those of the snapshot before, so that counts go on); nullptr: limits are not counted.
    std::shared_ptr<TenantLimits> tenant_limits;
    std::shared_ptr<const DoorLists> door;  // of inbound doors (door_lists.h); nullptr: there is none, or nothing is looked up
    std::uint64_t generation = 0;
};

TenantsAre tenants_of(const Snapshot& snapshot) noexcept;
/// True if a judgement needs the body of messages: where we verify signatures ourselves, as inbound doors always do.
bool wants_body(const Snapshot& snapshot, Door door) noexcept;

/// What became of a judged message, where the front end learns it (Report::after_reply). Texts are safe lines.
struct Delivery {
    std::string_view backend;        // the next server's address; empty: none was asked
    std::string_view backend_reply;  // its last reply for this message, code and text; empty: none came
    std::string_view answered;       // what the client got; empty: it had gone
};

/// One judged message, for log and metrics. Views are valid during the call only.
struct Judged {
    const decision::Decision& decision;
    const evidence::Evidence& evidence;
    const Snapshot& snapshot;
    std::chrono::nanoseconds judging{};  // from the end of its last stage to the verdict
    FrontEnd front = {};
    Stage stage = Stage::message;  // at which it was judged
    Delivery delivery = {};        // of a front end that reports after its reply; else empty
};

/// What happened, for whoever counts and logs (app/). Called on the loop; must not block.
class Observer {
public:
    virtual ~Observer() = default;
    /// Once for each message: with its verdict, or after the client's last reply (Report).
    virtual void judged(const Judged& message) = 0;
    virtual void protocol_error(std::string_view what) = 0;
    /// A message showed who may become a tenant (decision/sighting.h); its verdict is told besides.
    virtual void sighted(tenant::Sighting&& sighting) { static_cast<void>(sighting); }
    /// A tenant has reached four fifths of a limit; once for each window of it.
    virtual void near_limit(std::string_view /*tenant*/, const tenant::Limit& /*limit*/) {}
};

class World;

/// Limits of what is asked for one message.
struct LookupLimits {
    std::chrono::milliseconds deadline{10'000};       // from its end to the verdict; then what is not known is a temporary error
    std::size_t questions = 200;                      // of DNS
    std::chrono::milliseconds count_deadline{5'000};  // of counting it elsewhere, besides: longer than limits_store.timeout can be
};

/// Judges messages of one loop. Virtual, so that a test can let a verdict come late.
class Judge {
public:
    /// Called once, on the loop, with the submission's decision (large, so made where it stays). nullopt: nothing is certain at this stage.
    using Done = std::move_only_function<void(std::optional<decision::Decision>&&)>;

    /// @param observer  told of every verdict and protocol error; must outlive the judge.
    /// @param world     whom it asks, and the clock; must outlive the judge.
    Judge(Observer& observer, World& world, LookupLimits limits = {});
    virtual ~Judge();
    Judge(const Judge&) = delete;
    Judge& operator=(const Judge&) = delete;

    /// What messages that begin from now on are judged by. Never null.
    void use(std::shared_ptr<const Snapshot> snapshot) noexcept { current_ = std::move(snapshot); }
    /// What messages that begin now are judged by.
    const std::shared_ptr<const Snapshot>& snapshot() const noexcept { return current_; }
    /// nullptr before the first use().
    const std::shared_ptr<const Snapshot>& current() const noexcept { return current_; }

    /// Evidence → verdict: tenants, network look-ups that could still change it, decide, limits; then the observer is told (unless the
    /// front end will, see Report) and `done` called, before this returns or later from the loop. `submission` lives until then.
    /// Stage::mail: refused if decision::refuse_at_mail says so; asks nobody. Stage::header: the verdict, unless the body is needed for
    /// it. What has no verdict is not told to the observer.
    virtual void judge(std::shared_ptr<Submission> submission, Done done);

    Observer& observer() const noexcept { return *observer_; }
    World& world() const noexcept { return *world_; }
    /// Messages that wait for somebody's answer.
    std::size_t waiting() const noexcept;

private:
    class Pipeline;

    Observer* observer_;
    World* world_;
    std::shared_ptr<const Snapshot> current_;
    std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace exota::gate
