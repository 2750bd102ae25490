// An event loop: one thread, one io_context, one buffer that everything on it reads into.
//
// Loops share nothing. What belongs to a loop is touched on its thread only; other threads reach it by post(). Boost.Asio is hidden
// here: files that need more than post() and Timer include it themselves and take context().
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

    /// Shared by everything on the loop: valid until the next handler runs.
    std::span<char> read_buffer() noexcept;
    boost::asio::io_context& context() noexcept;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
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
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace exota::net
