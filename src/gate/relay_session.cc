#include "gate/relay_session.h"

#include <algorithm>
#include <utility>

#include "gate/relay_state.h"

namespace exota::gate {

using smtp::Dialogue;
using HopStage = HopTransaction::Stage;

namespace reply {
constexpr smtp::FixedReply client_not_allowed{554, "5.7.1", "You may not send here"};
constexpr smtp::FixedReply stopping{421, "4.3.2", "We are stopping; try again"};
constexpr smtp::FixedReply client_late{421, "4.4.2", "Nothing heard for long"};
}  // namespace reply

RelaySession::State::State(std::shared_ptr<const RelaySettings> in_force, std::optional<base::IpAddress> whose, World& of_loop,
                           MtaStsPolicies* policies, RelayHouse& of_section, std::function<void()> wake_session, Opening whose_opening)
    : settings_kept(std::move(in_force)),
      settings(*settings_kept),
      client(std::move(whose)),
      opening(whose_opening),
      world(of_loop),
      house(of_section),
      wake(std::move(wake_session)),
      dialogue({.lmtp = is_lmtp(), .max_recipients = settings.max_recipients, .max_errors = settings.max_errors}),
      transaction(
          settings_kept, world, policies,
          [this](const HopTarget& target, HopFailure why, std::string_view detail) { house.hop_failed(target, why, detail); },
          [this] { wake(); }) {
    last_near = last_far = last_done = world.instant();
    done(0);
}

void RelaySession::State::refuse(const smtp::FixedReply& reply, LegOut& out) {
    const smtp::FixedReply told = dialogue.refused(reply);
    answer(told, out);
    if (told.code == 421) end_session(ClientReply::of(told), out);
}

void RelaySession::State::end_session(const ClientReply& told, LegOut& out) {
    if (delivery) delivery->end_now(told);
    // Where all recipients were refused, that is what became of them.
    const bool none_is_left = last_refusal && dialogue.recipients() == 0;
    log(none_is_left ? *last_refusal : told, 0);
    delivery.reset();
    awaits = Awaits::nothing;
    transaction.quit(out);
    dialogue.end();
}

LegState RelaySession::State::leg_state() const noexcept {
    if (dialogue.phase() == Dialogue::Phase::over) return LegState::closing;
    if (near_gone) return LegState::reading;  // the far leg is all there is
    // The end of a search is told by `wake`, which only who waits is given.
    const bool waits = awaits != Awaits::nothing || deferred || transaction.stage() == HopStage::searching;
    return waits ? LegState::waiting : LegState::reading;
}

std::size_t RelaySession::State::feed_near(std::string_view bytes, LegOut& out) {
    const std::size_t given = bytes.size();
    settle(out);
    while (may_read() && !deferred && !bytes.empty()) {
        // Whole lines extend the client's time; half a one does not.
        if (dialogue.phase() == Dialogue::Phase::message) {
            read_message(bytes, out);
        } else {
            const auto line = lines.next(bytes);
            if (!line) break;
            ++near_progress;
            command(*line, out);
        }
        settle(out);
    }
    return given - bytes.size();
}

void RelaySession::State::settle(LegOut& out) {
    for (bool more = true; more;) {
        transaction.advance(out);
        if (!delivery)
            while (const auto reply = transaction.next_recipient_reply()) {
                answer_recipient(*reply, out);
                recipient_since = world.instant();
            }
        more = take_awaited(out);
        if (deferred && may_read() && transaction.unanswered() == 0) {
            const Deferred line = *std::exchange(deferred, std::nullopt);
            command({line.text, line.fault}, out);
            more = true;
        }
    }
    if (near_gone && awaits == Awaits::nothing && dialogue.phase() != Dialogue::Phase::over) {
        out.near.clear();
        transaction.quit(out);
        dialogue.end();
    }
}

bool RelaySession::State::take_awaited(LegOut& out) {
    const Awaits before = awaits;
    switch (awaits) {
        case Awaits::nothing:
            break;
        case Awaits::hello:
            if (transaction.is_prepared()) answer_hello(out);
            break;
        case Awaits::cover:
            if (found_cover) covered(*std::exchange(found_cover, std::nullopt));
            break;
        case Awaits::data:
            if (transaction.stage() == HopStage::message)
                begin_message(out);
            else if (const auto refused = transaction.take_final_reply())
                tell_final(*refused, out);
            break;
        case Awaits::message:
            if (const auto final_reply = transaction.take_final_reply()) tell_final(*final_reply, out);
            break;
        case Awaits::delivery:
            deliver_held(out);
            break;
    }
    return awaits != before;
}

RelaySession::RelaySession(std::shared_ptr<const RelaySettings> settings, std::optional<base::IpAddress> client, World& world,
                           MtaStsPolicies* policies, RelayHouse& house, std::function<void()> wake, Opening opening)
    : state_(std::make_unique<State>(std::move(settings), std::move(client), world, policies, house, std::move(wake), opening)) {}
RelaySession::~RelaySession() = default;

bool RelaySession::State::hop_is_behind() const noexcept {
    return delivery ? delivery->waits_for_room() : behind && message && transaction.stage() == HopStage::message;
}

RelaySession::State::Due RelaySession::State::next_due() const {
    using Of = Due::Of;
    const auto sooner = [](const Due& a, const Due& b) { return b.at < a.at ? b : a; };
    Due next{Of::client, last_near + (dialogue.phase() == Dialogue::Phase::message ? settings.data_timeout : settings.command_timeout)};
    const auto connect_until = transaction.connect_until();
    if (awaits == Awaits::cover) {
        next = {Of::cover, cover_asked_at + settings.find_timeout};
    } else if (const auto step = transaction.step_timeout()) {
        next = {Of::hop, last_far + *step};
        if (connect_until) next = sooner(next, {Of::hop, *connect_until});
    } else if (connect_until) {
        next = {Of::hop, *connect_until};  // a search has a clock of its own besides
    } else if (hop_is_behind()) {
        next = {Of::hop, last_far + settings.data_timeout};  // RFC 5321 section 4.5.3.2.5: for each piece
    } else if (transaction.stage() == HopStage::idle && transaction.link().is_idle()) {
        next = sooner(next, {Of::idle_hop, transaction.idle_since() + settings.reuse_timeout});
    }
    if (delivery) return sooner(next, {Of::delivery, delivery->until()});
    return transaction.unanswered() > 0 ? sooner(next, {Of::recipient, recipient_since + settings.recipient_timeout}) : next;
}

LegStep RelaySession::State::done(std::size_t consumed) {
    const Instant now = world.instant();
    // The client's time passes only while it is its turn.
    if (due.of != Due::Of::client && due.of != Due::Of::idle_hop) last_near += now - last_done;
    last_done = now;
    if (std::exchange(seen_near, near_progress) != near_progress) last_near = now;
    const std::uint32_t far_progress = transaction.progress() + written_progress;
    if (std::exchange(seen_far, far_progress) != far_progress) last_far = now;
    if (const Due next = next_due(); next != due || deadline.step == 0) {
        due = next;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due.at - now);
        deadline = {std::max(left, std::chrono::milliseconds(1)), deadline.step + 1};
    }
    return {consumed, leg_state()};
}

void RelaySession::State::late(LegOut& out) {
    const Due passed = next_due();
    if (world.instant() < passed.at) return;
    switch (passed.of) {
        case Due::Of::delivery:
            delivery->out_of_time(out);
            break;
        case Due::Of::cover:
            covered(XoorgCover::unknown);
            break;
        case Due::Of::hop:
            transaction.late(out);
            break;
        case Due::Of::recipient:
            transaction.give_up("no reply to a recipient in the time that clients wait", out);
            break;
        case Due::Of::idle_hop:
            transaction.let_go(out);
            break;
        case Due::Of::client:
            answer(reply::client_late, out);
            end_session(ClientReply::of(reply::client_late), out);
    }
    settle(out);
}

LegStep RelaySession::opened(Leg leg, const LegTls* tls, LegOut& out) {
    State& s = *state_;
    if (leg == Leg::far) {
        s.transaction.opened(tls, out);
        s.settle(out);
    } else if (!s.client || !base::any_contains(s.settings.clients, *s.client)) {
        s.house.client_refused(s.client);
        s.answer(reply::client_not_allowed, out);
        s.dialogue.end();
    } else if (s.opening == Opening::clients) {
        s.answer(smtp::reply::spoke_too_early, out);
        s.dialogue.end();
    } else {
        out.near += "220 " + s.settings.hostname + (s.is_lmtp() ? " LMTP\r\n" : " ESMTP\r\n");
        s.dialogue.greeted();
    }
    return s.done(0);
}

LegStep RelaySession::feed(Leg leg, std::string_view bytes, LegOut& out) {
    State& s = *state_;
    if (leg == Leg::near) return s.done(s.feed_near(bytes, out));
    s.transaction.feed(bytes, out);
    s.settle(out);
    return s.done(bytes.size());
}

LegStep RelaySession::far_written(LegOut& out) {
    State& s = *state_;
    ++s.written_progress;
    s.behind = false;
    if (s.delivery) s.delivery->written(out);
    s.settle(out);
    return s.done(0);
}

LegStep RelaySession::ended(Leg leg, LegEnding why, std::string_view detail, LegOut& out) {
    State& s = *state_;
    if (leg == Leg::far) {
        s.transaction.ended(why, detail, out);
        s.settle(out);
        return s.done(0);
    }
    // What the hop answers is worth writing down; and who hangs up on it now may make it send a bounce for what it has.
    if (why == LegEnding::peer_closed && s.is_with_hop()) {
        s.near_gone = true;
        if (s.delivery) s.delivery->end_with_present();
        return s.done(0);
    }
    const smtp::FixedReply& last = why == LegEnding::drained ? reply::stopping : smtp::reply::session_over;
    if (why == LegEnding::drained) s.answer(last, out);
    s.end_session(ClientReply::of(last), out);
    return s.done(0);
}

LegStep RelaySession::late(LegOut& out) {
    state_->late(out);
    return state_->done(0);
}

LegDeadline RelaySession::deadline() const noexcept { return state_->deadline; }

bool RelaySession::busy() const noexcept {
    const State& s = *state_;
    return s.dialogue.in_transaction() || s.awaits != State::Awaits::nothing || s.deferred;
}

const HopTarget& RelaySession::target() const noexcept { return state_->transaction.link().target(); }

}  // namespace exota::gate
