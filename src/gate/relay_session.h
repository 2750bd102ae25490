// One connection from an MTA to a gateway towards Exchange, without I/O: what it sends goes on to the next hop in the same transaction, and
// nothing is acknowledged that a next hop has not acknowledged. Nothing is judged.
//
//   MTA ─near▶ RelaySession ─far▶ Exchange Server, a partner, any MX
//
//   RelayEnvelope        MAIL, and what we say besides                                             (hop_transaction.h)
//   HopTransaction       one next hop: found, dialled, secured, MAIL, RCPT, DATA                    (hop_transaction.h)
//   RelayedMessage       the message, as it passes                                                  (relayed_message.h)
//   HeldDelivery         LMTP, and senders that only the header names: kept, then sent              (relay_held.h)
//
// SMTP: the first RCPT finds the next hop; a recipient who needs another one gets 452 4.5.3. LMTP: RCPT is taken for its syntax, and each
// recipient has his hop's reply behind the final dot. A client that goes behind its dot leaves the hop its time to answer, for the log.
//
// Tested by relay_session_test.cc, relay_session_edges_test.cc, relay_time_test.cc, relay_memory_test.cc, relay_tls_test.cc,
// relay_lmtp_test.cc, relay_faults_test.cc and fuzz/relay_session_fuzz.cc. app/ moves the octets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "gate/client_tls.h"
#include "gate/hop_link.h"
#include "gate/legs.h"
#include "gate/relay_settings.h"
#include "gate/spool.h"
#include "mail/reply.h"

namespace exota::gate {

class MtaStsPolicies;
struct Snapshot;
class World;

/// One delivery to one next hop, what it refused of a held message, or what came to none, for log and metrics. Views are valid during the
/// call only.
struct RelayedDelivery {
    std::string_view id;  // of the transaction, ours
    const std::optional<base::IpAddress>& client;
    std::string_view sender;        // the reverse path's mailbox; empty: the null sender
    std::string_view destination;   // the domain, or the host of a fixed next hop; empty: of none, or of a held message as a whole
    const HopFacts* hop = nullptr;  // nullptr: none was ever connected
    std::string_view xoorg;         // what was said; empty: nothing
    std::size_t recipients = 0;     // that the next hop took, and the message with them
    std::uint64_t octets = 0;       // of the message
    const mail::Reply& reply;       // the client's, or what it would have got had it not gone
    std::string_view why;           // hosts that were left out, what the spool said, that the client had gone; for people
};

/// What the sessions of one section on one loop share. It outlives them.
class RelayHouse {
public:
    virtual ~RelayHouse() = default;
    /// For the next message of that client.
    virtual std::unique_ptr<Spool> make_spool(const std::optional<base::IpAddress>& client) = 0;
    /// The id of a transaction: letters and digits, different from all others, hard to guess.
    virtual std::string make_id() = 0;
    /// By whom organisations and senders are looked up; nullptr: there is nobody, so nobody is vouched for. Asked where xoorg_for has an
    /// entry.
    virtual std::shared_ptr<const Snapshot> snapshot() = 0;
    /// A delivery has its reply. Must not block.
    virtual void relayed(const RelayedDelivery& delivery) = 0;
    /// An attempt failed; another may follow. Must not block.
    virtual void hop_failed(const HopTarget& target, HopFailure why, std::string_view detail) = 0;
    /// As GatewayHouse::long_lines.
    virtual void long_lines(std::uint64_t) {}
    /// A client that is not among `clients`.
    virtual void client_refused(const std::optional<base::IpAddress>& client) = 0;
};

/// Who speaks first: a client that does not wait for the greeting gets 421.
enum class Opening : std::uint8_t { ours, clients };

class RelaySession {
public:
    /// @param opening   the client's: octets had come when the connection was taken.
    /// @param settings  never null.
    /// @param policies  nullptr: MTA-STS is not asked for.
    /// @param world, policies, house  outlive the session.
    /// @param wake      called on the loop when something awaited is there; then call feed() of the near leg, possibly with nothing new.
    RelaySession(std::shared_ptr<const RelaySettings> settings, std::optional<base::IpAddress> client, World& world,
                 MtaStsPolicies* policies, RelayHouse& house, std::function<void()> wake, Opening opening = Opening::ours);
    ~RelaySession();

    /// The near leg is there (first of all), the far leg was dialled (`tls` is null); or TLS is up.
    LegStep opened(Leg leg, const LegTls* tls, LegOut& out);
    LegStep feed(Leg leg, std::string_view bytes, LegOut& out);
    /// All that was to be written to the far leg is (LegOut::more_far).
    LegStep far_written(LegOut& out);
    /// A leg is gone; of the near one also: why we end it. `out` is the last word.
    LegStep ended(Leg leg, LegEnding why, std::string_view detail, LegOut& out);
    /// The deadline passed.
    LegStep late(LegOut& out);
    LegDeadline deadline() const noexcept;
    /// A transaction or a message is in hand, or an answer is owed: a drain waits for it.
    bool busy() const noexcept;

    /// Whom LegOut::dial and start_tls of the far leg are about: valid in that step. The names of its HopTls are those of the certificate,
    /// the first is the one for SNI; the chain is to be kept.
    const HopTarget& target() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace exota::gate
