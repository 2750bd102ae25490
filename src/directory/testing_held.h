// For the tests of sources whose tenants are held (held_tenants.h): what was seen of them, told on their thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "directory/held_tenants.h"

namespace exota::directory::testing {

/// Where it passes, something hangs.
inline constexpr std::chrono::seconds long_time{60};

struct SeenOfSource {
    std::mutex mutex;  // of all below, and of what a test adds
    std::condition_variable changed;
    std::vector<std::shared_ptr<const tenant::Index>> given;
    std::vector<std::string> warnings;
    int troubles = 0;
    int index_throws = 0, trouble_throws = 0;  // so often, as where there is no memory

    template <class Change>
    void with(Change change) {
        {
            const std::lock_guard lock(mutex);
            change();
        }
        changed.notify_all();
    }
    /// @return  false: it never was so.
    template <class Condition>
    bool becomes(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, long_time, condition);
    }
    bool covers(const std::string& domain) {
        return becomes([&] { return !given.empty() && given.back()->covering(domain); });
    }
    /// Usual defaults, a status, and all that is told.
    void watch(HeldTenants::Options& held) {
        held.defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
        held.status = std::make_shared<SourceStatus>(held.max_stale);
        held.on_index = [this](std::shared_ptr<const tenant::Index> index, const std::vector<tenant::Problem>&) {
            with([&] {
                throw_if(index_throws);
                given.push_back(std::move(index));
            });
        };
        held.on_warning = [this](const std::string& text) { with([&] { warnings.push_back(text); }); };
        held.on_trouble = [this] {
            with([&] {
                throw_if(trouble_throws);
                ++troubles;
            });
        };
    }

private:
    static void throw_if(int& left) {
        if (left == 0) return;
        --left;
        throw std::bad_alloc();
    }
};

}  // namespace exota::directory::testing
