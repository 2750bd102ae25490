// What a protocol without I/O looks like to who moves its octets.
//
// A session has a near leg (whoever connected to us), and may dial a far one. It is a machine: each call tells it one thing, it answers
// with what is to be written and done. Calls come one at a time, on the loop of the connection, never from within another.
//
// Tested by server_test.cc, legs_test.cc, legs_gone_test.cc and legs_tls_test.cc.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace exota::net {

class TlsContext;
struct TlsFacts;

enum class Leg : std::uint8_t { near, far };

/// Why a leg, or the whole connection, ended.
enum class Ending : std::uint8_t {
    peer_closed,    // the peer hung up
    session_ended,  // the protocol came to its end, or was broken
    idle,           // nothing was said, or nothing was read, for idle_timeout
    too_much,       // partial frames above the limit
    made_room,      // idle, while another wanted its place
    failed,         // the system, or TLS, reports an error
    drained,        // we are stopping
    late,           // the deadline of a step passed
    cleartext,      // octets in the clear behind the start of TLS
    no_tls,         // the TLS handshake failed
    unreachable,    // the far leg: dialling failed
};
inline constexpr std::size_t ending_count = 11;
inline constexpr std::array<std::string_view, ending_count> ending_names{
    "peer-closed", "session-ended", "idle", "too-much", "made-room", "failed", "drained", "late", "cleartext", "no-tls", "unreachable"};

/// How a leg goes on under TLS, once what was to be written to it is written.
struct StartTls {
    Leg leg = Leg::near;
    std::shared_ptr<const TlsContext> context;  // a server's for the near leg, a client's for the far one
    // Of a client:
    std::string server_name;                   // SNI; empty: none
    std::vector<std::string> reference_names;  // whom PeerCertificate::name_matches compares with
    bool keep_chain = false;                   // fills PeerCertificate::chain
};

/// What a session wants. In this order: the far leg is closed, another dialled, octets are written, TLS starts.
struct Out {
    std::string near, far;        // octets; what is for a leg that is not there is dropped, for one being dialled or secured it waits
    bool close_far = false;       // without a word
    std::optional<Address> dial;  // the far leg, instead of one that is open; how long that may take is `deadline`
    std::optional<StartTls> start_tls;
    bool more_far = false;  // written() is to be called when nothing for the far leg is left to be written
    bool end_near = false;  // nothing more follows on the near leg: once all is written its peer reads the end, and may still speak
    /// Of feed(): who was read hears from us before he must say more: an answer is on its way that will carry the acknowledgement, or he
    /// owes us nothing. So what he said need not be acknowledged at once, though it is left unanswered.
    bool peer_waits = false;

    bool is_near_alone() const noexcept { return far.empty() && !close_far && !dial && !start_tls && !more_far && !end_near; }
    void clear() noexcept {
        near.clear();
        far.clear();
        close_far = more_far = end_near = peer_waits = false;
        dial.reset();
        start_tls.reset();
    }
};

/// How long the present step may take: from when it was first named, or last named differently. So a session gives each step a number, and
/// octets that complete nothing extend nothing.
struct Deadline {
    std::chrono::milliseconds after{0};
    std::uint32_t step = 0;
    friend bool operator==(const Deadline&, const Deadline&) = default;
};

class Session {
public:
    enum class State : std::uint8_t {
        reading,  // feed more
        waiting,  // an answer is pending: nothing of the near leg is fed until `wake` was called, or the far leg's step says `reading`
        closing,  // what is in `out` is written, then both legs are closed
    };
    struct Step {
        std::size_t consumed = 0;  // octets of feed() that were handled; the rest comes again, with more behind it
        State state = State::reading;
    };
    virtual ~Session() = default;
    /// Handles all of `bytes` that it can; appends what is to be written to `out`. Not called while the other leg has more than
    /// `max_unsent_octets` to be written, nor of the near leg while that one has any. What follows on the leg whose TLS starts must not
    /// be left over: octets in the clear end the connection (`cleartext`).
    virtual Step feed(Leg leg, std::string_view bytes, Out& out) = 0;
    /// The near leg is there (first of all), the far leg was dialled (`tls` is null); or TLS is up.
    virtual Step opened(Leg leg, const TlsFacts* tls, Out& out);
    /// What was to be written to the far leg has been, so the next piece of what is too much for one can follow (Out::more_far). Said once
    /// each time that it is asked for; not if that leg ends before.
    virtual Step written(Out& out);
    /// A leg is gone. Of the near one also, when nothing of it is left to be decided, why we end the connection; what is in `out` then is
    /// the last word, written as far as it goes at once.
    /// @param detail  for people.
    /// @return        anything but `closing`: the other leg goes on.
    virtual Step ended(Leg leg, Ending why, std::string_view detail, Out& out);
    /// The deadline of its step passed; for a session without one: its answer is pending for long (`keep_waiting_interval`).
    virtual Step late(Out& out);
    /// Asked when it is made, and only if it has one then after each of the calls above. nullopt: the idle time-out alone.
    virtual std::optional<Deadline> deadline() const;
    /// Work is in hand that a drain should let finish.
    virtual bool busy() const noexcept = 0;
};

/// Octets waiting to be written to one leg above which the other is not read. What one feed() writes comes on top.
inline constexpr std::size_t max_unsent_octets = std::size_t{256} * 1024;

struct Peer {
    Address address;
    int descriptor = -1;  // the connection's; the server owns it
    bool tcp() const noexcept { return address.is_tcp(); }
};

/// Makes the session of a new connection; null: the connection is closed.
/// @param wake  to be called on the loop when a pending answer is there, from within a call or later; not after the session is gone.
using SessionFactory = std::function<std::unique_ptr<Session>(const Peer& peer, std::function<void()> wake)>;

}  // namespace exota::net
