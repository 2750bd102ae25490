// Which command is legal when: the order of an SMTP or LMTP session on the server's side (RFC 5321 section 4.1.4, RFC 2033, RFC 3207).
//
//   greeting ─greeted▶ hello ─EHLO▶ idle ─MAIL▶ transaction ─RCPT▶ … ─DATA▶ message ─message_ended▶ idle
//                        ▲──────────tls_started── starting_tls ◀STARTTLS─┘ (once)
//
// RSET and EHLO are legal anywhere and drop the transaction. The machine moves by what was answered, not by what was asked: a MAIL that
// the backend refuses opens nothing. check() says whether a command may be carried out; then accepted() or refused_recipient().
//
// Tested by dialogue_test.cc and fuzz/smtp_session_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace exota::smtp {

class Dialogue {
public:
    enum class Phase : std::uint8_t { greeting, hello, idle, transaction, message, starting_tls, over };
    struct Options {
        bool lmtp = false;
        bool starttls = false;     // is offered while TLS is not active
        bool require_tls = false;  // MAIL and what follows only under TLS: 530 5.7.0
        bool tls_active = false;   // from the first octet on
        std::size_t max_recipients = 1000;
        std::size_t max_errors = 20;
    };

    explicit Dialogue(const Options& options) noexcept : options_(options), tls_active_(options.tls_active) {}

    void greeted() noexcept { phase_ = Phase::hello; }
    /// Octets came. Before the greeting, or between STARTTLS and the TLS handshake, they are the end: 421.
    std::optional<FixedReply> octets_came() const noexcept;
    enum class Behind : std::uint8_t { nothing, octets };
    /// @param behind  this command's line: further octets were read. Behind STARTTLS they are the end: 421, in place of 220.
    /// @return        nullopt: legal. Else the reply, to be given through refused().
    std::optional<FixedReply> check(Verb verb, Behind behind = Behind::nothing) const noexcept;

    /// The command was answered by 2xx (354 for DATA, where 2xx is none).
    void accepted(Verb verb) noexcept;
    /// RCPT was answered by 4xx or 5xx of whomever.
    void refused_recipient() noexcept { recipient_tried_ = true; }
    /// Counts an error of the client: a refusal of ours for syntax, order, or what was not offered. Not for what the backend refuses.
    /// @return  the reply to give: `reply`, or 421 4.7.0 for the last error that is borne. The session is over once it is a 421.
    FixedReply refused(const FixedReply& reply) noexcept;
    /// The final reply to the message was given, whatever it was.
    void message_ended() noexcept { reset(); }
    void tls_started() noexcept;
    void end() noexcept { phase_ = Phase::over; }

    Phase phase() const noexcept { return phase_; }
    bool extended() const noexcept { return extended_; }  // the last hello was EHLO or LHLO: parameters may be used
    bool tls_active() const noexcept { return tls_active_; }
    bool in_transaction() const noexcept { return phase_ == Phase::transaction || phase_ == Phase::message; }
    std::size_t recipients() const noexcept { return recipients_; }  // accepted ones of this transaction
    std::size_t errors() const noexcept { return errors_; }

private:
    void reset() noexcept;
    std::optional<FixedReply> check_order(Verb verb) const noexcept;

    Options options_;
    Phase phase_ = Phase::greeting;
    bool tls_active_, extended_ = false, recipient_tried_ = false;
    std::size_t recipients_ = 0, errors_ = 0;
};

}  // namespace exota::smtp
