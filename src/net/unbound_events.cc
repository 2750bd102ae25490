#include "net/unbound_events.h"

#include <sys/time.h>
#include <unbound.h>
// libunbound's two headers do not include each other
#include <unbound-event.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/descriptor_base.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "net/loop.h"

namespace exota::net {
namespace {

namespace asio = boost::asio;

using Callback = void (*)(int, short, void*);

std::chrono::steady_clock::duration duration_of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// What the waits of one event share. Lives until the last of them was delivered, which may be after libunbound freed the event: `round`
/// tells a wait of an earlier arming from the present one.
struct Waiter : std::enable_shared_from_this<Waiter> {
    Waiter(asio::io_context& context, int descriptor, short wanted, Callback callback, void* argument)
        : socket(context), timer(context), fd(descriptor), bits(wanted), call(callback), arg(argument) {}

    void arm(const timeval* timeout) {
        disarm();
        armed = true;
        has_timeout = timeout != nullptr;
        if (timeout) limit = duration_of(*timeout);
        wait();
    }

    void disarm() {
        armed = false;
        ++round;
        timer.cancel();
        if (socket.is_open()) socket.release();  // libunbound owns the descriptor and closes it
    }

    /// Fires once. Without UB_EV_PERSIST the event is then as if never added, as libevent does it.
    void fire(short what) {
        const bool persists = (bits & UB_EV_PERSIST) != 0 && fd >= 0;
        ++round;
        timer.cancel();
        if (!persists) disarm();
        const std::uint64_t before = round;
        call(fd, what, arg);  // may re-arm, disarm or free the event
        if (persists && armed && round == before) wait();
    }

    void wait() {
        const auto self = shared_from_this();
        const auto present = round;
        if (fd >= 0 && (bits & (UB_EV_READ | UB_EV_WRITE)) != 0) {
            if (!socket.is_open()) socket.assign(fd);
            const auto on = [&](asio::posix::descriptor_base::wait_type type, short what) {
                socket.async_wait(type, [self, present, what](const boost::system::error_code& error) {
                    if (!error && self->armed && self->round == present) self->fire(what);
                });
            };
            if (bits & UB_EV_READ) on(asio::posix::descriptor_base::wait_read, UB_EV_READ);
            if (bits & UB_EV_WRITE) on(asio::posix::descriptor_base::wait_write, UB_EV_WRITE);
        }
        if (has_timeout) {
            timer.expires_after(limit);
            timer.async_wait([self, present](const boost::system::error_code& error) {
                if (!error && self->armed && self->round == present) self->fire(UB_EV_TIMEOUT);
            });
        }
    }

    asio::posix::stream_descriptor socket;
    asio::steady_timer timer;
    int fd;
    short bits;
    Callback call;
    void* arg;
    bool armed = false;
    bool has_timeout = false;
    std::chrono::steady_clock::duration limit{};
    std::uint64_t round = 0;
};

/// What libunbound holds: its header first, as the interface demands.
struct Event {
    ub_event header{};
    std::shared_ptr<Waiter> waiter;
};

Waiter& waiter_of(ub_event* event) { return *reinterpret_cast<Event*>(event)->waiter; }

void add_bits(ub_event* event, short bits) {
    waiter_of(event).disarm();
    waiter_of(event).bits = static_cast<short>(waiter_of(event).bits | bits);
}

void delete_bits(ub_event* event, short bits) {
    waiter_of(event).disarm();
    waiter_of(event).bits = static_cast<short>(waiter_of(event).bits & ~bits);
}

void set_descriptor(ub_event* event, int fd) {
    waiter_of(event).disarm();
    waiter_of(event).fd = fd;
}

void free_event(ub_event* event) {
    waiter_of(event).disarm();
    delete reinterpret_cast<Event*>(event);
}

int add(ub_event* event, timeval* timeout) {
    try {
        waiter_of(event).arm(timeout);
        return 0;
    } catch (const boost::system::system_error&) {  // out of descriptors or memory: for libunbound a failed query
        waiter_of(event).disarm();
        return -1;
    }
}

int remove(ub_event* event) {
    waiter_of(event).disarm();
    return 0;
}

int add_timer(ub_event* event, ub_event_base*, Callback callback, void* argument, timeval* timeout) {
    Waiter& waiter = waiter_of(event);
    waiter.disarm();
    waiter.call = callback;
    waiter.arg = argument;
    return add(event, timeout);
}

ub_event_vmt make_event_functions() {
    ub_event_vmt functions{};
    functions.add_bits = add_bits;
    functions.del_bits = delete_bits;
    functions.set_fd = set_descriptor;
    functions.free = free_event;
    functions.add = add;
    functions.del = remove;
    functions.add_timer = add_timer;
    functions.del_timer = remove;
    return functions;
}

}  // namespace

struct UnboundEvents::Base {
    ub_event_base header{};
    ub_event_base_vmt functions{};
    ub_event_vmt event_functions = make_event_functions();
    Loop* loop = nullptr;

    static ub_event* new_event(ub_event_base* base, int fd, short bits, Callback callback, void* argument) {
        auto* self = reinterpret_cast<Base*>(base);
        auto event = std::make_unique<Event>();
        event->header.magic = UB_EVENT_MAGIC;
        event->header.vmt = &self->event_functions;
        event->waiter = std::make_shared<Waiter>(self->loop->context(), fd, bits, callback, argument);
        return &event.release()->header;
    }
};

UnboundEvents::UnboundEvents(Loop& loop) : base_(std::make_unique<Base>()) {
    base_->functions.new_event = Base::new_event;
    base_->header.magic = UB_EVENT_MAGIC;
    base_->header.vmt = &base_->functions;
    base_->loop = &loop;
}

UnboundEvents::~UnboundEvents() = default;

ub_event_base* UnboundEvents::base() noexcept { return &base_->header; }

}  // namespace exota::net
