#include "wire/smtp/client_dialogue.h"

#include <cassert>
#include <utility>

namespace exota::smtp {
namespace {

using Phase = ClientDialogue::Phase;

/// XCLIENT and STARTTLS change who speaks or how: only the very code that they promise does it.
bool accepts(Sent command, int code) noexcept {
    switch (command) {
        case Sent::greeting:
        case Sent::starttls:
        case Sent::xclient:
            return code == 220;
        case Sent::data:
            return code == 354;
        default:
            return code / 100 == 2;
    }
}

/// A positive reply of another kind than the command can have.
bool is_wrong_kind(Sent command, int code) noexcept {
    return command == Sent::data ? code / 100 == 2 || (code / 100 == 3 && code != 354) : code / 100 == 3;
}

}  // namespace

std::string_view name_of(ClientFault fault) noexcept {
    switch (fault) {
        case ClientFault::bad_reply:
            return "bad reply";
        case ClientFault::unexpected_reply:
            return "unexpected reply";
        case ClientFault::wrong_kind_of_reply:
            return "wrong kind of reply";
        case ClientFault::octets_behind_starttls:
            return "octets behind STARTTLS";
    }
    return "";
}

bool ClientDialogue::may_send(Sent command) const noexcept {
    const bool nothing_waited_for = outstanding_.empty();
    const bool may_pipeline = nothing_waited_for || (extensions_.pipelining && outstanding_.size() < max_outstanding &&
                                                     (outstanding_.back() == Sent::mail || outstanding_.back() == Sent::rcpt));
    const bool between_transactions = phase_ == Phase::ready;
    const bool in_session = phase_ == Phase::fresh || phase_ == Phase::ready || phase_ == Phase::transaction;
    switch (command) {
        case Sent::ehlo:
        case Sent::helo:
            return nothing_waited_for && (phase_ == Phase::fresh || between_transactions);
        case Sent::starttls:
            return nothing_waited_for && between_transactions && extensions_.starttls && !tls_active_;
        case Sent::xclient:
            return nothing_waited_for && between_transactions && extensions_.xclient;
        case Sent::mail:
            return nothing_waited_for && between_transactions;
        case Sent::rcpt:
            return may_pipeline && phase_ == Phase::transaction;
        case Sent::data:
            return nothing_waited_for && phase_ == Phase::transaction && accepted_recipients_ > 0;
        case Sent::message:
            return nothing_waited_for && phase_ == Phase::message;
        case Sent::rset:
            return may_pipeline && in_session;
        case Sent::noop:
        case Sent::quit:
            return nothing_waited_for && in_session;
        case Sent::greeting:
        case Sent::nothing:
            break;
    }
    return false;
}

void ClientDialogue::sent(Sent command) {
    assert(may_send(command));
    outstanding_.push_back(command);
    if (command == Sent::mail) phase_ = Phase::transaction;
}

std::expected<std::optional<Answer>, ClientFault> ClientDialogue::next(std::string_view& bytes) {
    if (phase_ == Phase::starting_tls && !bytes.empty()) return std::unexpected(ClientFault::octets_behind_starttls);
    auto reply = reader_.next(bytes);
    if (!reply) {
        reply_fault_ = reply.error();
        return std::unexpected(ClientFault::bad_reply);
    }
    if (!*reply) return std::nullopt;
    auto answer = answered(std::move(**reply));
    if (!answer) return std::unexpected(answer.error());
    // What came in the clear must never be read as if it had come under TLS (RFC 3207 section 6).
    if (phase_ == Phase::starting_tls && !bytes.empty()) return std::unexpected(ClientFault::octets_behind_starttls);
    return std::move(*answer);
}

std::expected<Answer, ClientFault> ClientDialogue::answered(ServerReply reply) {
    const bool closing = reply.code == 421;
    if (phase_ == Phase::over || (outstanding_.empty() && !closing)) return std::unexpected(ClientFault::unexpected_reply);
    Answer answer;
    if (!outstanding_.empty()) {
        answer.to = outstanding_.front();
        outstanding_.pop_front();
    }
    if (answer.to == Sent::rcpt) answer.recipient = answered_recipients_++;
    if (is_wrong_kind(answer.to, reply.code)) return std::unexpected(ClientFault::wrong_kind_of_reply);
    answer.reply = std::move(reply);
    answer.closing = closing;
    answer.accepted = accepts(answer.to, answer.reply.code);
    take(answer);
    return answer;
}

void ClientDialogue::take(const Answer& answer) {
    if (answer.closing) {
        phase_ = Phase::over;
        outstanding_.clear();
        return;
    }
    const bool accepted = answer.accepted;
    switch (answer.to) {
        case Sent::greeting:
            phase_ = accepted ? Phase::fresh : Phase::over;
            break;
        case Sent::ehlo:
        case Sent::helo:
            if (!accepted) break;  // what was said before still holds
            phase_ = Phase::ready;
            extensions_ = answer.to == Sent::ehlo ? parse_extensions(answer.reply.lines) : Extensions{};
            break;
        case Sent::starttls:
            if (accepted) phase_ = Phase::starting_tls;
            break;
        case Sent::xclient:
            if (accepted) forget_hello();
            break;
        case Sent::mail:
            if (!accepted) phase_ = Phase::ready;  // RCPTs that were sent behind it are still waited for
            break;
        case Sent::rcpt:
            if (accepted && phase_ == Phase::transaction) ++accepted_recipients_;
            break;
        case Sent::data:
            if (accepted) phase_ = Phase::message;
            break;
        case Sent::message:
            phase_ = Phase::ready;
            end_transaction();
            break;
        case Sent::rset:
            if (accepted && phase_ == Phase::transaction) phase_ = Phase::ready;
            break;
        case Sent::quit:
            phase_ = Phase::over;
            break;
        case Sent::noop:
        case Sent::nothing:
            break;
    }
    if (phase_ == Phase::ready && outstanding_.empty()) end_transaction();
}

void ClientDialogue::tls_started() noexcept {
    assert(phase_ == Phase::starting_tls);
    tls_active_ = true;
    forget_hello();
}

void ClientDialogue::forget_hello() noexcept {
    phase_ = Phase::fresh;
    extensions_ = {};
    end_transaction();
}

void ClientDialogue::end_transaction() noexcept { answered_recipients_ = accepted_recipients_ = 0; }

}  // namespace exota::smtp
