// Limits of tenants: how many messages or recipients of a tenant pass in any second, minute, hour or day (docs/reference/decision.md, step
// 7).
//
// Shared by all loops without a lock: each limit is a ring of slots, each slot one atomic word of its number and its count. A window
// spans `slots` of them and the one that is running, so that never more than `amount` pass in any window; what is refused too early is
// what came in the last sixteenth of a window before it. Counted first and taken back if a limit was passed: two loops at once may
// both be refused at the very edge, but never both be let through.
//
// Belongs to a snapshot, but what was counted goes on over a reload, by the tenant's name. Memory is taken when a tenant first sends.
// Only an authorising verdict is counted. Time is passed in. The same rule stands in Lua in directory/limits_script.cc, for nodes that
// count together. Tested by limits_test.cc and app/limits_rule_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenant/index.h"

namespace exota::gate {

using Instant = std::chrono::steady_clock::time_point;

/// A limit that a message would pass.
struct Exceeded {
    tenant::Limit limit;
    /// After so long a message like it is within all limits, if nobody sends in the meantime; nullopt: never, for it is larger than one.
    std::optional<std::chrono::seconds> again;
    friend bool operator==(const Exceeded&, const Exceeded&) = default;
};
/// What became of counting a message.
struct CountResult {
    std::optional<Exceeded> exceeded;   // the first limit; then nothing of the message is counted
    std::optional<tenant::Limit> near;  // counted, and the first of its window with which four fifths of this limit are reached
};
/// From which sum on a limit is near: four fifths of it, rounded up.
constexpr std::uint64_t near_sum(const tenant::Limit& limit) noexcept { return limit.amount - limit.amount / 5; }

/// The ring of one limit.
class WindowCounter {
public:
    static constexpr unsigned slots = 16;

    WindowCounter(tenant::LimitUnit unit, std::chrono::seconds window) noexcept : unit_(unit), window_(window) {}

    void add(std::uint32_t units, Instant now) noexcept;
    /// What lies in the window that ends now.
    std::uint64_t sum(Instant now) const noexcept;
    /// Takes back what add() at the same `now` added; nothing if the slot has gone meanwhile.
    void take_back(std::uint32_t units, Instant now) noexcept;
    /// When `units` more are within `amount`, if nothing comes in the meantime: at least 1 s. nullopt: never.
    std::optional<std::chrono::seconds> room_after(std::uint64_t amount, std::uint32_t units, Instant now) const noexcept;
    /// Once for each window: true for whoever asks first.
    bool warn(Instant now) noexcept;

    bool measures(const tenant::Limit& limit) const noexcept { return limit.unit == unit_ && limit.window == window_; }
    tenant::LimitUnit unit() const noexcept { return unit_; }
    std::chrono::seconds window() const noexcept { return window_; }
    void copy_from(const WindowCounter& other) noexcept;

private:
    std::chrono::nanoseconds slot_length() const noexcept;
    std::uint32_t slot_number(Instant now) const noexcept;
    // Number of the slot in the upper half, its count in the lower. Slot n lies at n modulo the ring's size: `slots` whole ones of the
    // past and the running one.
    std::atomic<std::uint64_t> ring_[slots + 1]{};
    std::atomic<std::uint64_t> warned_{0};  // slot in which warn() last said yes, in the upper half; the lower is 1 if it ever did
    tenant::LimitUnit unit_;
    std::chrono::seconds window_;
};

/// The same for tenants that come and go one by one, by their names. Those that did not send for twice their longest window are forgotten
/// now and then. One call at a time: who shares it locks it.
class NamedLimits {
public:
    /// As TenantLimits::count().
    CountResult count(std::string_view name, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now);
    /// Counts a message that somebody else let through, whether it is within the limits here or not.
    void note(std::string_view name, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now);
    std::size_t size() const noexcept { return by_name_.size(); }

private:
    struct Rings {
        std::vector<std::unique_ptr<WindowCounter>> rings;
        Instant last;  // when it was counted
    };
    Rings& of(std::string_view name, const std::vector<tenant::Limit>& limits, Instant now);
    void forget_the_silent(Instant now);

    std::map<std::string, Rings, std::less<>> by_name_;
    std::size_t look_at_ = 1024;  // tenants from which on somebody may be forgotten
};

class TenantLimits {
public:
    /// @param tenants   must outlive this object (both belong to one Snapshot).
    /// @param previous  whose counts go on, by name; nullptr: none.
    TenantLimits(const tenant::Index& tenants, const TenantLimits* previous);
    ~TenantLimits();
    TenantLimits(const TenantLimits&) = delete;
    TenantLimits& operator=(const TenantLimits&) = delete;

    /// Counts one authorised message of `tenant` against `limits`: in all of them, or, where it would pass one, in none.
    CountResult count(tenant::Number tenant, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now);

private:
    struct Counters;  // of one tenant: a ring for each limit; shared by the snapshots before and after a reload
    Counters* of(tenant::Number tenant, const std::vector<tenant::Limit>& limits);

    const tenant::Index* tenants_;
    std::size_t count_ = 0;                                // of tenants; 0: none has a limit
    std::unique_ptr<std::atomic<Counters*>[]> by_tenant_;  // nullptr: has not sent yet
};

}  // namespace exota::gate
