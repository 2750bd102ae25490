// What the backend is told and says, and what becomes of a message.
#include <utility>

#include "gate/gateway_state.h"

namespace exota::gate {

using smtp::Answer;
using smtp::Sent;
using Phase = GatewayMessage::Phase;
using LinkStage = BackendLink::Stage;
namespace reply = smtp::reply;

namespace {

constexpr smtp::FixedReply nobody_there{421, "4.3.2", "Next server is not available; closing"};
constexpr smtp::FixedReply late_in_session{451, "4.4.2", "Next server did not answer in time; try again"};
constexpr smtp::FixedReply nobody_there_now{451, "4.3.2", "Next server is not available; try again"};

/// Whether a backend takes all that the client was told it may use: behind a transaction's first words another backend may be dialled than
/// the one whose EHLO the client saw. PIPELINING is not asked for, as we do it ourselves.
/// @param is_told_size  MAIL is passed on with SIZE.
bool covers(const smtp::Extensions& backend, const smtp::Extensions& announced, bool is_told_size) noexcept {
    const auto has = [](bool wanted, bool there) { return !wanted || there; };
    const bool is_as_big =
        !backend.size || *backend.size == 0 || (announced.size && *announced.size != 0 && *announced.size <= *backend.size);
    return has(announced.eight_bit_mime, backend.eight_bit_mime) && has(announced.smtputf8, backend.smtputf8) &&
           has(announced.dsn, backend.dsn) && has(announced.enhanced_status_codes, backend.enhanced_status_codes) &&
           (!announced.size || is_as_big) && has(is_told_size, backend.size.has_value());
}

const smtp::FixedReply& reply_to(const BackendLink::Failure& failure) noexcept {
    if (failure.why == BackendFailure::late) return failure.was_introduced ? late_in_session : reply::out_of_time;
    return failure.was_introduced ? reply::far_side_failed : nobody_there_now;
}

}  // namespace

void GatewaySession::State::advance(LegOut& out) {
    while (!closing) {
        if (const auto failure = link.take_failure()) {
            failed(*failure, out);
            continue;
        }
        if (message) {
            if (message->phase() == Phase::refused) abandon(out);
            if (message->phase() == Phase::sent && link.may_send(Sent::message)) link.send(Sent::message, {}, out);
            if (message->is_answered()) {
                const FinalAnswer last = message->answer();
                give_answer(last, out);
                continue;
            }
        } else if (near_gone) {
            return close(out);
        }
        if (owed_hello) {
            if (link.is_connected())
                answer_hello(out);
            else if (link.stage() == LinkStage::away)
                link.connect(helo, out);
            return;
        }
        if (!envelope.has_mail() && !envelope.awaits_answer()) tell_untold(reply::mail_first, out);
        if (!wants_backend()) return;
        if (!prepare(out)) {
            if (link.has_failure()) continue;
            return;
        }
        envelope.send(link, out);
        if (message && !message->data_sent() && envelope.is_settled() && link.may_send(Sent::data)) {
            link.send(Sent::data, "DATA\r\n", out);
            message->note_data_sent();
        }
        return;
    }
}

bool GatewaySession::State::wants_backend() const noexcept {
    return envelope.untold() > 0 || (message && message->phase() == Phase::accepted);
}

bool GatewaySession::State::prepare(LegOut& out) {
    if (link.is_connected() && !link.suits(helo, dialogue.extended())) {
        link.drop(out);
        envelope.forget_connection();
    }
    if (link.stage() == LinkStage::away) link.connect(helo, out);
    if (link.stage() == LinkStage::connected) {
        if (settings->backend_identity == BackendIdentity::xclient && reverse_name.state() == ReverseName::State::asking) return false;
        link.introduce(xclient_facts(), out);
    }
    if (!link.is_introduced()) return false;
    if (covers(link.extensions(), offered, told_backend.size.has_value())) return true;
    link.give_up(BackendFailure::lacks_extension, "what was offered to the client it does not offer", out);
    return false;
}

smtp::XclientFacts GatewaySession::State::xclient_facts() const {
    using NameState = smtp::XclientFacts::NameState;
    const ReverseName::State name = reverse_name.state();
    return {.name_state = name == ReverseName::State::known    ? NameState::known
                          : name == ReverseName::State::failed ? NameState::temporarily_unavailable
                                                               : NameState::unavailable,
            .name = reverse_name.name(),
            .address = client.address,
            .port = client.port,
            .extended = dialogue.extended(),
            .helo = helo};
}

/// The link is away. Who waits for it is told, or it is dialled once more where nothing of a message can be there yet.
void GatewaySession::State::failed(const BackendLink::Failure& failure, LegOut& out) {
    envelope.forget_connection();
    if (owed_hello) {
        owed_hello.reset();
        return close(out, &nobody_there);
    }
    if (message && message->data_sent()) return conclude(FinalAnswer::of(reply_to(failure)), out);
    if (!wants_backend()) return;
    if (failure.why == BackendFailure::closed && failure.was_connected && !std::exchange(dialled_again, true)) return;
    if (message)
        conclude(FinalAnswer::of(reply_to(failure)), out);
    else
        tell_untold(reply_to(failure), out);
}

void GatewaySession::State::tell_untold(const smtp::FixedReply& with, LegOut& out) {
    while (envelope.untold() > 0) {
        answer(with, out);
        if (!envelope.give_up_first()) {
            if (dialogue.in_transaction()) dialogue.refused_recipient();
            continue;
        }
        note_mail_refused();
    }
    if (!envelope.has_mail()) envelope.clear();
}

void GatewaySession::State::answered(const Answer& from_backend, LegOut& out) {
    if (from_backend.to == Sent::nothing) return backend_has_ended(from_backend.reply, out);
    if (from_backend.to == Sent::mail || from_backend.to == Sent::rcpt) return answered_command(from_backend, out);
    if (!message) return;
    if (from_backend.to == Sent::data && from_backend.accepted) return message->backend_is_ready(out);
    FinalAnswer last = FinalAnswer::of(from_backend.reply);
    message->backend_reply = last.line.line();
    conclude(std::move(last), out);
}

/// Its 421 unasked is passed on, and the session ends: at once, or when the client has said all of its message.
void GatewaySession::State::backend_has_ended(const smtp::ServerReply& with, LegOut& out) {
    static_cast<void>(link.take_failure());  // nobody dials again
    if (!message) {
        smtp::append_reply(out.near, with);
        return close(out);
    }
    FinalAnswer last = FinalAnswer::of(with);
    message->backend_reply = last.line.line();
    conclude(std::move(last), out);
}

void GatewaySession::State::answered_command(const Answer& from_backend, LegOut& out) {
    std::string_view mailbox;
    const GatewayEnvelope::Meaning meaning = envelope.answered(from_backend, mailbox);
    if (meaning == GatewayEnvelope::Meaning::repeated) return;
    if (meaning == GatewayEnvelope::Meaning::changed)
        return link.give_up(BackendFailure::changed_answer, smtp::on_one_line(from_backend.reply).line(), out);
    dialled_again = false;
    ++near_progress;  // it is the client's turn
    const bool is_mail = from_backend.to == Sent::mail;
    if (!is_mail && from_backend.accepted && !dialogue.in_transaction()) return answer(reply::mail_first, out);
    smtp::append_reply(out.near, from_backend.reply);
    if (from_backend.accepted) {
        dialogue.accepted(is_mail ? smtp::Verb::mail : smtp::Verb::rcpt);
        if (!is_mail) judged->collector().recipient(mailbox);
    } else if (is_mail) {
        note_mail_refused();
    } else if (dialogue.in_transaction()) {
        dialogue.refused_recipient();
    }
    if (from_backend.closing) close(out);
}

void GatewaySession::State::abandon(LegOut& out) {
    if (link.phase() == smtp::ClientDialogue::Phase::message)
        link.drop(out);  // what is said behind an unfinished message would be taken for more of it
    else
        link.reset(out);
}

void GatewaySession::State::conclude(FinalAnswer with, LegOut& out) {
    if (message->client_has_ended())
        give_answer(with, out);
    else
        message->refuse(std::move(with));
}

void GatewaySession::State::give_answer(const FinalAnswer& last, LegOut& out) {
    abandon(out);
    FinalAnswer told = last;
    if (last.counts_as_error && dialogue.refused(reply::bad_line_ends).code == reply::too_many_errors.code)
        told = FinalAnswer::of(reply::too_many_errors);
    if (!near_gone) out.near += told.octets;
    const std::string answered = told.line.line();
    if (message->long_lines() > 0) house.long_lines(message->long_lines());
    if (!tell_delivery(near_gone ? std::string_view() : std::string_view(answered))) house.refused_unjudged(id, answered);
    dialogue.message_ended();
    forget_transaction();
    if (told.ends_session()) close(out);
}

bool GatewaySession::State::tell_delivery(std::string_view answered) {
    if (judged->standing() != Message::Standing::decided) return false;
    judged->delivered({.backend = settings->backend[link.backend()], .backend_reply = message->backend_reply, .answered = answered});
    return true;
}

void GatewaySession::State::note_mail_refused() {
    judged.reset();
    if (keeper) keeper->forget_recipient();
    mail_was_refused = true;
}

void GatewaySession::State::forget_transaction() {
    message.reset();
    judged.reset();
    if (keeper) keeper->forget_recipient();
    envelope.clear();
}

}  // namespace exota::gate
