// What a RelaySession is made of. A part of relay_session.cc, relay_commands.cc and relay_data.cc; nobody else includes it.
//
// Tested by relay_session_test.cc, relay_session_edges_test.cc, relay_time_test.cc, relay_tls_test.cc, relay_lmtp_test.cc and
// relay_faults_test.cc.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gate/hop_transaction.h"
#include "gate/relay_held.h"
#include "gate/relay_session.h"
#include "gate/relayed_message.h"
#include "gate/world.h"
#include "gate/xoorg_cover.h"
#include "wire/smtp/command.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/line.h"

namespace exota::gate {

struct RelaySession::State {
    /// What the client waits for; nothing of it is read until then. (Replies to RCPT are awaited besides.)
    enum class Awaits : std::uint8_t {
        nothing,
        hello,     // what a fixed next hop offers
        cover,     // whether we may vouch for the sender
        data,      // 354
        message,   // the reply to the message
        delivery,  // of a held message
    };

    /// A line that waits for the replies to the RCPTs before it.
    struct Deferred {
        std::string text;
        smtp::LineFault fault;
    };

    State(std::shared_ptr<const RelaySettings> settings, std::optional<base::IpAddress> client, World& world, MtaStsPolicies* policies,
          RelayHouse& house, std::function<void()> wake, Opening opening);

    bool is_lmtp() const noexcept { return settings.protocol == RelayProtocol::lmtp; }
    LegState leg_state() const noexcept;
    void answer(const smtp::FixedReply& reply, LegOut& out) { smtp::append_reply(out.near, reply); }

    // relay_session.cc
    /// An error of the client. The last that is borne ends the session.
    void refuse(const smtp::FixedReply& reply, LegOut& out);
    /// Whatever is in hand comes to nothing. @param told  the client's last reply, or what it would have got.
    void end_session(const ClientReply& told, LegOut& out);
    /// The message was sent whole: whatever becomes of the client, the hop may have taken it.
    bool is_with_hop() const noexcept {
        return (awaits == Awaits::message || awaits == Awaits::delivery) && transaction.stage() == HopTransaction::Stage::sent;
    }
    std::size_t feed_near(std::string_view bytes, LegOut& out);
    /// After whatever happened: what is known now is told to the client.
    void settle(LegOut& out);
    /// @return  whether it is there.
    bool take_awaited(LegOut& out);
    bool may_read() const noexcept { return awaits == Awaits::nothing && dialogue.phase() != smtp::Dialogue::Phase::over; }
    /// Whose turn it is, and until when.
    struct Due {
        enum class Of : std::uint8_t { client, hop, idle_hop, cover, recipient, delivery };
        Of of = Of::client;
        Instant at{};
        friend bool operator==(const Due&, const Due&) = default;
    };
    Due next_due() const;
    /// At the end of each call: what time it is for whom.
    LegStep done(std::size_t consumed);
    void late(LegOut& out);
    /// The hop has not taken yet what was written of a message.
    bool hop_is_behind() const noexcept;

    // relay_commands.cc
    void command(const smtp::Line& line, LegOut& out);
    void carry_out(const smtp::Command& command, LegOut& out);
    void hello(const smtp::Command& command, LegOut& out);
    void answer_hello(LegOut& out);
    void mail(std::string_view argument, LegOut& out);
    void find_cover_of(const mail::Domain* sender);
    void covered(XoorgCover cover);
    void recipient(std::string_view argument, LegOut& out);
    void hold_recipient(std::string_view argument, std::optional<Destination> destination, LegOut& out);
    void relay_recipient(std::string_view argument, const Destination& destination, LegOut& out);
    void answer_recipient(const ClientReply& reply, LegOut& out);
    bool may_follow_at_once(const smtp::Command& command) const;
    /// Who pipelines says RCPT and DATA before he can know that what they stand on was refused.
    bool is_excused(smtp::Verb verb, const smtp::FixedReply& wrong);
    /// The transaction with the client comes to nothing.
    void forget_transaction(LegOut& out);

    // relay_data.cc
    void data(LegOut& out);
    void begin_message(LegOut& out);
    void read_message(std::string_view& bytes, LegOut& out);
    void message_ended(LegOut& out);
    void held_message_ended(LegOut& out);
    void deliver_held(LegOut& out);
    void tell_final(const ClientReply& reply, LegOut& out);
    /// One reply, or of LMTP one for each recipient; ends the transaction.
    void refuse_message(const smtp::FixedReply& reply, LegOut& out);
    void end_transaction(LegOut& out);
    /// What becomes of all recipients that were not refused at RCPT; once a transaction.
    void log(const ClientReply& reply, std::size_t recipients);
    void log(const HeldDelivery::Outcome& outcome, std::string why);
    std::string received_value() const;

    const std::shared_ptr<const RelaySettings> settings_kept;
    const RelaySettings& settings;
    const std::optional<base::IpAddress> client;
    const Opening opening;
    World& world;
    RelayHouse& house;
    std::function<void()> wake;
    smtp::Dialogue dialogue;
    smtp::LineReader lines;
    HopTransaction transaction;
    Awaits awaits = Awaits::nothing;
    bool near_gone = false;  // and what the hop says to its message is waited for
    std::optional<Deferred> deferred;
    std::string helo;
    smtp::Extensions offered;  // in our reply to EHLO
    smtp::Verb hello_verb = smtp::Verb::ehlo;

    // Time
    std::uint32_t near_progress = 0, written_progress = 0;  // whole lines of the client; pieces of a message that the hop took
    std::uint32_t seen_near = 0, seen_far = 0;
    Instant last_near{}, last_far{}, last_done{}, cover_asked_at{};
    Instant recipient_since{};       // the client may wait for the reply to a recipient
    Instant::duration cover_took{};  // of the transaction: the first recipient may have waited for it
    Due due{};
    LegDeadline deadline{};

    bool mail_was_refused = false;  // then RCPT and DATA that were said behind it are no errors of the client
    std::size_t excused = 0;        // such commands since MAIL

    // Of the transaction with the client:
    std::string id, sender;  // its mailbox
    RelayEnvelope envelope;
    bool held = false;                           // the message is kept before any next hop is asked
    std::optional<smtp::FixedReply> cannot;      // why no recipient can be taken
    std::vector<HeldRecipient> held_recipients;  // accepted ones
    std::optional<RelayedMessage> message;
    bool behind = false;  // the hop has octets of it to take
    std::uint64_t message_octets = 0;
    HeldContent content;
    std::optional<std::string> spool_failure;  // of writing; nothing more is kept then
    bool logged = true;
    std::optional<ClientReply> last_refusal;  // of a recipient
    std::optional<HeldDelivery> delivery;
    Instant deliver_until{};
    std::shared_ptr<char> cover_asked;  // the answer to this question is waited for
    std::optional<XoorgCover> found_cover;
};

}  // namespace exota::gate
