// One connection from a client (Exchange Online) to a gateway, without I/O: an SMTP proxy that judges each message before the next server
// (the backend) sees DATA, and acknowledges nothing that the backend has not acknowledged.
//
//   client ─near▶ GatewaySession ─far▶ backend
//
// The parts, each a machine of its own:
//
//   smtp::Dialogue        which command is legal
//   BackendLink           the far leg up to where MAIL may be sent: dial, greeting, EHLO, TLS, who the client is   (gateway_backend.h)
//   GatewayEnvelope       MAIL and RCPT, as they were passed on and answered, to be repeated on another connection  (gateway_envelope.h)
//   GatewayMessage        what comes behind DATA: header, spool, verdict, and the message as the backend gets it    (gateway_message.h)
//   ReverseName           the client's forward-confirmed name                                                       (reverse_name.h)
//
// What is there at each point of a session:
//
//   greeted ─EHLO▶ connected ─MAIL▶ introduced, MAIL and RCPT pass ─DATA▶ message … final reply ─▶ introduced
//             (the backend is       (the backend knows          (354 is ours; the backend
//              dialled and says      whose session it is)        sees DATA when the verdict
//              what it offers)                                   is there: gateway_message.h)
//
// Tested by gateway_session_test.cc, gateway_commands_test.cc, gateway_loss_test.cc,
// gateway_smuggling_test.cc, tests/conversations/gateway_cases_test.cc and fuzz/gateway_session_fuzz.cc.
// app/gateway_front_end.cc moves the octets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "gate/client_tls.h"
#include "gate/gateway_settings.h"
#include "gate/legs.h"
#include "gate/spool.h"
#include "gate/submission.h"

namespace exota::gate {

class Judge;
class World;

/// Why a backend was given up.
enum class BackendFailure : std::uint8_t {
    unreachable,      // no connection
    late,             // it did not answer in time
    closed,           // it hung up
    refused,          // its greeting, or its reply to EHLO or STARTTLS, was no good one
    bad_reply,        // what it said is no reply, or the answer to nothing
    no_tls,           // TLS is wanted, and not offered or failed
    not_verified,     // its certificate is not the one that is wanted
    xclient_missing,  // it does not take XCLIENT with ADDR from us
    xclient_refused,  // it offers XCLIENT, and refused ours
    lacks_extension,  // what was offered to the client, another backend does not offer
    changed_answer,   // MAIL or RCPT repeated on a new connection, and answered differently
};
inline constexpr std::size_t backend_failure_count = 11;
/// "unreachable", "late", "closed", "refused", "bad-reply", "no-tls", "not-verified", "xclient-missing" …
std::string_view name_of(BackendFailure failure) noexcept;

/// What the sessions of one section on one loop share. It outlives them; its FrontEnd's texts outlive the judge.
class GatewayHouse {
public:
    virtual ~GatewayHouse() = default;
    virtual const FrontEnd& front() const noexcept = 0;
    /// For the next message of that client.
    virtual std::unique_ptr<Spool> make_spool(const std::optional<base::IpAddress>& client) = 0;
    /// The id of a transaction: letters and digits, different from all others, hard to guess.
    virtual std::string make_id() = 0;
    /// A backend was given up. Must not block. Its number is that in GatewaySettings::backend.
    virtual void backend_failed(std::size_t backend, BackendFailure why, std::string_view detail) = 0;
    /// It got as far as to be of use.
    virtual void backend_works(std::size_t backend) = 0;

    /// A message got this answer without a verdict: it broke a rule of the protocol, or the backend was lost before it. (One with a verdict
    /// is told to the judge's observer, with its delivery.)
    virtual void refused_unjudged(std::string_view id, std::string_view answered);
    /// So many text lines of a message that came to its end had more than 998 octets (RFC 5322 section 2.1.1). Told where there is one.
    virtual void long_lines(std::uint64_t lines);

    /// How long a backend may hear nothing while a message is held, before it gets a NOOP. Shortened when one was seen to close sooner.
    std::chrono::milliseconds noop_after = usual_noop;
    static constexpr std::chrono::milliseconds usual_noop{100'000};
};

/// Whose session it is. Addresses are absent where the connection is no TCP.
struct GatewayClient {
    std::optional<base::IpAddress> address, own_address;  // the client's, and the one that it connected to
    std::uint16_t port = 0, own_port = 0;
    bool spoke_first = false;  // octets had come when the connection was taken, before any greeting: 421
};

class GatewaySession {
public:
    /// @param settings  never null.
    /// @param judge, world, house  outlive the session; the judge has a snapshot.
    /// @param wake      called on the loop when a pending answer is there, from within a call or later; then call feed() of the near leg,
    ///                  possibly with nothing new.
    GatewaySession(std::shared_ptr<const GatewaySettings> settings, const GatewayClient& client, Judge& judge, World& world,
                   GatewayHouse& house, std::function<void()> wake);
    ~GatewaySession();

    /// The near leg is there (first of all), the far leg was dialled (`tls` is null); or TLS is up.
    LegStep opened(Leg leg, const LegTls* tls, LegOut& out);
    LegStep feed(Leg leg, std::string_view bytes, LegOut& out);
    /// All that was to be written to the far leg is (see LegOut::more_far).
    LegStep far_written(LegOut& out);
    /// A leg is gone; of the near one also: why we end it. `out` is the last word.
    LegStep ended(Leg leg, LegEnding why, std::string_view detail, LegOut& out);
    /// The deadline passed.
    LegStep late(LegOut& out);
    /// Of the present step; always there.
    LegDeadline deadline() const noexcept;
    /// A transaction or a message is in hand, or an answer is owed: a drain waits for it.
    bool busy() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace exota::gate
