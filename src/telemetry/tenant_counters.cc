#include "telemetry/tenant_counters.h"

namespace exota::telemetry {

namespace {

std::size_t number(decision::Verdict verdict) noexcept { return static_cast<std::size_t>(verdict); }

}  // namespace

void TenantCounters::count(std::string_view tenant, decision::Verdict verdict, decision::Verdict judged) {
    auto found = tenants_.find(tenant);
    if (found == tenants_.end() && tenants_.size() < most_) {
        const std::lock_guard lock(mutex_);
        found = tenants_.try_emplace(std::string(tenant)).first;
    }
    Counts& counts = found == tenants_.end() ? others_ : found->second;
    counts[number(verdict)][number(judged)].add();
}

void TenantCounters::each(const std::function<void(std::string_view, decision::Verdict, decision::Verdict, std::uint64_t)>& f) const {
    const auto all_of = [&f](std::string_view name, const Counts& counts) {
        using enum decision::Verdict;
        for (const auto verdict : {accept, tempfail, reject})
            for (const auto judged : {accept, tempfail, reject})
                if (const auto count = counts[number(verdict)][number(judged)].value(); count > 0) f(name, verdict, judged, count);
    };
    const std::lock_guard lock(mutex_);
    for (const auto& [name, counts] : tenants_) all_of(name, counts);
    all_of(others, others_);
}

}  // namespace exota::telemetry
