// A name that is looked up by a thread that may wait, but not for as long as the system likes: the call is made on a thread of its own
// (hanging_calls.h), which is left alone where it hangs.
//
// Tested by look_up_in_time_test.cc and postgres_hosts_test.cc.
#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "directory/hanging_calls.h"
#include "directory/interrupt.h"

namespace exota::directory {

/// Hears the answer on the thread that found it, for the one that waits.
template <class Value>
class Told final : public HangingCalls<Value>::Waiter {
public:
    void tell(const base::Result<Value>& answer) override {
        {
            const std::lock_guard lock(mutex_);
            answer_ = answer;
        }
        is_told_.set();
    }

    base::Result<Value> take() {
        const std::lock_guard lock(mutex_);
        return *std::move(answer_);
    }
    int descriptor() const noexcept { return is_told_.descriptor(); }  // readable once there is an answer

private:
    Interrupt is_told_;
    std::mutex mutex_;  // of the next
    std::optional<base::Result<Value>> answer_;
};

/// @param name       what is looked up; whoever asks for the same waits for the same thread.
/// @param look_up    blocks. It may be at it after this returned.
/// @param interrupt  ends the wait; may be null.
/// @return           what look_up() says. Besides: unavailable (there is no thread), timeout, closed (interrupted).
template <class Value>
base::Result<Value> look_up_in_time(const std::string& name, std::function<base::Result<Value>()> look_up, std::chrono::milliseconds time,
                                    const Interrupt* interrupt = nullptr) {
    const auto told = std::make_shared<Told<Value>>();
    if (!HangingCalls<Value>::all()->ask(name, told, std::move(look_up)))
        return base::fail(base::Errc::unavailable, name + ": there is no thread to look it up: too many hang");
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        std::array<pollfd, 2> watched{{{.fd = told->descriptor(), .events = POLLIN, .revents = 0},
                                       {.fd = interrupt != nullptr ? interrupt->descriptor() : -1, .events = POLLIN, .revents = 0}}};
        static_cast<void>(::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000))));
        if (watched[1].revents != 0) return base::fail(base::Errc::closed, "interrupted");
        if (watched[0].revents != 0) return told->take();
        if (left.count() <= 0) return base::fail(base::Errc::timeout, name + ": its name is not looked up in time");
    }
}

}  // namespace exota::directory
