// What a protocol without I/O looks like to the server that moves its octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace exota::net {

class Session {
public:
    enum class State : std::uint8_t {
        reading,  // feed more
        waiting,  // an answer is pending: nothing is fed until `wake` was called
        closing,  // what is in `out` is written, then the connection is closed
    };
    struct Step {
        std::size_t consumed = 0;  // octets that were handled; the rest comes again, with more behind it
        State state = State::reading;
    };
    virtual ~Session() = default;
    /// Handles all of `bytes` that it can; appends what is to be written to `out`.
    virtual Step feed(std::string_view bytes, std::string& out) = 0;
    /// While an answer is pending for long: appends what keeps the peer from giving up, if the protocol has such a thing.
    virtual void keep_waiting(std::string& out) { static_cast<void>(out); }
    /// Work is in hand that a drain should let finish.
    virtual bool busy() const noexcept = 0;
};

struct Peer {
    std::string address;  // "192.0.2.1:25", "unix"
    int descriptor = -1;  // the connection's; the server owns it
    bool tcp = false;
};

/// Makes the session of a new connection.
/// @param wake  to be called on the loop when a pending answer is there, from within feed() or later; not after the session is gone.
using SessionFactory = std::function<std::unique_ptr<Session>(const Peer& peer, std::function<void()> wake)>;

}  // namespace exota::net
