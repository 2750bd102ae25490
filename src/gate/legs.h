// What a session over two legs wants of whoever moves its octets, and how it says so: gate's words for what net does (net/session.h has the
// same ones), because gate does no I/O.
//
// The near leg is whoever connected to us, the far one the next server. Calls come one at a time, on one loop, never from within another.
// app/ puts the one into the other.
//
// Tested by gateway_session_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace exota::gate {

enum class Leg : std::uint8_t { near, far };

/// What a session wants. In this order: the far leg is closed without a word, another dialled, octets are written, TLS starts once they
/// are.
struct LegOut {
    std::string near, far;
    bool close_far = false;
    std::optional<std::size_t> dial;  // the far leg: number of a target that the session and its caller both know
    std::optional<Leg> start_tls;
    bool peer_waits = false;  // of feed(): who was read hears from us before he must say more (net::Out::peer_waits)
    bool more_far = false;    // far_written() is to be called when all for the far leg is written: there is more, too much for one piece

    void clear() noexcept {
        near.clear();
        far.clear();
        close_far = more_far = peer_waits = false;
        dial.reset();
        start_tls.reset();
    }
    /// Whatever was said to a far leg in this step is forgotten with it.
    void drop_far() {
        far.clear();
        close_far = true;
        dial.reset();
        more_far = false;
        if (start_tls == Leg::far) start_tls.reset();
    }
};

/// How the session goes on after a call.
enum class LegState : std::uint8_t {
    reading,  // feed more
    waiting,  // nothing of the near leg is to be fed until `wake` was called or a call for the far leg answered `reading`
    closing,  // what is in the LegOut is written, then both legs are closed
};
struct LegStep {
    std::size_t consumed = 0;  // of feed(): the rest comes again, with more behind it
    LegState state = LegState::reading;
};

/// Why a leg is gone.
enum class LegEnding : std::uint8_t {
    peer_closed,
    unreachable,  // dialling failed
    no_tls,       // TLS did not come to be
    drained,      // the near leg: we are stopping, and nothing is in hand
    other,        // the system, or a limit of ours
};

/// How long the present step may take, from when it was first named, or last named differently.
struct LegDeadline {
    std::chrono::milliseconds after{0};
    std::uint32_t step = 0;
    friend bool operator==(const LegDeadline&, const LegDeadline&) = default;
};

}  // namespace exota::gate
