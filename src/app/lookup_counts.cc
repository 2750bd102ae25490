#include "app/lookup_counts.h"

#include <cstdint>

namespace exota::app {

void add_counts(telemetry::Lookups& counters, directory::CacheCounts& counted, const directory::CacheCounts& now, std::size_t kept) {
    const auto add = [&](net::Counter& counter, std::uint64_t directory::CacheCounts::* count) {
        counter.add(now.*count - counted.*count);
    };
    add(counters.cached, &directory::CacheCounts::hits);
    add(counters.cached_none, &directory::CacheCounts::negative_hits);
    add(counters.asked, &directory::CacheCounts::asked);
    add(counters.joined, &directory::CacheCounts::joined);
    add(counters.stale, &directory::CacheCounts::stale);
    add(counters.unknown, &directory::CacheCounts::unknown);
    add(counters.evicted, &directory::CacheCounts::evicted);
    counted = now;
    const std::uint64_t before = counters.kept.value();
    if (kept > before)
        counters.kept.add(kept - before);
    else
        counters.kept.subtract(before - kept);
}

}  // namespace exota::app
