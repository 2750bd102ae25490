#include "gate/gateway_backend.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "gate/server_proof.h"
#include "wire/smtp/proxy2.h"

namespace exota::gate {

using smtp::Answer;
using smtp::Sent;
using Phase = smtp::ClientDialogue::Phase;

std::string_view name_of(BackendFailure failure) noexcept {
    constexpr std::array<std::string_view, backend_failure_count> names{
        "unreachable",   "late",         "closed",          "refused",         "bad-reply",
        "no-tls",        "not-verified", "xclient-missing", "xclient-refused", "lacks-extension",
        "changed-answer"};
    return names[static_cast<std::size_t>(failure)];
}

namespace {

std::string text_of(const smtp::ServerReply& reply) { return smtp::on_one_line(reply).line(); }

}  // namespace

bool BackendLink::suits(std::string_view helo, bool extended) const noexcept {
    switch (settings_.backend_identity) {
        case BackendIdentity::none:
            return true;
        case BackendIdentity::proxy:
            return helo == helo_;
        case BackendIdentity::xclient:
            break;
    }
    return stage_ < Stage::naming || (helo == helo_ && extended == extended_);
}

const smtp::Extensions& BackendLink::extensions() const noexcept {
    assert(is_connected());
    return dialogue_->extensions();
}

Phase BackendLink::phase() const noexcept { return dialogue_ ? dialogue_->phase() : Phase::over; }

bool BackendLink::awaits_reply() const noexcept {
    return stage_ != Stage::away && (stage_ < Stage::connected || dialogue_->outstanding() > 0);
}

void BackendLink::connect(std::string_view helo, LegOut& out) {
    assert(stage_ == Stage::away);
    helo_ = helo;
    next_ = 0;
    dial_next(out);
}

void BackendLink::dial_next(LegOut& out) {
    out.drop_far();
    dialogue_.emplace();
    xclient_.clear();
    reset_wanted_ = reset_said_ = false;
    backend_ = next_++;
    stage_ = Stage::dialling;
    out.dial = backend_;
    ++progress_;
}

void BackendLink::give_up(BackendFailure why, std::string_view detail, LegOut& out) {
    if (stage_ == Stage::away) return;
    house_.backend_failed(backend_, why, detail);
    if (stage_ < Stage::connected && next_ < settings_.backend.size()) return dial_next(out);
    failure_ = Failure{why, is_connected(), is_introduced()};
    drop(out);
}

void BackendLink::drop(LegOut& out) {
    if (stage_ != Stage::away) out.drop_far();
    stage_ = Stage::away;
    dialogue_.reset();
    ++progress_;
}

void BackendLink::quit(LegOut& out) {
    if (is_connected() && dialogue_->may_send(Sent::quit)) say(Sent::quit, "QUIT\r\n", out);
    stage_ = Stage::away;
    dialogue_.reset();
}

void BackendLink::say(Sent command, std::string_view octets, LegOut& out) {
    dialogue_->sent(command);
    out.far += octets;
    ++progress_;
}

void BackendLink::send(Sent command, std::string_view octets, LegOut& out) {
    assert(may_send(command));
    say(command, octets, out);
}

void BackendLink::reset(LegOut& out) {
    if (!is_introduced() || dialogue_->phase() != Phase::transaction || reset_said_) return;
    reset_said_ = dialogue_->may_send(Sent::rset);
    reset_wanted_ = !reset_said_;
    if (reset_said_) say(Sent::rset, "RSET\r\n", out);
}

void BackendLink::say_hello(Sent verb, LegOut& out) {
    const std::string& name = settings_.backend_identity == BackendIdentity::proxy ? helo_ : settings_.hostname;
    say(verb, (verb == Sent::ehlo ? "EHLO " : "HELO ") + name + "\r\n", out);
}

void BackendLink::write_proxy_header(LegOut& out) const {
    if (client_.address && client_.own_address) {
        smtp::append_proxy2_header(out.far, smtp::ProxyInet{.source = *client_.address,
                                                            .destination = *client_.own_address,
                                                            .source_port = client_.port,
                                                            .destination_port = client_.own_port});
    } else {
        smtp::append_proxy2_header(out.far, smtp::ProxyUnix{});
    }
}

void BackendLink::opened(const LegTls* tls, LegOut& out) {
    if (stage_ == Stage::dialling && tls == nullptr) {
        stage_ = Stage::greeting;
        if (settings_.backend_identity == BackendIdentity::proxy) write_proxy_header(out);
        ++progress_;
    } else if (stage_ == Stage::securing && tls != nullptr) {
        if (settings_.backend_tls == BackendTls::verify)
            if (const auto proven = check_server(*tls); !proven) return give_up(BackendFailure::not_verified, proven.error(), out);
        dialogue_->tls_started();
        stage_ = Stage::hello;
        say_hello(Sent::ehlo, out);
    }
}

void BackendLink::ended(LegEnding why, std::string_view detail, LegOut& out) {
    const bool dialling = stage_ == Stage::dialling;
    give_up(dialling                   ? BackendFailure::unreachable
            : why == LegEnding::no_tls ? BackendFailure::no_tls
                                       : BackendFailure::closed,
            detail, out);
}

void BackendLink::after_hello(LegOut& out) {
    if (stage_ == Stage::naming) {
        if (xclient_.empty()) {
            stage_ = Stage::introduced;
        } else if (dialogue_->may_send(Sent::xclient)) {
            say_xclient(out);
        } else {
            give_up(BackendFailure::xclient_refused, "after the first of two it is not offered any more", out);
        }
        return;
    }
    const smtp::Extensions& offered = dialogue_->extensions();
    if (settings_.backend_tls != BackendTls::none && !dialogue_->tls_active()) {
        if (!offered.starttls) return give_up(BackendFailure::no_tls, "STARTTLS is not offered", out);
        stage_ = Stage::securing;
        return say(Sent::starttls, "STARTTLS\r\n", out);
    }
    if (settings_.backend_identity == BackendIdentity::xclient && !(offered.xclient && offered.xclient->addr))
        return give_up(BackendFailure::xclient_missing, "it does not offer XCLIENT with ADDR to us", out);
    stage_ = Stage::connected;
    house_.backend_works(backend_);
}

void BackendLink::introduce(const smtp::XclientFacts& facts, LegOut& out) {
    assert(stage_ == Stage::connected);
    if (settings_.backend_identity != BackendIdentity::xclient) {
        stage_ = Stage::introduced;
        return;
    }
    helo_ = facts.helo;
    extended_ = facts.extended;
    xclient_ = smtp::xclient_commands(*dialogue_->extensions().xclient, facts);
    std::ranges::reverse(xclient_);
    stage_ = Stage::naming;
    say_xclient(out);
}

void BackendLink::say_xclient(LegOut& out) {
    const std::string command = std::move(xclient_.back());
    xclient_.pop_back();
    say(Sent::xclient, command, out);
}

std::optional<Answer> BackendLink::feed(std::string_view& bytes, LegOut& out) {
    while (dialogue_) {
        auto next = dialogue_->next(bytes);
        if (!next) {
            const std::string_view fault =
                next.error() == smtp::ClientFault::bad_reply ? name_of(dialogue_->reply_fault()) : name_of(next.error());
            give_up(BackendFailure::bad_reply, fault, out);
            break;
        }
        if (!*next) return std::nullopt;
        ++progress_;
        if (auto answer = take(std::move(**next), out)) return answer;
        if (out.dial || stage_ == Stage::securing) break;  // what is left belongs to nobody
        if (reset_wanted_ && is_introduced()) reset(out);
    }
    bytes = {};
    return std::nullopt;
}

std::optional<Answer> BackendLink::take(Answer answer, LegOut& out) {
    switch (answer.to) {
        case Sent::greeting:
            if (!answer.accepted) {
                give_up(BackendFailure::refused, text_of(answer.reply), out);
            } else {
                stage_ = Stage::hello;
                say_hello(Sent::ehlo, out);
            }
            break;
        case Sent::ehlo:
            // RFC 5321 section 3.2: who does not know EHLO is told HELO.
            if (!answer.accepted && answer.reply.code / 100 == 5 && dialogue_->may_send(Sent::helo)) {
                say_hello(Sent::helo, out);
                break;
            }
            [[fallthrough]];
        case Sent::helo:
            if (answer.accepted)
                after_hello(out);
            else
                give_up(BackendFailure::refused, text_of(answer.reply), out);
            break;
        case Sent::starttls:
            if (answer.accepted)
                out.start_tls = Leg::far;
            else
                give_up(BackendFailure::no_tls, text_of(answer.reply), out);
            break;
        case Sent::xclient:
            if (answer.accepted)
                say_hello(Sent::ehlo, out);
            else
                give_up(BackendFailure::xclient_refused, text_of(answer.reply), out);
            break;
        case Sent::rset:
            reset_said_ = false;
            // It may keep the recipients of the message before.
            if (!answer.accepted) give_up(answer.closing ? BackendFailure::closed : BackendFailure::refused, text_of(answer.reply), out);
            break;
        case Sent::noop:
            if (answer.closing) give_up(BackendFailure::closed, text_of(answer.reply), out);
            break;
        case Sent::nothing: {  // it is a 421
            const bool was_connected = is_connected();
            give_up(BackendFailure::closed, text_of(answer.reply), out);
            if (was_connected) return answer;
            break;
        }
        case Sent::quit:
            break;
        case Sent::mail:
        case Sent::rcpt:
        case Sent::data:
        case Sent::message:
            return answer;
    }
    return std::nullopt;
}

}  // namespace exota::gate
