#include "gate/milter_session.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "gate/mta_macros.h"
#include "gate/verification.h"
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

/// What exists only while a message is under way; made at MAIL, so that an idle session is small. The verdict arrives here, through a
/// weak pointer: a session that is gone hears nothing of it.
struct Message {
    explicit Message(std::shared_ptr<const Snapshot> in_force)
        : snapshot(std::move(in_force)), collector(snapshot->limits, interests_under(snapshot->rules)) {}

    static evidence::Collector::Interests interests_under(const decision::Rules& rules) noexcept {
        return {.firewall_fields = rules.header_firewall, .signed_fields = rules.dkim_source != decision::DkimSource::verify};
    }

    Unnamed unnamed() const noexcept { return unnamed_under(snapshot->rules); }

    std::shared_ptr<const Snapshot> snapshot;  // a message is judged by what was in force when it began
    evidence::Collector collector;
    std::unique_ptr<MessageHashing> hashing;  // only where we verify signatures ourselves
    std::string restored;                     // see octets_on_the_wire
    std::optional<decision::Decision> verdict;
    const std::function<void()>* wake = nullptr;  // set while the session waits
};

/// What CONNECT and HELO said, in few octets: facts are made of it for each message, because idle sessions are many.
struct Greeting {
    std::string host_and_address;  // parted by a NUL
    std::string helo;
    milter::Family family = milter::Family::unknown;

    void connect(const milter::Connect& event) {
        host_and_address.assign(event.host).append(1, '\0').append(event.address);
        helo.clear();
        family = event.family;
    }
    milter::Connect connected() const noexcept {
        const std::string_view both = host_and_address;
        const std::size_t end = std::min(both.find('\0'), both.size());
        return {.host = both.substr(0, end), .family = family, .port = 0, .address = both.substr(std::min(end + 1, both.size()))};
    }
};

}  // namespace

struct MilterSession::State_ {
    State_(Judge& judge_of_loop, std::function<void()> wake_session) : judge(judge_of_loop), wake(std::move(wake_session)) {}

    Judge& judge;
    std::function<void()> wake;
    Greeting greeting;
    milter::Macros macros;
    milter::Terms terms;
    bool body_agreed = false;  // asked for when the connection began; a reload may want it later
    milter::Dialogue dialogue;
    State state = State::reading;
    std::shared_ptr<Message> message;

    void answer(Command command, std::string& out) const {
        if (terms.answers(command)) milter::append_continue(out);
    }
    /// What stood behind the colon: MTAs that do not offer to keep it take one leading blank away.
    std::string_view octets_on_the_wire(std::string_view value) {
        if ((terms.steps & milter::step::header_leading_space) != 0) return value;
        return message->restored.assign(1, ' ').append(value);
    }
    evidence::Collector& collector() const noexcept { return message->collector; }

    /// @return  an error that ends the connection.
    std::expected<void, ProtocolError> handle(const milter::Frame& frame, std::string& out);
    std::expected<void, ProtocolError> handle_header(std::string_view payload, std::string& out);

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

    void tell_verdict(std::string& out);
};

using Handled = std::expected<void, ProtocolError>;

std::expected<void, ProtocolError> MilterSession::State_::handle(const milter::Frame& frame, std::string& out) {
    // Most frames of a message are one macro frame before each header field, always the same: it is legal at any time and says
    // nothing new.
    const auto command = static_cast<Command>(frame.command);
    if (command == Command::macro && macros.repeats(frame.payload)) return {};
    if (command == Command::header) return handle_header(frame.payload, out);
    const auto event = milter::decode(frame);
    if (!event) return std::unexpected(event.error());
    if (const auto legal = dialogue.take(command); !legal) return legal;
    return std::visit([&](const auto& e) { return on(e, out); }, *event);
}

/// What handle() does, for the kind of frame that comes most often.
Handled MilterSession::State_::handle_header(std::string_view payload, std::string& out) {
    const auto event = milter::decode_header(payload);
    if (!event) return std::unexpected(event.error());
    if (dialogue.phase() != milter::Dialogue::Phase::header)  // else it is one more field behind another
        if (const auto legal = dialogue.take(Command::header); !legal) return legal;
    return on(*event, out);
}

Handled MilterSession::State_::on(const milter::Offer& offer, std::string& out) {
    const auto agreed = milter::agree(offer, {.body = wants_body(*judge.current())});
    if (!agreed) return std::unexpected(agreed.error());
    terms = *agreed;
    body_agreed = wants_body(*judge.current());
    milter::append_answer(out, terms);
    return {};
}

Handled MilterSession::State_::on(const milter::MacroDefinitions& event, std::string&) {
    return macros.define(event, judge.current()->milter.max_macro_octets);
}

Handled MilterSession::State_::on(const milter::Connect& event, std::string& out) {
    macros.connect();
    message.reset();
    greeting.connect(event);
    answer(Command::connect, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Helo& event, std::string& out) {
    message.reset();
    macros.helo();
    greeting.helo = event.name;
    answer(Command::helo, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Mail& event, std::string& out) {
    macros.mail();
    message = std::make_shared<Message>(judge.current());
    if (wants_body(*message->snapshot)) message->hashing = std::make_unique<MessageHashing>(*message->snapshot, body_agreed);
    collector().mail(event.arguments.front());
    answer(Command::mail, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Recipient& event, std::string& out) {
    collector().recipient(event.arguments.front());
    answer(Command::recipient, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Header& event, std::string& out) {
    collector().header_field(event.name, event.value);
    if (message->hashing) message->hashing->header_field(event.name, octets_on_the_wire(event.value));
    answer(Command::header, out);
    return {};
}

Handled MilterSession::State_::on(const milter::Body& event, std::string& out) {
    if (message->hashing && body_agreed) message->hashing->body(event.octets);
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
    if (message->hashing) {
        if (body_agreed && !event.octets.empty()) message->hashing->body(event.octets);
        message->hashing->end_of_message();
    }
    note_mta_facts(greeting.connected(), greeting.helo, macros, message->unnamed(), collector());
    macros.end_message();
    judge.judge(std::move(collector()).finish(), message->snapshot, std::move(message->hashing),
                terms.may(milter::action::quarantine) ? HoldQueue::offered : HoldQueue::none,
                [waiting = std::weak_ptr(message)](decision::Decision&& decided) {
                    const std::shared_ptr<Message> judged = waiting.lock();
                    if (!judged) return;
                    judged->verdict = std::move(decided);
                    if (judged->wake != nullptr) (*judged->wake)();
                });
    if (message->verdict) {
        tell_verdict(out);
    } else {
        message->wake = &wake;
        state = State::waiting;
    }
    return {};
}

Handled MilterSession::State_::on(const milter::Abort&, std::string&) {
    message.reset();
    macros.end_message();
    return {};
}

Handled MilterSession::State_::on(const milter::QuitNewConnection&, std::string&) {
    message.reset();
    macros.clear();
    greeting = {};
    return {};
}

Handled MilterSession::State_::on(const milter::Quit&, std::string&) {
    message.reset();
    state = State::closing;
    return {};
}

/// Edits and verdict together, so that they leave in one write.
void MilterSession::State_::tell_verdict(std::string& out) {
    const std::shared_ptr<Message> told = std::move(message);
    const decision::Decision& decided = *told->verdict;
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

MilterSession::MilterSession(Judge& judge, std::function<void()> wake) {
    assert(judge.current() != nullptr);
    state_ = std::make_unique<State_>(judge, std::move(wake));
}

MilterSession::~MilterSession() = default;

MilterSession::Step MilterSession::feed(std::string_view bytes, std::string& out) {
    State_& session = *state_;
    if (session.state == State::waiting) {
        if (!session.message->verdict) return {0, State::waiting};
        session.state = State::reading;
        session.tell_verdict(out);
    }
    const std::size_t fed = bytes.size(), max_octets = session.judge.current()->milter.max_frame_octets;
    while (session.state == State::reading) {
        const auto frame = milter::next_frame(bytes, max_octets);
        if (frame && !*frame) break;
        const auto handled = frame ? session.handle(**frame, out) : std::unexpected(frame.error());
        if (!handled) {
            session.message.reset();
            session.state = State::closing;
            session.judge.observer().protocol_error(milter::name_of(handled.error()));
            break;
        }
        bytes.remove_prefix((*frame)->consumed);
    }
    return {.consumed = fed - bytes.size(), .state = session.state};
}

void MilterSession::keep_waiting(std::string& out) const {
    if (state_->state == State::waiting) milter::append_progress(out);
}

bool MilterSession::in_message() const noexcept { return state_->message != nullptr; }

}  // namespace exota::gate
