// What a GatewaySession is inside; for its own files only:
//
//   gateway_session.cc    events, time, what the caller is told
//   gateway_commands.cc   what the client says
//   gateway_delivery.cc   what the backend is told and says, and what becomes of a message
//
// advance() is the one place that moves on: it is called after every event, looks at what is wanted and what is there, and does the next
// thing. So whoever handles an event only notes what it changes.
#pragma once

#include "gate/doorkeeper.h"
#include "gate/gateway_backend.h"
#include "gate/gateway_envelope.h"
#include "gate/gateway_message.h"
#include "gate/gateway_session.h"
#include "gate/judge.h"
#include "gate/message.h"
#include "gate/reverse_name.h"
#include "gate/world.h"
#include "wire/smtp/command.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/line.h"

namespace exota::gate {

/// Commands of the client that wait for the backend's answers at once; what comes behind is read later.
inline constexpr std::size_t max_untold_commands = 100;

struct GatewaySession::State {
    State(std::shared_ptr<const GatewaySettings> from_settings, const GatewayClient& whose, Judge& of_loop, World& of_world,
          GatewayHouse& of_house, std::function<void()> wake_session);

    // gateway_session.cc
    /// Once it is known whether an inbound door refuses the client.
    void greet(LegOut& out);
    bool refuse_client(LegOut& out);
    void near_secured(const LegTls& facts);
    void near_fed(std::string_view& bytes, LegOut& out);
    void far_fed(std::string_view bytes, LegOut& out);
    void go_on(LegOut& out);
    void far_ended(LegEnding why, std::string_view detail, LegOut& out);
    void near_is_gone(LegEnding why, LegOut& out);
    bool is_busy() const noexcept;
    /// What the client said gets an answer, whatever else it says.
    /// @param left  of it, what could not be taken yet.
    bool owes_answer(std::string_view left) const noexcept;
    /// The client gets `last`, if anything, and both legs are closed.
    void close(LegOut& out, const smtp::FixedReply* last = nullptr);
    LegState near_state() const noexcept;
    LegStep done(std::size_t consumed);
    struct Due {
        Instant at;
        enum class Of : std::uint8_t { near, far, noop } of = Of::near;
    };
    Due next_due() const;
    void late(LegOut& out);

    // gateway_commands.cc
    struct Held {
        std::string text;
        smtp::LineFault fault = smtp::LineFault::none;
        bool more = false;  // octets stood behind it
    };
    /// Takes lines until one has to wait, a message begins, or `bytes` is used up.
    void take_commands(std::string_view& bytes, LegOut& out);
    /// @return  false: it has to wait until the backend has answered what was said before.
    bool take_line(std::string_view text, smtp::LineFault fault, bool more, LegOut& out);
    /// DATA, RSET, QUIT and STARTTLS.
    void take_without_argument(const smtp::Command& command, LegOut& out);
    bool take_recipient_early(const smtp::Command& command, LegOut& out);
    /// An inbound door: @return  false: RCPT has to wait until the directory has said whose the recipient's domain is.
    bool knows_host(const smtp::Command& command);
    /// An inbound door: @return  the recipient is refused, and the client told so.
    bool refuse_recipient(std::string_view recipient, LegOut& out);
    void answer(const smtp::FixedReply& reply, LegOut& out) const { smtp::append_reply(out.near, reply); }
    void refuse(const smtp::FixedReply& reply, LegOut& out);
    void hello(const smtp::Command& command, LegOut& out);
    void answer_hello(LegOut& out);
    void mail(const smtp::Command& command, LegOut& out);
    void recipient(const smtp::Command& command, LegOut& out);
    /// The backend is to be asked for it.
    void pass_on(const smtp::Recipient& recipient);
    void data(LegOut& out);
    void start_tls(LegOut& out);
    bool announces_xoorg() const;
    evidence::Session session_facts() const;
    std::string received_value() const;

    // gateway_delivery.cc
    void advance(LegOut& out);
    bool wants_backend() const noexcept;
    /// What the backend knows of a message that it will not get is ended.
    void abandon(LegOut& out);
    /// @return  the backend knows the client, and MAIL may be said.
    bool prepare(LegOut& out);
    smtp::XclientFacts xclient_facts() const;
    void failed(const BackendLink::Failure& failure, LegOut& out);
    void answered(const smtp::Answer& answer, LegOut& out);
    void answered_command(const smtp::Answer& answer, LegOut& out);
    void backend_has_ended(const smtp::ServerReply& with, LegOut& out);
    void tell_untold(const smtp::FixedReply& reply, LegOut& out);
    /// The message under way gets this answer: now, or when the client has said all of it.
    void conclude(FinalAnswer with, LegOut& out);
    void give_answer(const FinalAnswer& last, LegOut& out);
    /// What became of a message that was judged. @return  false: it was not.
    bool tell_delivery(std::string_view answered);
    /// MAIL came to nothing: what follows it is no error of the client.
    void note_mail_refused();
    /// The transaction is over or was dropped.
    void forget_transaction();

    const std::shared_ptr<const GatewaySettings> settings;
    const GatewayClient client;
    Judge& judge;
    World& world;
    GatewayHouse& house;
    std::function<void()> wake;

    // The client
    std::optional<Doorkeeper> keeper;  // of an inbound door
    bool greeted = false;
    smtp::Dialogue dialogue;
    smtp::LineReader lines;
    std::optional<Held> held;
    std::optional<LegTls> tls;
    std::string helo;
    smtp::Extensions offered;              // in the last EHLO's reply
    smtp::Extensions told_backend;         // of them what it may be told: our SIZE is no extension of its
    std::uint64_t message_octets = 0;      // the smaller of our limit and the backend's; 0: none
    std::optional<smtp::Verb> owed_hello;  // waits for the backend
    bool smtputf8 = false;                 // MAIL asked for it
    bool mail_was_refused = false;         // then RCPT and DATA that were said behind it are no errors of the client
    std::size_t excused = 0;               // such commands since MAIL
    std::size_t refused_recipients = 0;    // by an inbound door, of the session
    bool closing = false, near_gone = false;

    // The backend
    BackendLink link;
    ReverseName reverse_name;
    bool dialled_again = false;  // since the client last got an answer of a backend

    // The transaction
    std::string id;
    GatewayEnvelope envelope;
    std::optional<Message> judged;
    std::optional<GatewayMessage> message;

    // Time
    std::uint32_t near_progress = 0, seen_near = 0, seen_far = 0;
    Instant last_near{}, last_far{}, last_done{};
    Due due{};
    LegDeadline deadline{};
};

}  // namespace exota::gate
