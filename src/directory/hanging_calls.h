// Calls of the system that may never return (a name that is looked up), on threads for which nobody waits.
//
//   ask ─┬─ somebody is at the same ──────────────────▶ wait with the others ─┐
//        └─ nobody is, or for too long ─▶ one more thread ────────────────────┴─▶ all who wait are told
//
// Neither who asked nor the end of the process waits for a thread that hangs; what it finds in the end is told whoever waits then. So that
// there are not more and more of them, who asks again joins the one that is at it; that one is given up after a while, as the next may be
// answered, and their number has an end.
//
// From any thread. Tested by hanging_calls_test.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"

namespace exota::directory {

template <class Value>
class HangingCalls : public std::enable_shared_from_this<HangingCalls<Value>> {
public:
    using Clock = std::chrono::steady_clock;
    using Answer = base::Result<Value>;
    /// A thread that is at it for longer is joined by nobody, where there may be another one.
    static constexpr std::chrono::seconds given_up_after{60};
    /// At the same, and in all.
    static constexpr std::size_t most_threads_each = 4, most_threads = 32;

    class Waiter {
    public:
        Waiter() = default;
        virtual ~Waiter() = default;
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        /// Once, on a thread of its own.
        virtual void tell(const Answer& answer) = 0;
    };

    /// Of the process; its threads may outlive everything else.
    static const std::shared_ptr<HangingCalls>& all() {
        static const auto all = std::make_shared<HangingCalls>();
        return all;
    }

    /// @param waiter  told unless it is gone by then.
    /// @param call    blocks; what it throws is the answer `unavailable`.
    /// @return        false: there is no thread for it, and nothing will be told.
    bool ask(const std::string& key, const std::shared_ptr<Waiter>& waiter, std::function<Answer()> call,
             Clock::time_point now = Clock::now()) {
        const std::lock_guard lock(mutex_);
        Same& same = under_way_[key];
        std::erase_if(same.waiting, [](const std::weak_ptr<Waiter>& each) { return each.expired(); });
        same.waiting.push_back(waiter);
        const bool is_fresh = same.began && now - *same.began < given_up_after;
        if (same.threads > 0 && (is_fresh || same.threads >= most_threads_each || threads_ >= most_threads)) return true;
        try {
            if (threads_ < most_threads) {
                std::thread([self = this->shared_from_this(), key, call = std::move(call)] { self->work(key, call); }).detach();
                ++threads_;
                ++same.threads;
                same.began = now;
            }
        } catch (const std::exception&) {  // no thread, no memory: one that is at it may yet find something
        }
        if (same.threads > 0) return true;
        under_way_.erase(key);
        return false;
    }

private:
    struct Same {
        std::vector<std::weak_ptr<Waiter>> waiting;
        std::size_t threads = 0;
        std::optional<Clock::time_point> began;  // the last of them; nullopt: that one is through
    };

    void work(const std::string& key, const std::function<Answer()>& call) {
        Answer answer = base::fail(base::Errc::unavailable, "no memory");
        try {
            answer = call();
        } catch (const std::exception&) {  // as it is
        }
        std::vector<std::weak_ptr<Waiter>> waiting;
        {
            const std::lock_guard lock(mutex_);
            --threads_;
            const auto same = under_way_.find(key);
            waiting.swap(same->second.waiting);
            same->second.began.reset();
            if (--same->second.threads == 0) under_way_.erase(same);
        }
        for (const std::weak_ptr<Waiter>& each : waiting) try {
                if (const std::shared_ptr<Waiter> waiter = each.lock()) waiter->tell(answer);
            } catch (const std::exception&) {  // no memory: who waits has a time limit of his own, as for a thread that hangs
            }
    }

    std::mutex mutex_;  // of these two
    std::map<std::string, Same> under_way_;
    std::size_t threads_ = 0;
};

}  // namespace exota::directory
