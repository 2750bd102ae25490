#include "gate/limits.h"

#include <algorithm>
#include <unordered_map>

#include "tenant/index_over.h"

namespace exota::gate {
namespace {

constexpr std::uint64_t word(std::uint32_t number, std::uint32_t count) noexcept { return std::uint64_t{number} << 32 | count; }
constexpr std::uint32_t number_of(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word >> 32); }
constexpr std::uint32_t count_of(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }

/// A tenant's limits, as far as rings are concerned, are the same.
bool same_rings(const std::vector<std::unique_ptr<WindowCounter>>& rings, const std::vector<tenant::Limit>& limits) noexcept {
    if (rings.size() != limits.size()) return false;
    for (std::size_t i = 0; i < limits.size(); ++i)
        if (!rings[i]->measures(limits[i])) return false;
    return true;
}

}  // namespace

std::chrono::nanoseconds WindowCounter::slot_length() const noexcept {
    return std::max(std::chrono::nanoseconds(window_) / slots, std::chrono::nanoseconds{1});
}

std::uint32_t WindowCounter::slot_number(Instant now) const noexcept {
    // From 1, so that an untouched word (0) is of no slot.
    return static_cast<std::uint32_t>(now.time_since_epoch() / slot_length()) + 1;
}

void WindowCounter::add(std::uint32_t units, Instant now) noexcept {
    const std::uint32_t number = slot_number(now);
    std::atomic<std::uint64_t>& running = ring_[number % (slots + 1)];
    std::uint64_t seen = running.load(std::memory_order_relaxed);
    for (;;) {
        const std::uint32_t before = number_of(seen) == number ? count_of(seen) : 0;
        const std::uint32_t after = units > UINT32_MAX - before ? UINT32_MAX : before + units;
        if (running.compare_exchange_weak(seen, word(number, after))) return;
    }
}

std::uint64_t WindowCounter::sum(Instant now) const noexcept {
    const std::uint32_t number = slot_number(now);
    std::uint64_t sum = 0;
    for (const auto& slot : ring_) {
        const std::uint64_t value = slot.load();
        // Slots that another loop, a moment ahead of us, has begun count as well.
        if (static_cast<std::int32_t>(number - number_of(value)) <= static_cast<std::int32_t>(slots)) sum += count_of(value);
    }
    return sum;
}

void WindowCounter::take_back(std::uint32_t units, Instant now) noexcept {
    const std::uint32_t number = slot_number(now);
    std::atomic<std::uint64_t>& slot = ring_[number % (slots + 1)];
    std::uint64_t seen = slot.load(std::memory_order_relaxed);
    while (number_of(seen) == number && !slot.compare_exchange_weak(seen, word(number, count_of(seen) - std::min(units, count_of(seen))))) {
    }
}

std::optional<std::chrono::seconds> WindowCounter::room_after(std::uint64_t amount, std::uint32_t units, Instant now) const noexcept {
    if (units > amount) return std::nullopt;
    const std::uint32_t number = slot_number(now);
    std::uint64_t left = sum(now);
    std::int64_t age = slots;  // of the slot that leaves next
    for (; age > 0 && left > amount - units; --age) {
        const std::uint32_t leaving = number - static_cast<std::uint32_t>(age);
        const std::uint64_t value = ring_[leaving % (slots + 1)].load();
        if (number_of(value) == leaving) left -= std::min<std::uint64_t>(left, count_of(value));
        if (left <= amount - units) break;
    }
    // The slot that is `age` old leaves the window when `slots` others lie between it and the running one.
    const std::int64_t running = now.time_since_epoch() / slot_length();
    const auto leaves = Instant((running - age + slots + 1) * slot_length());
    return std::max(std::chrono::ceil<std::chrono::seconds>(leaves - now), std::chrono::seconds(1));
}

bool WindowCounter::warn(Instant now) noexcept {
    const std::uint32_t number = slot_number(now);
    std::uint64_t seen = warned_.load(std::memory_order_relaxed);
    if (count_of(seen) != 0 && number - number_of(seen) <= slots) return false;
    return warned_.compare_exchange_strong(seen, word(number, 1));
}

void WindowCounter::copy_from(const WindowCounter& other) noexcept {
    for (unsigned i = 0; i <= slots; ++i) ring_[i].store(other.ring_[i].load());
    warned_.store(other.warned_.load());
}

struct TenantLimits::Counters {
    std::atomic<std::uint32_t> owners{1};
    std::vector<std::unique_ptr<WindowCounter>> rings;

    explicit Counters(const std::vector<tenant::Limit>& limits) {
        rings.reserve(limits.size());
        for (const tenant::Limit& limit : limits) rings.push_back(std::make_unique<WindowCounter>(limit.unit, limit.window));
    }
    void release() noexcept {
        if (owners.fetch_sub(1) == 1) delete this;
    }
};

TenantLimits::TenantLimits(const tenant::Index& tenants, const TenantLimits* previous) : tenants_(&tenants) {
    const std::size_t number_count = tenant::number_count(tenants);
    const auto numbered = [](std::size_t i) { return tenant::Number{static_cast<std::uint32_t>(i)}; };
    for (std::size_t i = 0; i < number_count && count_ == 0; ++i)
        if (has_tenant(tenants, numbered(i)) && !tenants.policy(numbered(i)).limits.empty()) count_ = number_count;
    if (count_ == 0) return;
    by_tenant_ = std::make_unique<std::atomic<Counters*>[]>(count_);
    if (previous == nullptr) return;

    // Only tenants that have sent since the start are carried over, so a reload of a million costs no more than they do.
    std::unordered_map<std::string_view, Counters*> active;
    for (std::size_t i = 0; i < previous->count_; ++i)
        if (Counters* const counters = previous->by_tenant_[i].load(std::memory_order_acquire);
            counters && has_tenant(*previous->tenants_, numbered(i)))
            active.emplace(previous->tenants_->name(numbered(i)), counters);
    if (active.empty()) return;
    // Where few changed, most have the number that they had: no name of theirs need be looked up if they did not send.
    const std::size_t shared = shared_number_count(tenants, *previous->tenants_);
    for (std::size_t i = 0; i < count_; ++i) {
        const tenant::Number number = numbered(i);
        if (!has_tenant(tenants, number)) continue;
        const bool was_there = i < shared && i < previous->count_ && has_tenant(*previous->tenants_, number);
        if (was_there && previous->by_tenant_[i].load(std::memory_order_acquire) == nullptr) continue;
        const auto known = active.find(tenants.name(number));
        if (known == active.end()) continue;
        Counters* const counters = known->second;
        const std::vector<tenant::Limit>& limits = tenants.policy(number).limits;
        if (same_rings(counters->rings, limits)) {
            counters->owners.fetch_add(1);
            by_tenant_[i].store(counters, std::memory_order_release);
            continue;
        }
        auto* const renewed = new Counters(limits);
        for (const auto& ring : renewed->rings)
            for (const auto& old : counters->rings)
                if (old->measures({0, ring->unit(), ring->window()})) ring->copy_from(*old);
        by_tenant_[i].store(renewed, std::memory_order_release);
    }
}

TenantLimits::~TenantLimits() {
    for (std::size_t i = 0; i < count_; ++i)
        if (Counters* const counters = by_tenant_[i].load()) counters->release();
}

TenantLimits::Counters* TenantLimits::of(tenant::Number tenant, const std::vector<tenant::Limit>& limits) {
    std::atomic<Counters*>& place = by_tenant_[static_cast<std::size_t>(tenant)];
    Counters* counters = place.load(std::memory_order_acquire);
    if (counters == nullptr) {
        auto fresh = std::make_unique<Counters>(limits);
        if (place.compare_exchange_strong(counters, fresh.get(), std::memory_order_acq_rel)) counters = fresh.release();
    }
    return counters;
}

namespace {

using RingList = std::vector<std::unique_ptr<WindowCounter>>;

std::uint32_t units_of(tenant::LimitUnit unit, std::uint32_t recipients) noexcept {
    return unit == tenant::LimitUnit::messages ? 1u : recipients;
}

void add_to(const RingList& rings, std::uint32_t recipients, Instant now) noexcept {
    for (const auto& ring : rings) ring->add(units_of(ring->unit(), recipients), now);
}

const WindowCounter* ring_of(const RingList& rings, const tenant::Limit& limit) noexcept {
    const auto ring = std::ranges::find_if(rings, [&](const auto& one) { return one->measures(limit); });
    return ring == rings.end() ? nullptr : ring->get();
}

/// Counts in all of them, or, where one is passed, in none.
CountResult count_in(const RingList& rings, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now) {
    add_to(rings, recipients, now);
    CountResult result;
    for (const tenant::Limit& limit : limits)
        if (const WindowCounter* const ring = ring_of(rings, limit); ring != nullptr && ring->sum(now) > limit.amount) {
            result.exceeded = {.limit = limit, .again = {}};
            break;
        }
    if (result.exceeded) {
        for (const auto& ring : rings) ring->take_back(units_of(ring->unit(), recipients), now);
        std::optional<std::chrono::seconds> again{0};
        for (const tenant::Limit& limit : limits) {
            const WindowCounter* const ring = ring_of(rings, limit);
            const std::uint32_t units = units_of(limit.unit, recipients);
            if (!again || ring == nullptr || (units <= limit.amount && ring->sum(now) <= limit.amount - units)) continue;
            const auto room = ring->room_after(limit.amount, units, now);
            again = room ? std::optional(std::max(*again, *room)) : std::nullopt;
        }
        // Nothing is in the way any more: another loop's message, which was taken back meanwhile, was.
        result.exceeded->again = again ? std::optional(std::max(*again, std::chrono::seconds(1))) : std::nullopt;
        return result;
    }
    for (std::size_t i = 0; i < limits.size() && i < rings.size() && !result.near; ++i)
        if (rings[i]->measures(limits[i]) && rings[i]->sum(now) >= near_sum(limits[i]) && rings[i]->warn(now)) result.near = limits[i];
    return result;
}

}  // namespace

CountResult TenantLimits::count(tenant::Number tenant, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now) {
    if (limits.empty() || static_cast<std::size_t>(tenant) >= count_) return {};
    return count_in(of(tenant, limits)->rings, limits, recipients, now);
}

NamedLimits::Rings& NamedLimits::of(std::string_view name, const std::vector<tenant::Limit>& limits, Instant now) {
    auto known = by_name_.find(name);
    if (known == by_name_.end()) {
        forget_the_silent(now);
        known = by_name_.emplace(std::string(name), Rings{}).first;
    }
    if (!same_rings(known->second.rings, limits)) {  // a new tenant, or its limits were changed: what was counted goes on
        RingList renewed;
        for (const tenant::Limit& limit : limits) {
            const auto& ring = renewed.emplace_back(std::make_unique<WindowCounter>(limit.unit, limit.window));
            for (const auto& old : known->second.rings)
                if (old->measures(limit)) ring->copy_from(*old);
        }
        known->second.rings = std::move(renewed);
    }
    known->second.last = now;
    return known->second;
}

CountResult NamedLimits::count(std::string_view name, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now) {
    if (limits.empty()) return {};
    return count_in(of(name, limits, now).rings, limits, recipients, now);
}

void NamedLimits::note(std::string_view name, const std::vector<tenant::Limit>& limits, std::uint32_t recipients, Instant now) {
    if (!limits.empty()) add_to(of(name, limits, now).rings, recipients, now);
}

/// Looks at all of them each time that there are twice as many as were left.
void NamedLimits::forget_the_silent(Instant now) {
    if (by_name_.size() < look_at_) return;
    std::erase_if(by_name_, [now](const auto& tenant) {
        std::chrono::seconds longest{0};
        for (const auto& ring : tenant.second.rings) longest = std::max(longest, ring->window());
        return now - tenant.second.last > 2 * longest;
    });
    look_at_ = std::max<std::size_t>(1024, 2 * by_name_.size());
}

}  // namespace exota::gate
