// Loading beside the running daemon: on a thread of its own, one at a time, and what is replaced is freed as soon as nobody judges by it.
//
// So at any time there are in memory: what is in use, what is being loaded, and what messages in hand began with. A thread that the
// system does not give (a container's limit on processes) is an error like a bad file, and never the end of the daemon.
//
// Tested by reloader_test.cc and daemon_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "app/loading.h"
#include "base/result.h"
#include "net/loop.h"

namespace exota::app {

/// Why something is read anew.
enum class Cause : std::uint8_t { signal, config_file, tenants_file, endpoints_file, door_file };
/// Configuration and all that it names, not one file.
constexpr bool is_whole(Cause cause) noexcept { return cause <= Cause::config_file; }
std::string_view name_of(Cause cause) noexcept;  // in the log: "tenants-file"

/// Throws what std::thread throws when there is no thread to be had.
using ThreadStarter = std::function<std::thread(std::function<void()>)>;

/// Lives on the control loop.
class Reloader {
public:
    /// @param start_thread  empty: std::thread.
    Reloader(net::Loop& control, ThreadStarter start_thread);
    ~Reloader();
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    /// Only while none runs. An exception of `load` (no memory for a second set of tenants) becomes a problem of what is loaded.
    /// @param load  runs on a thread of its own.
    /// @param done  called on the loop when that thread is gone.
    /// @return      unavailable: there is no thread to be had; neither is called.
    base::Result<void> start(std::function<Loaded()> load, std::function<void(Loaded)> done);

private:
    net::Loop& control_;
    ThreadStarter start_thread_;
    std::thread thread_;
};

/// Snapshots that are no longer in force, until no message is judged by them. To free a million domains takes milliseconds, which no
/// message shall wait for: so the last owner is this, on the control loop.
class RetiredSnapshots {
public:
    using Clock = std::chrono::steady_clock;
    /// So many that somebody has at least, and those that come by themselves come one each `apart`, whoever holds on to them.
    static constexpr std::size_t crowd = 4;
    static constexpr std::chrono::seconds apart{5};

    void add(std::shared_ptr<const gate::Snapshot> snapshot, Clock::time_point now = Clock::now()) {
        held_.push_back(std::move(snapshot));
        last_ = now;
    }
    /// Another one may be retired by what could as well come later.
    bool has_room(Clock::time_point now) const noexcept { return held_.size() < crowd || now - last_ >= apart; }
    /// Frees those that nobody else has.
    /// @return  how many are left.
    std::size_t free_unused();

private:
    std::vector<std::shared_ptr<const gate::Snapshot>> held_;
    Clock::time_point last_{};
};

/// For the start of a daemon: the tables of a million domains are mapped, and unmapped when a reload has replaced them. Left alone, the
/// allocator would learn from the first such set to keep them, and memory would stay at twice the tables for good.
void give_large_blocks_back() noexcept;
/// After a reload: what the loading thread's part of the allocator still keeps goes back to the system.
void give_free_memory_back() noexcept;

}  // namespace exota::app
