// An event loop: one thread, one io_context, one buffer that everything on it reads into.
//
// Loops share nothing. What belongs to a loop is touched on its thread only; other threads reach it by post(). Boost.Asio is hidden
// here: files that need more than post() and Timer include it themselves and take context(). Whoever asks for the time asks the loop, so
// that a test need not wait for what takes an hour.
//
// Tested by loop_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace boost::asio {
class io_context;
}

namespace exota::net {

class Loop {
public:
    using Clock = std::chrono::steady_clock;
    /// Large enough that one read takes what Postfix writes of a message at a time, small enough to stay in the cache.
    static constexpr std::size_t read_buffer_octets = 64 * 1024;

    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Works until stop(); the calling thread is the loop's thread from then on.
    void run();
    /// Works on the calling thread until `done` says so; it is asked after each piece of work. Not together with run() and stop().
    void run_until(const std::function<bool()>& done);
    /// From any thread. What is queued may never run.
    void stop() noexcept;
    /// From any thread: runs `work` on the loop, after what is queued already.
    void post(std::function<void()> work);

    /// The time of everything that waits on the loop: the system's, and what a test skipped. On the loop.
    Clock::time_point now() const noexcept { return Clock::now() + skipped_; }
    /// For tests, on the loop: so much time is as good as over. The timers that are due by then call back as soon as they can.
    void skip(Clock::duration time);

    /// Shared by everything on the loop: valid until the next handler runs.
    std::span<char> read_buffer() noexcept;
    boost::asio::io_context& context() noexcept;

private:
    friend class Timer;
    struct Parts;
    std::unique_ptr<Parts> parts_;
    Clock::duration skipped_{};
};

/// Calls back once, on its loop. Starting again replaces what was started; destruction cancels.
class Timer {
public:
    explicit Timer(Loop& loop);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void start(std::chrono::nanoseconds delay, std::function<void()> work);
    void cancel() noexcept;

private:
    friend class Loop;
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace exota::net
