#include "gate/milter_session.h"

#include <cassert>
#include <optional>
#include <utility>

#include "base/text.h"
#include "gate/doorkeeper.h"
#include "gate/judge.h"
#include "gate/message.h"
#include "gate/mta_macros.h"
#include "mail/bare_path.h"
#include "wire/milter/dialogue.h"
#include "wire/milter/events.h"
#include "wire/milter/frames.h"
#include "wire/milter/macros.h"
#include "wire/milter/negotiate.h"
#include "wire/milter/replies.h"

namespace exota::gate {
namespace {

using milter::Command;
using milter::ProtocolError;

/// A hold queue is the MTA's, and it may not let us use it.
constexpr FrontEnd milter_front_end{.name = "milter", .instance = "", .hold_queue = HoldQueue::offered};
constexpr FrontEnd milter_without_hold_queue{.name = "milter", .instance = "", .hold_queue = HoldQueue::none};
FrontEnd front_end(Door door, bool has_hold_queue) noexcept {
    FrontEnd front = has_hold_queue ? milter_front_end : milter_without_hold_queue;
    front.door = door;
    return front;
}

/// What CONNECT and HELO said, in few octets: facts are made of it for each message, because idle sessions are many.
class Greeting {
public:
    void connect(const milter::Connect& event) { say(event.host, event.address, {}); }
    void helo(std::string_view name) {
        const Said before = said();
        say(before.host, before.address, name);
    }
    struct Said {
        std::string_view host, address, helo;
    };
    /// Views that the next event ends.
    Said said() const noexcept {
        std::string_view rest = said_;
        const std::string_view host = base::take_until(rest, '\0');
        const std::string_view address = base::take_until(rest, '\0');
        return {host, address, rest};
    }

private:
    void say(std::string_view host, std::string_view address, std::string_view helo) {
        std::string tight;
        tight.reserve(host.size() + address.size() + helo.size() + 2);
        tight.append(host).append(1, '\0').append(address).append(1, '\0').append(helo);
        said_.swap(tight);
    }

    std::string said_;  // parted by NULs, which the protocol has at the end of each
};

evidence::Collector::NameIs known_of_name(const milter::Header& event) noexcept {
    return event.plain_name ? evidence::Collector::NameIs::plain : evidence::Collector::NameIs::unknown;
}

/// What an inbound door knows of its client.
struct AtDoor {
    Doorkeeper keeper;
    std::optional<std::string> held_recipient = {};  // waits until it and the client are known
    std::optional<mail::Reply> to_everybody = {};    // the client is refused: the answer to each RCPT of this message
};

}  // namespace

struct MilterSession::State_ {
    State_(Judge& judge_of_loop, std::function<void()> wake_session, Door of)
        : judge(judge_of_loop), wake(std::move(wake_session)), door(of) {}

    Judge& judge;
    std::function<void()> wake;
    Greeting greeting;
    milter::Macros macros;
    milter::Terms terms;
    milter::Family family = milter::Family::unknown;
    bool body_agreed = false;  // asked for when the connection began; a reload may want it later
    milter::Dialogue dialogue;
    State state = State::reading;
    const Door door;
    std::optional<Message> message;   // made at MAIL
    std::unique_ptr<AtDoor> at_door;  // of an inbound door: made at the first RCPT

    void answer(Command command, std::string& out) const {
        if (terms.answers(command)) milter::append_continue(out);
    }
    evidence::Collector& collector() noexcept { return message->collector(); }

    /// @return  an error that ends the connection.
    std::expected<void, ProtocolError> handle(const milter::Frame& frame, std::string& out);
    /// What handle() does, in one loop for the two kinds of frames that come most often: header fields, and between them the macro frame
    /// that says nothing new.
    /// @return  the octets taken; another frame, one that is not whole and one at fault are left.
    std::size_t take_header_fields(std::string_view bytes, std::size_t max_octets, std::string& out);

    // One function an event; std::visit finds it.
    using Handled = std::expected<void, ProtocolError>;
    Handled on(const milter::Offer& offer, std::string& out);
    Handled on(const milter::Connect& event, std::string& out);
    Handled on(const milter::Helo& event, std::string& out);
    Handled on(const milter::Mail& event, std::string& out);
    Handled on(const milter::Recipient& event, std::string& out);
    Handled on(const milter::Data&, std::string& out);
    Handled on(const milter::Header& event, std::string& out);
    Handled on(const milter::EndOfHeader&, std::string& out);
    Handled on(const milter::Body& event, std::string& out);
    Handled on(const milter::EndOfMessage& event, std::string& out);
    Handled on(const milter::Abort&, std::string& out);
    Handled on(const milter::Quit&, std::string& out);
    Handled on(const milter::QuitNewConnection&, std::string& out);
    Handled on(const milter::MacroDefinitions& event, std::string& out);
    Handled on(const milter::UnknownCommand&, std::string& out);

    /// An inbound door: whether this recipient is taken, by whom sends and by what is known of it.
    void receive(std::string_view recipient, std::string& out);
    void report(const decision::Decision& refusal, Stage stage, std::string_view recipient);
    void note_facts();
    void end_message() noexcept;
    void tell_verdict(std::string& out);
    void append_verdict(const decision::Decision& decided, std::string& out) const;
};

using Handled = std::expected<void, ProtocolError>;

std::expected<void, ProtocolError> MilterSession::State_::handle(const milter::Frame& frame, std::string& out) {
    const auto command = static_cast<Command>(frame.command);
    const auto event = milter::decode(frame);
    if (!event) return std::unexpected(event.error());
    if (const auto legal = dialogue.take(command); !legal) return legal;
    return std::visit([&](const auto& e) { return on(e, out); }, *event);
}

std::size_t MilterSession::State_::take_header_fields(std::string_view bytes, std::size_t max_octets, std::string& out) {
    if (dialogue.phase() != milter::Dialogue::Phase::header) return 0;
    const std::size_t given = bytes.size();
    const bool answers = terms.answers(Command::header);
    std::string_view repeated;  // a whole macro frame that says nothing new: nor do the same octets, when they come again
    for (;;) {
        if (!repeated.empty() && bytes.starts_with(repeated)) bytes.remove_prefix(repeated.size());
        const auto frame = milter::next_frame(bytes, max_octets);
        if (!frame || !*frame) break;
        const auto command = static_cast<Command>((*frame)->command);
        if (command == Command::header) {
            const auto event = milter::decode_header((*frame)->payload);
            if (!event) break;
            message->header_field(event->name, event->value, known_of_name(*event));
            if (answers) milter::append_continue(out);
        } else if (command == Command::macro && macros.repeats((*frame)->payload)) {
            repeated = bytes.substr(0, (*frame)->consumed);
        } else {
            break;
        }
        bytes.remove_prefix((*frame)->consumed);
    }
    return given - bytes.size();
}

Handled MilterSession::State_::on(const milter::Offer& offer, std::string& out) {
    body_agreed = wants_body(*judge.current(), door);
    const auto agreed = milter::agree(offer, {.body = body_agreed, .answers_recipients = door == Door::inbound});
    if (!agreed) return std::unexpected(agreed.error());
    terms = *agreed;
    milter::append_answer(out, terms);
    return {};
}

Handled MilterSession::State_::on(const milter::MacroDefinitions& event, std::string&) {
    return macros.define(event, judge.current()->milter.max_macro_octets);
}

Handled MilterSession::State_::on(const milter::Connect& event, std::string& out) {
    macros.connect();
    end_message();
    at_door.reset();
    greeting.connect(event);
    family = event.family;
    answer(Command::connect, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Helo& event, std::string& out) {
    end_message();
    macros.helo();
    greeting.helo(event.name);
    answer(Command::helo, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Mail& event, std::string& out) {
    macros.mail();
    const bool keeps_blank = (terms.steps & milter::step::header_leading_space) != 0;
    end_message();
    message.emplace(judge, front_end(door, terms.may(milter::action::quarantine)),
                    Message::Way{.body_comes = body_agreed, .blank_taken = !keeps_blank}, wake);
    collector().mail(event.arguments.front());
    answer(Command::mail, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Recipient& event, std::string& out) {
    if (door == Door::inbound) {
        note_facts();
        const FrontEnd front = front_end(door, terms.may(milter::action::quarantine));
        if (!at_door) at_door.reset(new AtDoor{.keeper = Doorkeeper(judge, front, wake)});
        const std::string_view recipient = mail::bare_path(event.arguments.front());
        const bool client_is_known = at_door->keeper.ask(collector().session());
        if (at_door->keeper.ask_recipient(recipient) && client_is_known) {
            receive(recipient, out);
        } else {
            at_door->held_recipient = recipient;
            state = State::waiting;
        }
        return {};
    }
    collector().recipient(event.arguments.front());
    answer(Command::recipient, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Header& event, std::string& out) {
    message->header_field(event.name, event.value, known_of_name(event));
    answer(Command::header, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Body& event, std::string& out) {
    message->body(event.octets);
    if (!terms.answers(Command::body)) return {};
    if (!body_agreed && (terms.steps & milter::step::skip) != 0)
        milter::append_skip(out);
    else
        milter::append_continue(out);
    return {};
}

Handled MilterSession::State_::on(const milter::Data&, std::string& out) {
    answer(Command::data, out);
    return {};
}
Handled MilterSession::State_::on(const milter::EndOfHeader&, std::string& out) {
    answer(Command::end_of_header, out);
    return {};
}
Handled MilterSession::State_::on(const milter::UnknownCommand&, std::string& out) {
    answer(Command::unknown, out);
    return {};
}

Handled MilterSession::State_::on(const milter::EndOfMessage& event, std::string& out) {
    if (!event.octets.empty()) message->body(event.octets);
    note_facts();
    if (at_door && at_door->keeper.is_known()) message->inbound().client = at_door->keeper.client();
    macros.end_message();
    if (message->judge(Stage::message) == Message::Standing::waiting)
        state = State::waiting;
    else
        tell_verdict(out);
    return {};
}

Handled MilterSession::State_::on(const milter::Abort&, std::string&) {
    end_message();
    macros.end_message();
    return {};
}

Handled MilterSession::State_::on(const milter::QuitNewConnection&, std::string&) {
    end_message();
    macros.clear();
    at_door.reset();
    greeting = {};
    return {};
}

Handled MilterSession::State_::on(const milter::Quit&, std::string&) {
    end_message();
    state = State::closing;
    return {};
}

void MilterSession::State_::note_facts() {
    const Greeting::Said said = greeting.said();
    const milter::Connect connected{.host = said.host, .family = family, .port = 0, .address = said.address};
    note_mta_facts(connected, said.helo, macros, unnamed_under(message->snapshot().rules), collector());
}

void MilterSession::State_::receive(std::string_view recipient, std::string& out) {
    if (at_door->to_everybody) return milter::append_reply(out, *at_door->to_everybody);
    const evidence::Session& session = collector().session();
    if (const auto refusal = at_door->keeper.refuse_client(session)) {
        at_door->to_everybody = refusal->reply;
        report(*refusal, Stage::client, recipient);
        return append_verdict(*refusal, out);
    }
    if (const auto refusal = at_door->keeper.refuse_recipient(session, recipient, {collector()})) {
        report(*refusal, Stage::recipient, recipient);
        if (refusal->verdict != decision::Verdict::accept) return append_verdict(*refusal, out);
    }
    collector().recipient(recipient);
    answer(Command::recipient, out);
}

void MilterSession::State_::report(const decision::Decision& refusal, Stage stage, std::string_view recipient) {
    evidence::Evidence evidence = collector().at_mail();
    evidence.envelope.recipients.assign(1, std::string(recipient));
    at_door->keeper.report(refusal, evidence, stage, {});
}

void MilterSession::State_::end_message() noexcept {
    message.reset();
    if (!at_door) return;
    at_door->keeper.forget_recipient();
    at_door->held_recipient.reset();
    at_door->to_everybody.reset();
}

void MilterSession::State_::tell_verdict(std::string& out) {
    append_verdict(message->decision(), out);
    end_message();
}

/// Edits and verdict together, so that they leave in one write.
void MilterSession::State_::append_verdict(const decision::Decision& decided, std::string& out) const {
    if (decided.verdict != decision::Verdict::accept) {
        const bool for_good = decided.verdict == decision::Verdict::reject;
        milter::append_reply(out,
                             decided.reply ? *decided.reply : mail::Reply{for_good ? 550 : 451, for_good ? "5.7.1" : "4.7.1", "refused"});
        return;
    }
    for (const mail::HeaderEdit& edit : decided.header_edits) milter::append_header_edit(out, edit, terms);
    if (decided.quarantine) milter::append_quarantine(out, mail::safe_reply_text(decided.why));
    milter::append_continue(out);
}

MilterSession::MilterSession(Judge& judge, std::function<void()> wake, Door door) {
    assert(judge.current() != nullptr);
    state_ = std::make_unique<State_>(judge, std::move(wake), door);
}

MilterSession::~MilterSession() = default;

MilterSession::Step MilterSession::feed(std::string_view bytes, std::string& out) {
    State_& session = *state_;
    if (session.state == State::waiting) {
        const bool holds_recipient = session.at_door && session.at_door->held_recipient;
        if (holds_recipient ? !session.at_door->keeper.is_ready() : session.message->standing() == Message::Standing::waiting)
            return {0, State::waiting};
        session.state = State::reading;
        if (holds_recipient)
            session.receive(*std::exchange(session.at_door->held_recipient, std::nullopt), out);
        else
            session.tell_verdict(out);
    }
    const std::size_t fed = bytes.size(), max_octets = session.judge.current()->milter.max_frame_octets;
    while (session.state == State::reading) {
        bytes.remove_prefix(session.take_header_fields(bytes, max_octets, out));
        const auto frame = milter::next_frame(bytes, max_octets);
        if (frame && !*frame) break;
        const auto handled = frame ? session.handle(**frame, out) : std::unexpected(frame.error());
        if (!handled) {
            session.end_message();
            session.state = State::closing;
            session.judge.observer().protocol_error(milter::name_of(handled.error()));
            break;
        }
        bytes.remove_prefix((*frame)->consumed);
    }
    return {.consumed = fed - bytes.size(), .state = session.state};
}

void MilterSession::keep_waiting(std::string& out) const {
    // Before the end of a message Sendmail knows no progress, and takes it for an error. Doorkeeper ends its waiting in time for all.
    const bool holds_recipient = state_->at_door && state_->at_door->held_recipient;
    if (state_->state == State::waiting && !holds_recipient) milter::append_progress(out);
}

bool MilterSession::in_message() const noexcept { return state_->message.has_value(); }

}  // namespace exota::gate
