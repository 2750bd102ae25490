// One connection from the MTA, from option negotiation to QUIT, without I/O: octets in, octets out.
//
// Tested by milter_session_test.cc, milter_session_edges_test.cc, milter_session_burst_test.cc, milter_inbound_test.cc,
// session_memory_test.cc, tests/cases and fuzz/session_fuzz.cc. app/milter_front_end.cc moves the octets.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gate/submission.h"

namespace exota::gate {

class Judge;

class MilterSession {
public:
    enum class State : std::uint8_t {
        reading,  // feed more
        waiting,  // a verdict is pending: feed nothing until `wake` was called
        closing,  // write what is in `out`, then close
    };
    struct Step {
        std::size_t consumed = 0;  // octets of whole frames that were handled; keep the rest for the next call
        State state = State::reading;
    };

    /// @param wake  called from the loop when a pending verdict is there; then call feed() again (possibly with nothing new).
    /// @param door  inbound: clients and recipients are refused, too, each RCPT with an answer of its own.
    MilterSession(Judge& judge, std::function<void()> wake, Door door = Door::relay);
    ~MilterSession();

    /// Handles every whole frame in `bytes`; appends what is to be written to `out`. Protocol errors are told to the judge's observer
    /// and end in `closing`; then nothing more is to be fed.
    Step feed(std::string_view bytes, std::string& out);

    /// While a verdict is pending: appends the frame that keeps the MTA's clock from running out. Call it every few seconds.
    void keep_waiting(std::string& out) const;

    /// A message is under way: a drain waits for its end. Between messages the connection can be closed without harm.
    bool in_message() const noexcept;

private:
    struct State_;
    std::unique_ptr<State_> state_;
};

}  // namespace exota::gate
