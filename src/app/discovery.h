// Discovery for onboarding (docs/reference/settings.md, [discovery]): what messages of authors without a tenant showed is collected, and
// kept in a file over restarts, for `exota tenant candidates`. Nothing that judges reads any of it.
//
// The loops only hand over: a short queue under a mutex, from which a thread of its own takes, counts (tenant/candidates.h) and writes.
// What finds no room in the queue is dropped and counted: the next message will show the same. The file is replaced as a whole, no more
// often than `write_every`, and once more at the end. A file that cannot be used is told of and made anew; one that cannot be written is
// tried again.
//
// Tested by discovery_test.cc, fuzz/candidates_fuzz.cc and tests/system/test_discovery.py.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "telemetry/metrics.h"
#include "tenant/candidates.h"
#include "tenant/index.h"

namespace exota::telemetry {
class Log;
}

namespace exota::app {

struct DiscoverySettings {
    std::string file;
    tenant::CandidateLimits limits = {};
    std::size_t queue = 1000;  // sightings that wait for the thread, of all loops
    std::chrono::milliseconds write_every{10'000};
};

class Discovery {
public:
    /// @param log  outlives this object.
    Discovery(DiscoverySettings settings, telemetry::Log& log);
    ~Discovery();
    Discovery(const Discovery&) = delete;
    Discovery& operator=(const Discovery&) = delete;

    /// By one thread at a time. Candidates whom these tenants cover are candidates no more.
    /// @param tenants  nullptr: they are not known as a whole.
    /// At the first call the file is read and the thread begins; where there is no thread, that is told and tried again with the next call.
    void use(std::shared_ptr<const tenant::Index> tenants);
    /// By the same thread: nothing is noted until the next use().
    void pause() noexcept { wanted_ = false; }

    /// By the same thread: takes what was noted, writes what is not in the file yet, ends the thread. Blocks. At the latest the
    /// destructor's.
    void end();

    /// From any thread.
    void note(tenant::Sighting&& sighting);
    /// From any thread. nullopt: it was never wanted.
    std::optional<telemetry::Metrics::CandidateSamples> samples() const;

private:
    void run();
    // Of the thread:
    void load();
    void take(const std::vector<tenant::Sighting>& sightings);
    void remove_tenants(const tenant::Index& tenants);
    void write();
    void count();

    const DiscoverySettings settings_;
    telemetry::Log& log_;
    std::atomic<bool> wanted_{false};
    std::atomic<bool> was_wanted_{false};  // there is a thread
    std::atomic<std::uint64_t> recorded_{0}, dropped_{0}, displaced_{0}, write_failures_{0};
    std::atomic<std::size_t> known_{0}, conflicting_{0};

    mutable std::mutex mutex_;  // of these four
    std::condition_variable news_;
    std::vector<tenant::Sighting> queue_;
    std::shared_ptr<const tenant::Index> tenants_;  // not looked at yet
    bool ends_ = false;

    tenant::Candidates candidates_;  // the thread's
    bool is_unwritten_ = false, failed_ = false;
    std::chrono::steady_clock::time_point write_at_{};
    std::thread thread_;
};

/// Blocks.
/// @return  not_found, io, too_long: the file cannot be read; unavailable: it changed meanwhile; invalid_data: it is none, or altered. The
///          detail begins with the path.
base::Result<tenant::Candidates> load_candidates(const std::string& file, tenant::CandidateLimits limits = {});

}  // namespace exota::app
