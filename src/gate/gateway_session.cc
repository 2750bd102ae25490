#include "gate/gateway_session.h"

#include <algorithm>
#include <utility>

#include "gate/gateway_state.h"

namespace exota::gate {
namespace {

using smtp::Dialogue;
using Phase = GatewayMessage::Phase;

constexpr smtp::FixedReply too_slow{421, "4.4.2", "Timeout; closing"};
constexpr smtp::FixedReply stopping{421, "4.3.2", "Service is stopping"};

/// What a judge or a look-up of the name is given besides its own deadline; then somebody has forgotten us.
constexpr std::chrono::minutes forgotten{2};

constexpr std::chrono::milliseconds shortest_noop{1000};

}  // namespace

void GatewayHouse::refused_unjudged(std::string_view, std::string_view) {}
void GatewayHouse::long_lines(std::uint64_t) {}

GatewaySession::State::State(std::shared_ptr<const GatewaySettings> from_settings, const GatewayClient& whose, Judge& of_loop,
                             World& of_world, GatewayHouse& of_house, std::function<void()> wake_session)
    : settings(std::move(from_settings)),
      client(whose),
      judge(of_loop),
      world(of_world),
      house(of_house),
      wake(std::move(wake_session)),
      dialogue({.starttls = settings->offers_tls,
                .require_tls = settings->require_tls,
                .max_recipients = settings->max_recipients,
                .max_errors = settings->max_errors}),
      link(*settings, client, house),
      reverse_name(world, client.address, wake) {
    if (settings->door == Door::inbound) keeper.emplace(judge, house.front(), wake);
    done(0);
}

void GatewaySession::State::close(LegOut& out, const smtp::FixedReply* last) {
    if (last != nullptr && !near_gone) {
        answer(*last, out);
        if (message) tell_delivery(smtp::to_reply(*last).line());
    }
    closing = true;
    dialogue.end();
    // A message without its end comes to nothing: what is said behind it would be taken for more of it.
    if (link.phase() == smtp::ClientDialogue::Phase::message)
        link.drop(out);
    else
        link.quit(out);
    forget_transaction();
}

void GatewaySession::State::greet(LegOut& out) {
    if (client.spoke_first) return close(out, &smtp::reply::spoke_too_early);
    if (keeper && !keeper->ask(session_facts())) return;
    greeted = true;
    if (refuse_client(out)) return;
    smtp::append_reply(out.near, smtp::FixedReply{220, "", settings->hostname + " ESMTP"});
    dialogue.greeted();
}

bool GatewaySession::State::refuse_client(LegOut& out) {
    if (!keeper) return false;
    evidence::Evidence evidence;
    evidence.session = session_facts();
    const auto refusal = keeper->refuse_client(evidence.session);
    if (!refusal) return false;
    const FinalAnswer last = FinalAnswer::of(*refusal);
    evidence.envelope.queue_id = house.make_id();
    keeper->report(*refusal, evidence, Stage::client, {.backend = {}, .backend_reply = {}, .answered = last.line.line()});
    out.near += last.octets;
    close(out);
    return true;
}

void GatewaySession::State::near_secured(const LegTls& facts) {
    tls = facts;
    offered = {};
    helo.clear();
    dialogue.tls_started();
}

/// Goes on for as long as something of what came is taken: what is answered at once may let the next command through.
void GatewaySession::State::near_fed(std::string_view& bytes, LegOut& out) {
    if (!greeted) {
        if (closing || (keeper && !keeper->is_known())) return;
        if (!bytes.empty()) return close(out, &smtp::reply::spoke_too_early);
        return greet(out);
    }
    if (message && message->phase() == Phase::judging && judged->standing() != Message::Standing::waiting) {
        message->verdict_is_there();
        ++near_progress;  // it is the client's turn, or the backend's
    }
    advance(out);
    while (!closing) {
        const std::string_view before = bytes;
        const bool had_held = held.has_value();
        if (message)
            message->read(bytes, out);
        else
            take_commands(bytes, out);
        const std::string_view read = before.substr(0, before.size() - bytes.size());
        const bool took = !read.empty() || held.has_value() != had_held;
        // Whole lines count, of commands (take_line()) and of a message: half a one extends nothing.
        if ((message && read.find('\n') != std::string_view::npos) || held.has_value() != had_held) ++near_progress;
        advance(out);
        if (!took) return;
    }
}

void GatewaySession::State::far_fed(std::string_view bytes, LegOut& out) {
    while (const auto answer = link.feed(bytes, out)) answered(*answer, out);
    go_on(out);
}

void GatewaySession::State::far_ended(LegEnding why, std::string_view detail, LegOut& out) {
    // It does not bear silence as long as we thought.
    if (message && link.is_introduced() && !link.awaits_reply() && link.phase() != smtp::ClientDialogue::Phase::message) {
        const auto quiet = std::chrono::floor<std::chrono::milliseconds>(world.instant() - last_far);
        if (quiet < house.noop_after) house.noop_after = std::max(quiet / 2, shortest_noop);
    }
    link.ended(why, detail, out);
    go_on(out);
}

/// After an event of the far leg: a command of the client may have waited for it.
void GatewaySession::State::go_on(LegOut& out) {
    advance(out);
    std::string_view nothing;
    if (held) near_fed(nothing, out);
}

void GatewaySession::State::near_is_gone(LegEnding why, LegOut& out) {
    if (why == LegEnding::drained && !is_busy()) return close(out, &stopping);
    near_gone = true;
    // All of it was said to the backend, so what it answers is worth writing down.
    if (message && message->phase() == Phase::sent) return;
    close(out);
}

LegState GatewaySession::State::near_state() const noexcept {
    if (closing) return LegState::closing;
    if (near_gone) return LegState::reading;  // the far leg is all there is
    if (!greeted || owed_hello || held || envelope.untold() >= max_untold_commands) return LegState::waiting;
    if (message && (message->phase() == Phase::judging || message->phase() == Phase::accepted || message->phase() == Phase::sending ||
                    message->phase() == Phase::sent))
        return LegState::waiting;
    // MAIL that waits for the client's name, or for the backend to come: nothing behind it can be passed on before.
    if (envelope.untold() > 0 && !link.is_introduced()) return LegState::waiting;
    return LegState::reading;
}

GatewaySession::State::Due GatewaySession::State::next_due() const {
    using Of = Due::Of;
    const bool with_backend = message && message->data_sent() && message->phase() != Phase::streaming && message->phase() != Phase::refused;
    if (message && message->backend_is_behind()) return {last_far + settings->backend_timeout, Of::far};
    const bool starting = link.stage() != BackendLink::Stage::away && !link.is_connected();
    if (starting || link.stage() == BackendLink::Stage::naming)
        return {last_far + (link.stage() <= BackendLink::Stage::greeting ? settings->dial_timeout : settings->backend_timeout), Of::far};
    if (with_backend) return {last_far + settings->backend_timeout * (message->phase() == Phase::sent ? 2 : 1), Of::far};
    if (wants_backend()) return {last_far + (link.awaits_reply() ? settings->backend_timeout : forgotten), Of::far};
    if (message && message->phase() == Phase::judging) return {last_near + forgotten, Of::near};
    if (!message) return {last_near + settings->command_timeout, Of::near};
    const Due client_speaks{last_near + settings->data_timeout, Of::near};
    const bool holds = link.is_introduced() && !link.awaits_reply() && message->phase() != Phase::streaming;
    if (holds && last_far + house.noop_after < client_speaks.at) return {last_far + house.noop_after, Of::noop};
    return client_speaks;
}

LegStep GatewaySession::State::done(std::size_t consumed) {
    const Instant now = world.instant();
    const bool is_first = due.at == Instant{};
    // The client's time passes only while it is its turn: a backend that took long for its answer has taken none of it.
    if (due.of == Due::Of::far) last_near += now - last_done;
    last_done = now;
    if (std::exchange(seen_near, near_progress) != near_progress || is_first) last_near = now;
    const std::uint32_t far_progress = link.progress() + (message ? message->progress() : 0);
    if (std::exchange(seen_far, far_progress) != far_progress || is_first) last_far = now;
    const Instant before = std::exchange(due, next_due()).at;
    if (due.at != before) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due.at - now);
        deadline = {std::max(left, std::chrono::milliseconds(1)), deadline.step + 1};
    }
    return {consumed, near_state()};
}

void GatewaySession::State::late(LegOut& out) {
    const Due passed = next_due();
    if (world.instant() < passed.at) return;
    switch (passed.of) {
        case Due::Of::noop:
            link.send(smtp::Sent::noop, "NOOP\r\n", out);
            // One that closed may have been restarted: what is borne may be tried for longer.
            house.noop_after = std::min(house.noop_after + house.noop_after / 8, GatewayHouse::usual_noop);
            return;
        case Due::Of::far:
            link.late(out);
            return go_on(out);
        case Due::Of::near:
            break;
    }
    close(out, &too_slow);
}

bool GatewaySession::State::owes_answer(std::string_view left) const noexcept {
    if (message) return message->client_has_ended() || left.ends_with("\r\n.\r\n");
    return owed_hello || held || envelope.untold() > 0;
}

bool GatewaySession::State::is_busy() const noexcept {
    return message || owed_hello || !envelope.empty() || dialogue.in_transaction() || dialogue.phase() == Dialogue::Phase::starting_tls;
}

GatewaySession::GatewaySession(std::shared_ptr<const GatewaySettings> settings, const GatewayClient& client, Judge& judge, World& world,
                               GatewayHouse& house, std::function<void()> wake)
    : state_(std::make_unique<State>(std::move(settings), client, judge, world, house, std::move(wake))) {}
GatewaySession::~GatewaySession() = default;

LegStep GatewaySession::opened(Leg leg, const LegTls* tls, LegOut& out) {
    State& session = *state_;
    ++session.near_progress;
    if (leg == Leg::far) {
        session.link.opened(tls, out);
        session.go_on(out);
    } else if (tls != nullptr) {
        session.near_secured(*tls);
    } else {
        session.greet(out);
    }
    return session.done(0);
}

LegStep GatewaySession::feed(Leg leg, std::string_view bytes, LegOut& out) {
    State& session = *state_;
    const std::size_t fed = bytes.size();
    if (leg == Leg::far) {
        session.far_fed(bytes, out);
        out.peer_waits = !session.link.awaits_reply();
        return session.done(fed);
    }
    session.near_fed(bytes, out);
    out.peer_waits = session.owes_answer(bytes);
    return session.done(session.closing ? fed : fed - bytes.size());
}

LegStep GatewaySession::far_written(LegOut& out) {
    State& session = *state_;
    if (session.message) session.message->backend_took_it(out);
    session.go_on(out);
    return session.done(0);
}

LegStep GatewaySession::ended(Leg leg, LegEnding why, std::string_view detail, LegOut& out) {
    State& session = *state_;
    if (leg == Leg::near)
        session.near_is_gone(why, out);
    else
        session.far_ended(why, detail, out);
    return session.done(0);
}

LegStep GatewaySession::late(LegOut& out) {
    state_->late(out);
    return state_->done(0);
}

LegDeadline GatewaySession::deadline() const noexcept { return state_->deadline; }
bool GatewaySession::busy() const noexcept { return state_->is_busy(); }

}  // namespace exota::gate
