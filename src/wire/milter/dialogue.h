// Which command is legal when: the order of a milter dialogue.
//
//   negotiation ─OPTNEG▶ connection ─CONNECT▶ idle ─MAIL▶ envelope ─DATA▶ data ─HEADER▶ header ─EOH, BODY▶ body ─EOM▶ idle
//
// Steps may be left out where another step follows (DATA, EOH, BODY are negotiated away; a message may have no header), but never CONNECT
// or MAIL: evidence would be taken from the client or the message before. MAIL and HELO within a message end it, as they do in SMTP
// (RFC 5321 section 4.1.4); so does ABORT, at any time. MACRO is legal at any time after the negotiation.
//
// Tested by dialogue_test.cc.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "wire/milter/protocol.h"

namespace exota::milter {

class Dialogue {
public:
    enum class Phase : std::uint8_t { negotiation, connection, idle, envelope, data, header, body, over };

    /// Takes the step, or says that the command is out of order; then the phase stays.
    std::expected<void, ProtocolError> take(Command command) noexcept;

    Phase phase() const noexcept { return phase_; }
    bool in_message() const noexcept { return phase_ >= Phase::envelope && phase_ <= Phase::body; }

private:
    Phase phase_ = Phase::negotiation;
};

}  // namespace exota::milter
