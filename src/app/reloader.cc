#include "app/reloader.h"

#include <malloc.h>
#include <sys/resource.h>

#include <exception>
#include <string>
#include <utility>

namespace exota::app {

namespace {

constexpr int niceness = 10;

Loaded load_or_say_why(const std::function<Loaded()>& load) {
    try {
        return load();
    } catch (const std::exception& error) {
        return failed_load(error.what());
    }
}

}  // namespace

std::string_view name_of(Cause cause) noexcept {
    switch (cause) {
        case Cause::signal:
            return "signal";
        case Cause::config_file:
            return "config-file";
        case Cause::tenants_file:
            return "tenants-file";
        case Cause::endpoints_file:
            return "endpoints-file";
        case Cause::door_file:
            return "door-file";
    }
    return {};
}

Reloader::Reloader(net::Loop& control, ThreadStarter start_thread) : control_(control), start_thread_(std::move(start_thread)) {
    if (!start_thread_) start_thread_ = [](std::function<void()> work) { return std::thread(std::move(work)); };
}

Reloader::~Reloader() {
    if (thread_.joinable()) thread_.join();
}

base::Result<void> Reloader::start(std::function<Loaded()> load, std::function<void(Loaded)> done) {
    const auto loaded = std::make_shared<Loaded>();
    std::function<void()> finish = [this, loaded, done = std::move(done)] {
        thread_.join();
        done(std::move(*loaded));
    };
    try {
        thread_ = start_thread_([this, loaded, load = std::move(load), finish = std::move(finish)]() mutable {
            // Messages go first where processors are scarce (who = 0 is this thread, on Linux).
            static_cast<void>(::setpriority(PRIO_PROCESS, 0, niceness));
            *loaded = load_or_say_why(load);
            control_.post(std::move(finish));
        });
    } catch (const std::exception& error) {  // std::system_error, or no memory for a thread
        return base::fail(base::Errc::unavailable, std::string("there is no thread to load them: ") + error.what());
    }
    return {};
}

std::size_t RetiredSnapshots::free_unused() {
    std::erase_if(held_, [](const auto& snapshot) { return snapshot.use_count() == 1; });
    return held_.size();
}

void give_large_blocks_back() noexcept {
    constexpr int large_octets = 128 * 1024;                     // where glibc begins
    static_cast<void>(mallopt(M_MMAP_THRESHOLD, large_octets));  // without it only more memory is used
}

void give_free_memory_back() noexcept { static_cast<void>(malloc_trim(0)); }

}  // namespace exota::app
