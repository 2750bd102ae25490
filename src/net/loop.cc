#include "net/loop.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/impl/src.hpp>  // Asio itself is compiled here and nowhere else (BOOST_ASIO_SEPARATE_COMPILATION)
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace exota::net {

namespace asio = boost::asio;

struct Loop::Parts {
    asio::io_context context{1};  // one thread runs it: Asio leaves out what only several need
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::array<char, read_buffer_octets> buffer;
};

Loop::Loop() : parts_(std::make_unique<Parts>()) {}
Loop::~Loop() = default;

void Loop::run() { parts_->context.run(); }
void Loop::run_until(const std::function<bool()>& done) {
    while (!done() && parts_->context.run_one() != 0) {
    }
}
void Loop::stop() noexcept { parts_->context.stop(); }
void Loop::post(std::function<void()> work) { asio::post(parts_->context, std::move(work)); }
std::span<char> Loop::read_buffer() noexcept { return parts_->buffer; }
asio::io_context& Loop::context() noexcept { return parts_->context; }

// The state outlives the Timer until a cancelled wait has been delivered: `round` tells an old wait from the present one.
struct Timer::State {
    explicit State(asio::io_context& context) : timer(context) {}
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, asio::io_context::executor_type>
        timer;
    std::function<void()> work;
    std::uint64_t round = 0;
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}
Timer::~Timer() { cancel(); }

void Timer::start(std::chrono::nanoseconds delay, std::function<void()> work) {
    cancel();
    state_->work = std::move(work);
    state_->timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    state_->timer.async_wait([state = state_, round = state_->round](const boost::system::error_code& error) {
        if (error || round != state->round) return;
        const std::function<void()> due = std::exchange(state->work, nullptr);
        due();
    });
}

void Timer::cancel() noexcept {
    ++state_->round;
    state_->work = nullptr;
    try {
        state_->timer.cancel();
    } catch (const boost::system::system_error&) {
        // epoll and timerfd are there since the loop began; `round` keeps the callback away all the same
    }
}

}  // namespace exota::net
