#include "gate/hop_link.h"

#include <array>
#include <cassert>

#include "gate/world.h"

namespace exota::gate {

using smtp::Answer;
using smtp::Sent;

namespace reply {
constexpr smtp::FixedReply no_hop_answers{451, "4.4.1", "No mail server of this domain answers; try again"};
constexpr smtp::FixedReply late_in_transaction{451, "4.4.2", "Next server did not answer in time; try again"};
}  // namespace reply

std::string_view name_of(HopFailure failure) noexcept {
    constexpr std::array<std::string_view, hop_failure_count> names{"unreachable", "late",   "closed",    "refused",
                                                                    "bad-reply",   "no-tls", "not-proven"};
    return names[static_cast<std::size_t>(failure)];
}

const smtp::FixedReply& reply_to(const HopLink::Failure& failure) noexcept {
    switch (failure.why) {
        case HopFailure::late:
            return failure.was_ready ? reply::late_in_transaction : reply::no_hop_answers;
        case HopFailure::unreachable:
        case HopFailure::refused:
            return reply::no_hop_answers;
        case HopFailure::no_tls:
        case HopFailure::not_proven:
            return reply::tls_unfit;
        case HopFailure::closed:
        case HopFailure::bad_reply:
            break;
    }
    return smtp::reply::far_side_failed;
}

namespace {

std::string text_of(const smtp::ServerReply& reply) { return smtp::on_one_line(reply).line(); }

}  // namespace

void HopLink::connect(std::vector<HopTarget> targets, LegOut& out) {
    assert(is_away() && !targets.empty());
    targets_ = std::move(targets);
    next_ = 0;
    without_tls_ = policy_failed_ = false;
    facts_ = {.target = targets_[next_++]};
    dial(out);
}

void HopLink::dial(LegOut& out) {
    out.drop_far();
    dialogue_.emplace();
    stage_ = Stage::dialling;
    out.dial = next_ - 1;
    ++progress_;
}

void HopLink::drop(LegOut& out) {
    if (!is_away()) out.drop_far();
    stage_ = Stage::away;
    dialogue_.reset();
    ++progress_;
}

void HopLink::give_up(HopFailure why, std::string_view detail, LegOut& out) {
    if (is_away()) return;
    if (stage_ == Stage::leaving) return drop(out);
    failed_(target(), why, detail);
    const bool was_ready = is_ready();
    policy_failed_ = policy_failed_ || (!was_ready && (why == HopFailure::no_tls || why == HopFailure::not_proven));
    if (!was_ready && next_ < targets_.size()) {
        without_tls_ = false;
        facts_ = {.target = targets_[next_++]};
        return dial(out);
    }
    failure_ = Failure{why, std::string(detail), was_ready, policy_failed_};
    drop(out);
}

void HopLink::give_up_all(HopFailure why, std::string_view detail, LegOut& out) {
    next_ = targets_.size();
    give_up(why, detail, out);
}

void HopLink::leave(LegOut& out) {
    if (!may_send(Sent::quit)) return drop(out);
    say(Sent::quit, "QUIT\r\n", out);
    stage_ = Stage::leaving;
}

void HopLink::quit(LegOut& out) {
    if (may_send(Sent::quit)) say(Sent::quit, "QUIT\r\n", out);
    stage_ = Stage::away;
    dialogue_.reset();
}

void HopLink::say(Sent command, std::string_view octets, LegOut& out) {
    dialogue_->sent(command);
    out.far += octets;
    ++progress_;
}

void HopLink::send(Sent command, std::string_view octets, LegOut& out) {
    assert(may_send(command));
    say(command, octets, out);
}

void HopLink::opened(const LegTls* tls, LegOut& out) {
    if (stage_ == Stage::dialling && tls == nullptr) {
        stage_ = Stage::greeting;
        ++progress_;
    } else if (stage_ == Stage::securing && tls != nullptr) {
        secured(*tls, out);
    }
}

void HopLink::secured(const LegTls& tls, LegOut& out) {
    const HopTls& wanted = *target().tls;
    const auto proof = check_tls(wanted, &tls, world_.now());
    if (!proof) return give_up(HopFailure::not_proven, proof.error(), out);
    facts_.proof = *proof;
    facts_.tls_version = tls.version;
    facts_.cipher = tls.cipher;
    if (wanted.policy == TlsPolicy::mta_sts_testing && wanted.tried.empty()) {
        HopTls enforced = wanted;
        enforced.level = TlsLevel::verify;
        if (const auto would_be = check_tls(enforced, &tls, world_.now()); !would_be) facts_.tried = would_be.error();
    }
    dialogue_->tls_started();
    stage_ = Stage::hello;
    say(Sent::ehlo, "EHLO " + settings_.hostname + "\r\n", out);
}

void HopLink::ended(LegEnding why, std::string_view detail, LegOut& out) {
    if (stage_ == Stage::securing && target().tls->level == TlsLevel::may) {
        failed_(target(), HopFailure::no_tls, detail);
        without_tls_ = true;
        return dial(out);
    }
    const bool dialling = stage_ == Stage::dialling;
    give_up(dialling ? HopFailure::unreachable : why == LegEnding::no_tls ? HopFailure::no_tls : HopFailure::closed, detail, out);
}

void HopLink::late(LegOut& out) {
    give_up(stage_ == Stage::dialling ? HopFailure::unreachable : HopFailure::late, "no answer in time", out);
}

void HopLink::after_hello(LegOut& out) {
    const HopTls& wanted = *target().tls;
    if (tls_active()) return became_ready();
    if (extensions().starttls && !without_tls_ && dialogue_->may_send(Sent::starttls)) {
        stage_ = Stage::securing;
        return say(Sent::starttls, "STARTTLS\r\n", out);
    }
    if (wanted.level != TlsLevel::may) return give_up(HopFailure::no_tls, "STARTTLS is not offered", out);
    became_ready_in_the_clear();
}

void HopLink::became_ready_in_the_clear() {
    if (target().tls->policy == TlsPolicy::mta_sts_testing) facts_.tried = "no TLS";
    became_ready();
}

void HopLink::became_ready() {
    if (!target().tls->tried.empty()) facts_.tried = target().tls->tried;
    stage_ = Stage::ready;
}

std::optional<Answer> HopLink::feed(std::string_view& bytes, LegOut& out) {
    while (dialogue_) {
        auto next = dialogue_->next(bytes);
        if (!next) {
            const bool unread = next.error() == smtp::ClientFault::bad_reply;
            give_up(HopFailure::bad_reply, unread ? name_of(dialogue_->reply_fault()) : name_of(next.error()), out);
            break;
        }
        if (!*next) return std::nullopt;
        ++progress_;
        if (auto answer = take(std::move(**next), out)) return answer;
        if (out.dial || out.start_tls || is_away()) break;  // what is left belongs to nobody
    }
    bytes = {};
    return std::nullopt;
}

std::optional<Answer> HopLink::take(Answer answer, LegOut& out) {
    switch (answer.to) {
        case Sent::greeting:
            if (!answer.accepted) {
                give_up(HopFailure::refused, text_of(answer.reply), out);
            } else {
                stage_ = Stage::hello;
                say(Sent::ehlo, "EHLO " + settings_.hostname + "\r\n", out);
            }
            return std::nullopt;
        case Sent::ehlo:
            // RFC 5321 section 3.2: who does not know EHLO is told HELO.
            if (!answer.accepted && answer.reply.code / 100 == 5 && dialogue_->may_send(Sent::helo) && !tls_active()) {
                say(Sent::helo, "HELO " + settings_.hostname + "\r\n", out);
                return std::nullopt;
            }
            [[fallthrough]];
        case Sent::helo:
            if (answer.accepted)
                after_hello(out);
            else
                give_up(HopFailure::refused, text_of(answer.reply), out);
            return std::nullopt;
        case Sent::starttls:
            if (answer.accepted) {
                out.start_tls = Leg::far;
            } else if (target().tls->level == TlsLevel::may && !answer.closing) {
                failed_(target(), HopFailure::no_tls, text_of(answer.reply));
                became_ready_in_the_clear();  // it offers what it has not; nothing was begun
            } else {
                give_up(HopFailure::no_tls, text_of(answer.reply), out);
            }
            return std::nullopt;
        case Sent::quit:
            drop(out);
            return std::nullopt;
        case Sent::xclient:
        case Sent::noop:
        case Sent::nothing:
            if (answer.closing) give_up(HopFailure::closed, text_of(answer.reply), out);
            return std::nullopt;
        case Sent::mail:
        case Sent::rcpt:
        case Sent::rset:
        case Sent::data:
        case Sent::message:
            break;
    }
    return answer;
}

}  // namespace exota::gate
