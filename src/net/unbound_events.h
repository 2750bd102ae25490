// libunbound's pluggable event interface on our event loop: its sockets and timers wait on Boost.Asio, so that a resolver needs no thread
// of its own and never blocks a loop.
//
// Tested by resolver_test.cc.
#pragma once

#include <memory>

struct ub_event_base;

namespace exota::net {

class Loop;

/// The event base to give to ub_ctx_create_ub_event(). Must outlive the context; both belong to the loop's thread.
class UnboundEvents {
public:
    explicit UnboundEvents(Loop& loop);
    ~UnboundEvents();
    ub_event_base* base() noexcept;

private:
    struct Base;
    std::unique_ptr<Base> base_;
};

}  // namespace exota::net
