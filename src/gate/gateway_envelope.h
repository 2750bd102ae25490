// MAIL and RCPT of one transaction, as they are passed to the backend: kept until the message has its final reply, because a backend that
// is lost before DATA is replaced, and then all that it had accepted is said again.
//
// Each command is, in the order in which the client gave them:
//
//   unsent ─send▶ sent ─2xx▶ accepted          told: the client has the reply; from then on any other answer than 2xx is a change
//     ▲             │ └─else─▶ (forgotten)
//     └─────────────┴── forget_connection() ── accepted
//
// Tested by gateway_envelope_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gate/legs.h"
#include "wire/smtp/client_dialogue.h"

namespace exota::gate {

class BackendLink;

class GatewayEnvelope {
public:
    /// @param command  MAIL with its CRLF. Ends what was before.
    void begin(std::string command);
    /// @param command  RCPT with its CRLF; behind begin().
    /// @param mailbox  of it, for whoever counts accepted ones.
    void add(std::string command, std::string_view mailbox);
    void clear() noexcept { commands_.clear(); }

    /// Sends what may be sent, in order.
    void send(BackendLink& link, LegOut& out);
    /// The connection is lost: nothing was said to the next one.
    void forget_connection() noexcept;

    enum class Meaning : std::uint8_t {
        news,      // to be passed to the client
        repeated,  // as before
        changed,   // what the client was told is not true any more
    };
    /// @param mailbox  set to that of an accepted recipient, if it is news; valid until the next call.
    Meaning answered(const smtp::Answer& answer, std::string_view& mailbox);
    /// Takes away the first command that the client has no reply to, because it gets one that is not the backend's.
    /// @return  whether it was MAIL.
    bool give_up_first();

    bool empty() const noexcept { return commands_.empty(); }
    bool has_mail() const noexcept { return !commands_.empty() && commands_.front().kind == smtp::Sent::mail; }
    /// Everything in it is accepted, by this connection.
    bool is_settled() const noexcept;
    /// Commands that the client waits for.
    std::size_t untold() const noexcept;
    /// One of them has been sent.
    bool awaits_answer() const noexcept;

private:
    enum class State : std::uint8_t { unsent, sent, accepted };
    struct Command {
        std::string line;
        std::size_t mailbox_at = 0, mailbox_octets = 0;
        smtp::Sent kind = smtp::Sent::mail;
        State state = State::unsent;
        bool told = false;
    };
    std::vector<Command> commands_;  // MAIL first, but for RCPTs whose MAIL was refused
};

}  // namespace exota::gate
