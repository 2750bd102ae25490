// What a cache counted for itself, written down where others read it (telemetry).
//
// Tested by loop_tenants_test.cc.
#pragma once

#include <cstddef>

#include "directory/cache.h"
#include "telemetry/metrics.h"

namespace exota::app {

/// @param counted  what `counters` has of it already; `now` afterwards.
/// @param kept     answers that the cache has now.
void add_counts(telemetry::Lookups& counters, directory::CacheCounts& counted, const directory::CacheCounts& now, std::size_t kept);

}  // namespace exota::app
