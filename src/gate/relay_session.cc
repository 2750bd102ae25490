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
                           MtaStsPolicies* policies, RelayHouse& of_section, std::function<void()> wake_session)
    : settings_kept(std::move(in_force)),
      settings(*settings_kept),
      client(std::move(whose)),
      world(of_loop),
      house(of_section),
      wake(std::move(wake_session)),
      dialogue({.lmtp = is_lmtp(), .max_recipients = settings.max_recipients, .max_errors = settings.max_errors}),
      transaction(
          settings_kept, world, policies,
          [this](const HopTarget& target, HopFailure why, std::string_view detail) { house.hop_failed(target, why, detail); },
          [this] { wake(); }) {}

LegState RelaySession::State::leg_state() const noexcept {
    if (dialogue.phase() == Dialogue::Phase::over) return LegState::closing;
    // The end of a search is told by `wake`, which only who waits is given.
    const bool waits = awaits != Awaits::nothing || deferred || transaction.stage() == HopStage::searching;
    return waits ? LegState::waiting : LegState::reading;
}

std::size_t RelaySession::State::feed_near(std::string_view bytes, LegOut& out) {
    const std::size_t given = bytes.size();
    settle(out);
    while (may_read() && !deferred && !bytes.empty()) {
        ++progress;
        if (dialogue.phase() == Dialogue::Phase::message) {
            read_message(bytes, out);
        } else {
            const auto line = lines.next(bytes);
            if (!line) break;
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
            while (const auto reply = transaction.next_recipient_reply()) answer_recipient(*reply, out);
        more = take_awaited(out);
        if (deferred && may_read() && transaction.unanswered() == 0) {
            const Deferred line = *std::exchange(deferred, std::nullopt);
            command({line.text, line.fault}, out);
            more = true;
        }
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
                           MtaStsPolicies* policies, RelayHouse& house, std::function<void()> wake)
    : state_(std::make_unique<State>(std::move(settings), std::move(client), world, policies, house, std::move(wake))) {}
RelaySession::~RelaySession() = default;

LegStep RelaySession::opened(Leg leg, const LegTls* tls, LegOut& out) {
    State& s = *state_;
    if (leg == Leg::far) {
        s.transaction.opened(tls, out);
        s.settle(out);
    } else if (!s.client || !base::any_contains(s.settings.clients, *s.client)) {
        s.house.client_refused(s.client);
        s.answer(reply::client_not_allowed, out);
        s.dialogue.end();
    } else {
        out.near += "220 " + s.settings.hostname + (s.is_lmtp() ? " LMTP\r\n" : " ESMTP\r\n");
        s.dialogue.greeted();
    }
    return {0, s.leg_state()};
}

LegStep RelaySession::feed(Leg leg, std::string_view bytes, LegOut& out) {
    if (leg == Leg::near) {
        const std::size_t consumed = state_->feed_near(bytes, out);
        return {consumed, state_->leg_state()};
    }
    state_->transaction.feed(bytes, out);
    state_->settle(out);
    return {bytes.size(), state_->leg_state()};
}

LegStep RelaySession::far_written(LegOut& out) {
    if (state_->delivery) state_->delivery->written(out);
    state_->settle(out);
    return {0, state_->leg_state()};
}

LegStep RelaySession::ended(Leg leg, LegEnding why, std::string_view detail, LegOut& out) {
    State& s = *state_;
    if (leg == Leg::far) {
        s.transaction.ended(why, detail, out);
        s.settle(out);
        return {0, s.leg_state()};
    }
    if (why == LegEnding::drained) s.answer(reply::stopping, out);
    s.log(RelayReply::of(smtp::reply::session_over), 0);
    s.delivery.reset();
    s.transaction.quit(out);
    s.dialogue.end();
    return {0, LegState::closing};
}

LegStep RelaySession::late(LegOut& out) {
    State& s = *state_;
    if (s.delivery && s.world.instant() >= s.deliver_until) {
        s.delivery->out_of_time(out);
    } else if (s.transaction.awaits() || s.delivery) {
        s.transaction.late(out);
    } else if (s.transaction.stage() == HopStage::idle && s.transaction.link().is_idle()) {
        s.transaction.let_go(out);
    } else {
        s.answer(reply::client_late, out);
        s.log(RelayReply::of(reply::client_late), 0);
        s.transaction.quit(out);
        s.dialogue.end();
    }
    s.settle(out);
    return {0, s.leg_state()};
}

LegDeadline RelaySession::deadline() const noexcept {
    using std::chrono::milliseconds;
    const State& s = *state_;
    milliseconds after = s.dialogue.phase() == Dialogue::Phase::message ? s.settings.data_timeout : s.settings.command_timeout;
    if (s.transaction.awaits() || s.awaits == State::Awaits::cover) {
        // A search has a clock of its own; so has who looks up tenants, but for one who never answers.
        after = s.transaction.time_left_for_step().value_or(2 * s.settings.find_timeout);
    } else if (s.transaction.stage() == HopStage::idle && s.transaction.link().is_idle()) {
        after = std::min(after, s.settings.reuse_timeout);
    }
    if (s.delivery) {
        const auto left = std::chrono::ceil<milliseconds>(s.deliver_until - s.world.instant());
        after = std::clamp(left, milliseconds(1), after);
    }
    return {after, s.progress + s.transaction.progress()};
}

bool RelaySession::busy() const noexcept {
    const State& s = *state_;
    return s.dialogue.in_transaction() || s.awaits != State::Awaits::nothing || s.deferred;
}

const HopTarget& RelaySession::target() const noexcept { return state_->transaction.link().target(); }

}  // namespace exota::gate
