// The other side of the dialogue: what may be sent to a next server when, and which command a reply of its answers.
//
//   greeting ─220▶ fresh ─hello▶ ready ─MAIL▶ transaction ─DATA, 354▶ message ─dot▶ ready
//                    ▲──220── XCLIENT ──┘
//                    ▲──tls_started── starting_tls ◀─220 STARTTLS
//
// Where PIPELINING is offered, RCPT may follow MAIL and RCPT before they are answered, and RSET may follow both. DATA never does: the
// verdict is waited for anyway, and a server that took no recipient must not be given a message.
//
// A reply that nobody waits for, or of a kind that its command cannot have, is an error: from there on replies would be taken for those of
// other commands, and a message for accepted that was not. 421 is legal at any time and the end.
//
// Tested by client_dialogue_test.cc and fuzz/smtp_reply_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "wire/smtp/extensions.h"
#include "wire/smtp/reply_reader.h"

namespace exota::smtp {

enum class Sent : std::uint8_t { greeting, ehlo, helo, starttls, xclient, mail, rcpt, data, message, rset, noop, quit, nothing };

struct Answer {
    Sent to = Sent::nothing;    // greeting: it is the server's first reply; nothing: a 421 unasked
    std::size_t recipient = 0;  // of rcpt: the how-manieth since MAIL, from 0
    ServerReply reply;
    bool accepted = false;
    bool closing = false;  // 421: the server ends the session; nothing more may be sent
};

enum class ClientFault : std::uint8_t { bad_reply, unexpected_reply, wrong_kind_of_reply, octets_behind_starttls };
std::string_view name_of(ClientFault fault) noexcept;

class ClientDialogue {
public:
    enum class Phase : std::uint8_t { greeting, fresh, ready, transaction, message, starting_tls, over };
    /// Replies that may be waited for at once.
    static constexpr std::size_t max_outstanding = 1100;

    ClientDialogue() : outstanding_{Sent::greeting} {}

    bool may_send(Sent command) const noexcept;
    /// The command was written (message: the whole of it with its dot). It must be one that may be sent.
    void sent(Sent command);

    /// Takes octets off the front of `bytes`, up to the end of the first reply.
    /// @return  nullopt: `bytes` is used up. After an error the connection is of no further use.
    std::expected<std::optional<Answer>, ClientFault> next(std::string_view& bytes);
    /// Of the error bad_reply.
    ReplyFault reply_fault() const noexcept { return reply_fault_; }
    void tls_started() noexcept;

    Phase phase() const noexcept { return phase_; }
    const Extensions& extensions() const noexcept { return extensions_; }  // of the last EHLO that was accepted
    bool tls_active() const noexcept { return tls_active_; }
    std::size_t outstanding() const noexcept { return outstanding_.size(); }
    std::size_t accepted_recipients() const noexcept { return accepted_recipients_; }  // of this transaction

private:
    std::expected<Answer, ClientFault> answered(ServerReply reply);
    void take(const Answer& answer);
    void forget_hello() noexcept;
    void end_transaction() noexcept;

    ReplyReader reader_;
    std::deque<Sent> outstanding_;
    Phase phase_ = Phase::greeting;
    Extensions extensions_;
    bool tls_active_ = false;
    ReplyFault reply_fault_ = ReplyFault::no_reply;
    std::size_t answered_recipients_ = 0, accepted_recipients_ = 0;
};

}  // namespace exota::smtp
