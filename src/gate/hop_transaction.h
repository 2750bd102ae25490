// One transaction with a next hop: from a destination to the reply to its message.
//
//   idle ─begin▶ [leaving] ▶ searching ▶ connecting ▶ mailing, RCPT … ─data▶ data ─354▶ message ─written▶ sent ─reply▶ idle
//                   └────────────── a connection that is there and suits ──────┘
//
// Whatever fails before MAIL is answered, or refuses MAIL, is the reply to each RCPT. Recipients are answered in the order in which they
// were added; where the next hop takes PIPELINING they are told to it as they come. A connection that was there before, and is found dead
// before it answers MAIL, is replaced without a word. Searching and connecting end after `connect_timeout`, however many hosts there are;
// how long a client may be kept from the reply to a recipient, the session knows: give_up().
//
// Tested by relay_session_test.cc, relay_session_edges_test.cc and relay_faults_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/client_reply.h"
#include "gate/hop_link.h"
#include "gate/hop_search.h"
#include "gate/legs.h"
#include "gate/limits.h"
#include "mail/domain.h"
#include "wire/smtp/extensions.h"

namespace exota::gate {

namespace reply {
inline constexpr smtp::FixedReply xoorg_unannounced{451, "4.7.4", "The next server does not announce XOORG; try again"};
inline constexpr smtp::FixedReply hop_lacks_extension{451, "4.4.2", "The next server offers less than before; try again"};
}  // namespace reply

/// MAIL as our client said it, and what we say besides.
struct RelayEnvelope {
    std::string mail;                            // its argument, which was parsed before
    smtp::Extensions offered{};                  // with which it was parsed
    bool smtputf8 = false;                       // it asked for it
    std::optional<mail::Domain> organization{};  // that we would name; nullopt: none
};

class HopTransaction {
public:
    enum class Stage : std::uint8_t { idle, leaving, searching, connecting, mailing, data, message, sent, failed };

    /// All outlive it; `wake` is called on the loop when a search has ended: then advance().
    HopTransaction(std::shared_ptr<const RelaySettings> settings, World& world, MtaStsPolicies* policies, HopLink::Failed failed,
                   std::function<void()> wake);

    Stage stage() const noexcept { return stage_; }
    const Destination& destination() const noexcept { return destination_; }
    const HopLink& link() const noexcept { return link_; }
    /// Of the connection to this destination; nullptr: there was none.
    const HopFacts* facts() const noexcept { return link_destination_ == destination_ ? &link_.facts() : nullptr; }
    /// Somebody is waited for.
    bool awaits() const noexcept;
    /// How long the present step of the next hop may take; nullopt: nothing is waited for, or the search has a clock of its own.
    std::optional<std::chrono::milliseconds> step_timeout() const noexcept;
    /// Before MAIL: when all of it must have led to a connection; then late().
    std::optional<Instant> connect_until() const noexcept;
    /// When the connection had something to do for the last time.
    Instant idle_since() const noexcept { return idle_since_; }
    std::uint32_t progress() const noexcept { return link_.progress() + progress_; }

    /// Goes to where the destination is and no further, from `idle`: to see what it offers. is_prepared() tells when that is known.
    void prepare(Destination destination, LegOut& out) { start(std::move(destination), std::nullopt, out); }
    bool is_prepared() const noexcept { return stage_ == Stage::idle || stage_ == Stage::failed; }
    /// From `idle`.
    void begin(Destination destination, RelayEnvelope envelope, LegOut& out) { start(std::move(destination), std::move(envelope), out); }
    /// From `mailing` and before, or `failed`.
    /// @param argument  of a RCPT that was parsed before.
    void add_recipient(std::string argument, LegOut& out);
    /// The reply to the next recipient that has none yet, once it is known.
    std::optional<ClientReply> next_recipient_reply();
    std::size_t unanswered() const noexcept { return recipients_.size(); }
    std::size_t accepted() const noexcept { return accepted_; }
    /// Nothing is outstanding: DATA, and then in stage `message` the message. Stage `failed`: final_reply() is the answer.
    void data(LegOut& out);
    /// The message was written with its end.
    void message_written(LegOut& out);
    /// In the stages `sent` and `failed`, and where DATA was refused: the one reply to the message, once.
    std::optional<ClientReply> take_final_reply();
    enum class Connection : std::uint8_t { may_stay, must_go };
    /// The transaction comes to nothing. The connection must go where some of the message was written, and not all.
    void abort(Connection connection, LegOut& out);
    /// Ends the connection; the legs are closed with what is in `out`.
    void quit(LegOut& out) { link_.quit(out); }
    /// The connection has had nothing to do for long.
    void let_go(LegOut& out) { link_.leave(out); }

    bool says_xoorg() const noexcept { return says_xoorg_; }
    bool takes_eight_bit() const noexcept { return link_.is_ready() && link_.extensions().eight_bit_mime; }
    /// What the search left out, for the log.
    const std::string& why() const noexcept { return why_; }

    // Of the far leg.
    void opened(const LegTls* tls, LegOut& out);
    void feed(std::string_view bytes, LegOut& out);
    void ended(LegEnding ending, std::string_view detail, LegOut& out);
    void late(LegOut& out);
    /// Nothing more is waited for, whatever the stage: recipients without a reply get the one of what is late, as does DATA.
    /// @param detail  for the log.
    void give_up(std::string_view detail, LegOut& out);
    void advance(LegOut& out);

private:
    struct Recipient {
        std::string argument;
        std::optional<ClientReply> reply{};
    };

    void start(Destination destination, std::optional<RelayEnvelope> envelope, LegOut& out);
    bool link_suits() const noexcept;
    void search();
    void say_mail(LegOut& out);
    void say_recipients(LegOut& out);
    void answered(const smtp::Answer& answer, LegOut& out);
    void link_failed(const HopLink::Failure& failure);
    void fail(ClientReply reply);
    /// All that have none get this one.
    void answer_recipients(const ClientReply& reply);
    /// Said since MAIL as number `index`; nullptr: it has its reply.
    Recipient* recipient(std::size_t index) noexcept;

    std::shared_ptr<const RelaySettings> settings_;
    World& world_;
    MtaStsPolicies* policies_;
    std::function<void()> wake_;
    HopLink link_;
    Stage stage_ = Stage::idle;
    Destination destination_;
    std::optional<RelayEnvelope> envelope_;
    std::deque<Recipient> recipients_;                  // whose reply was not taken yet; others are nobody's business any more
    std::size_t told_ = 0, unsent_ = 0, accepted_ = 0;  // before them since MAIL; the first that was not said yet; accepted ones
    bool mail_answered_ = false, says_xoorg_ = false;
    bool some_unfit_ = false;  // the search left out hosts for their TLS
    bool reused_ = false;      // the connection was there before
    std::optional<ClientReply> refusal_, final_;
    std::shared_ptr<HopSearch> search_;
    std::optional<FoundHops> found_;
    std::string why_;
    std::optional<Destination> link_destination_;
    std::size_t messages_on_link_ = 0;
    Instant idle_since_{}, connect_until_{};
    std::uint32_t progress_ = 0;
};

}  // namespace exota::gate
