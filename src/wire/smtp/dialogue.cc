#include "wire/smtp/dialogue.h"

#include <cassert>

namespace exota::smtp {

std::optional<FixedReply> Dialogue::octets_came() const noexcept {
    if (phase_ == Phase::greeting || phase_ == Phase::starting_tls) return reply::spoke_too_early;
    return std::nullopt;
}

std::optional<FixedReply> Dialogue::check(Verb verb, Behind behind) const noexcept {
    if (phase_ == Phase::over) return reply::session_over;
    if (const auto early = octets_came()) return early;
    if (const auto wrong = check_order(verb)) return wrong;
    // What came in the clear must never be read as if it had come under TLS (RFC 3207 section 6).
    if (verb == Verb::starttls && behind == Behind::octets) return reply::spoke_too_early;
    return std::nullopt;
}

std::optional<FixedReply> Dialogue::check_order(Verb verb) const noexcept {
    const auto unless = [](bool legal, const FixedReply& reply) { return legal ? std::nullopt : std::optional(reply); };
    const bool needs_tls = options_.require_tls && !tls_active_;
    switch (verb) {
        case Verb::unknown:
            return reply::unknown_command;
        case Verb::not_offered:
            return reply::not_offered;
        case Verb::ehlo:
        case Verb::helo:
            return unless(!options_.lmtp, reply::hello_of_other_protocol);  // RFC 2033 section 4.1
        case Verb::lhlo:
            return unless(options_.lmtp, reply::unknown_command);
        case Verb::rset:
        case Verb::noop:
        case Verb::quit:
            return std::nullopt;
        case Verb::starttls:
            if (tls_active_) return reply::tls_active;
            if (!options_.starttls) return reply::not_offered;
            if (phase_ == Phase::hello) return reply::hello_first;
            return unless(phase_ == Phase::idle, reply::not_in_transaction);
        case Verb::vrfy:
            return unless(!needs_tls, reply::tls_first);
        case Verb::mail:
            if (needs_tls) return reply::tls_first;
            if (phase_ == Phase::hello) return reply::hello_first;
            return unless(phase_ == Phase::idle, reply::nested_mail);
        case Verb::rcpt:
            if (needs_tls) return reply::tls_first;
            if (phase_ != Phase::transaction) return phase_ == Phase::hello ? reply::hello_first : reply::mail_first;
            return unless(recipients_ < options_.max_recipients, reply::too_many_recipients);
        case Verb::data:
            if (needs_tls) return reply::tls_first;
            if (phase_ != Phase::transaction) return phase_ == Phase::hello ? reply::hello_first : reply::mail_first;
            if (recipients_ > 0) return std::nullopt;
            // LMTP has one reply for it (RFC 2033 section 4.2); SMTP tells whether it is the client's fault.
            return !options_.lmtp && recipient_tried_ ? reply::no_valid_recipients : reply::recipient_first;
    }
    return reply::unknown_command;
}

void Dialogue::accepted(Verb verb) noexcept {
    switch (verb) {
        case Verb::ehlo:
        case Verb::helo:
        case Verb::lhlo:
            phase_ = Phase::idle;
            extended_ = verb != Verb::helo;
            reset();
            break;
        case Verb::mail:
            assert(phase_ == Phase::idle);
            phase_ = Phase::transaction;
            break;
        case Verb::rcpt:
            assert(phase_ == Phase::transaction);
            ++recipients_;
            recipient_tried_ = true;
            break;
        case Verb::data:
            assert(phase_ == Phase::transaction && recipients_ > 0);
            phase_ = Phase::message;
            break;
        case Verb::rset:
            reset();
            break;
        case Verb::starttls:
            assert(phase_ == Phase::idle && !tls_active_);
            phase_ = Phase::starting_tls;
            break;
        case Verb::quit:
            phase_ = Phase::over;
            break;
        case Verb::noop:
        case Verb::vrfy:
        case Verb::not_offered:
        case Verb::unknown:
            break;
    }
}

FixedReply Dialogue::refused(const FixedReply& reply) noexcept {
    if (reply.code / 100 == 5 && ++errors_ >= options_.max_errors) {
        phase_ = Phase::over;
        return reply::too_many_errors;
    }
    if (reply.code == 421) phase_ = Phase::over;
    return reply;
}

void Dialogue::tls_started() noexcept {
    assert(phase_ == Phase::starting_tls);
    tls_active_ = true;
    extended_ = false;  // what was said in the clear is forgotten (RFC 3207 section 4.2)
    phase_ = Phase::hello;
}

void Dialogue::reset() noexcept {
    if (in_transaction()) phase_ = Phase::idle;
    recipients_ = 0;
    recipient_tried_ = false;
}

}  // namespace exota::smtp
