#include "net/loop.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/impl/src.hpp>  // Asio itself is compiled here and nowhere else (BOOST_ASIO_SEPARATE_COMPILATION)
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <utility>

namespace exota::net {

namespace asio = boost::asio;

using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// The state outlives the Timer until a cancelled wait has been delivered: `round` tells an old wait from the present one. While it runs it
// is in the list of its loop.
struct Timer::State : Hook, std::enable_shared_from_this<State> {
    explicit State(Loop& on) : loop(on), timer(on.context()) {}
    /// Until the expiry that is set.
    void wait() {
        timer.async_wait([state = shared_from_this(), present = ++round](const boost::system::error_code& error) {
            if (error || present != state->round) return;
            state->unlink();
            const std::function<void()> due = std::exchange(state->work, nullptr);
            due();
        });
    }

    Loop& loop;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, asio::io_context::executor_type>
        timer;
    std::function<void()> work;
    std::uint64_t round = 0;
};

struct Loop::Parts {
    boost::intrusive::list<Timer::State, boost::intrusive::base_hook<Hook>, boost::intrusive::constant_time_size<false>> running;
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
void Loop::skip(Clock::duration time) {
    skipped_ += time;
    for (Timer::State& running : parts_->running) {
        running.timer.expires_at(running.timer.expiry() - time);
        running.wait();
    }
}

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop)) {}
Timer::~Timer() { cancel(); }

void Timer::start(std::chrono::nanoseconds delay, std::function<void()> work) {
    cancel();
    state_->work = std::move(work);
    state_->timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    state_->wait();
    state_->loop.parts_->running.push_back(*state_);
}

void Timer::cancel() noexcept {
    ++state_->round;
    state_->unlink();
    state_->work = nullptr;
    try {
        state_->timer.cancel();
    } catch (const boost::system::system_error&) {
        // epoll and timerfd are there since the loop began; `round` keeps the callback away all the same
    }
}

}  // namespace exota::net
