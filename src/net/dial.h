// Connecting to somebody, without waiting for it. Several addresses in order are the caller's business.
//
// Tested by dial_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/address.h"
#include "net/descriptor.h"
#include "net/loop.h"

namespace exota::net {

/// A socket that is connected, or will be when it is writable. Non-blocking, closed on exec; of TCP without Nagle's delay.
/// @return  unavailable: the other side refuses at once; io: the system has no socket; too_long, invalid_data: the path.
base::Result<Descriptor> begin_connect(const Address& to);
/// Once it is writable. @return  unavailable: why it is not connected.
base::Result<void> finish_connect(int descriptor, const Address& to);

/// One attempt at a time, for who wants a socket and no session.
class Dial {
public:
    using Done = std::function<void(base::Result<Descriptor>)>;

    explicit Dial(Loop& loop);
    ~Dial();
    Dial(const Dial&) = delete;
    Dial& operator=(const Dial&) = delete;

    /// @param done  called once, on the loop, never from within start(); with the errors above, or timeout. Not after cancel(), nor after
    ///              the object is gone; it may start the next attempt, or destroy the object.
    void start(const Address& to, std::chrono::milliseconds deadline, Done done);
    void cancel() noexcept;

private:
    struct Attempt;
    Loop& loop_;
    std::shared_ptr<Attempt> attempt_;
};

}  // namespace exota::net
