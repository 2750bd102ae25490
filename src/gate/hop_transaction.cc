#include "gate/hop_transaction.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "gate/world.h"
#include "wire/smtp/command.h"

namespace exota::gate {

using smtp::Answer;
using smtp::Sent;
using LinkStage = HopLink::Stage;

namespace {
constexpr std::chrono::milliseconds leave_timeout{5000};
}

HopTransaction::HopTransaction(std::shared_ptr<const RelaySettings> settings, World& world, MtaStsPolicies* policies,
                               HopLink::Failed failed, std::function<void()> wake)
    : settings_(std::move(settings)),
      world_(world),
      policies_(policies),
      wake_(std::move(wake)),
      link_(*settings_, world, std::move(failed)) {}

bool HopTransaction::awaits() const noexcept { return stage_ == Stage::searching || link_.awaits_reply(); }

std::optional<std::chrono::milliseconds> HopTransaction::step_timeout() const noexcept {
    switch (link_.stage()) {
        case LinkStage::away:
            return std::nullopt;
        case LinkStage::dialling:
        case LinkStage::greeting:
        case LinkStage::hello:
        case LinkStage::securing:
            return settings_->dial_timeout;  // far below connect_timeout, so that the next host is tried
        case LinkStage::leaving:
            return leave_timeout;
        case LinkStage::ready:
            break;
    }
    if (link_.is_idle()) return std::nullopt;
    if (stage_ == Stage::data) return std::min(settings_->data_reply_timeout, settings_->hop_timeout);
    return stage_ == Stage::sent ? 2 * settings_->hop_timeout : settings_->hop_timeout;
}

std::optional<Instant> HopTransaction::connect_until() const noexcept {
    const bool before_mail = stage_ == Stage::leaving || stage_ == Stage::searching || stage_ == Stage::connecting;
    return before_mail ? std::optional(connect_until_) : std::nullopt;
}

bool HopTransaction::link_suits() const noexcept {
    return link_.is_ready() && link_destination_ == destination_ && messages_on_link_ < settings_->reuse_messages &&
           world_.instant() - idle_since_ < settings_->reuse_timeout;
}

void HopTransaction::start(Destination destination, std::optional<RelayEnvelope> envelope, LegOut& out) {
    assert(stage_ == Stage::idle || stage_ == Stage::failed);
    destination_ = std::move(destination);
    envelope_ = std::move(envelope);
    recipients_.clear();
    unsent_ = told_ = accepted_ = 0;
    mail_answered_ = says_xoorg_ = some_unfit_ = false;
    refusal_.reset();
    final_.reset();
    why_.clear();
    connect_until_ = world_.instant() + settings_->connect_timeout;
    reused_ = link_suits();
    stage_ = Stage::leaving;
    advance(out);
}

void HopTransaction::search() {
    stage_ = Stage::searching;
    ++progress_;
    found_.reset();
    link_destination_.reset();
    search_ = HopSearch::begin(world_, policies_, settings_, destination_, [this](FoundHops found) {
        found_ = std::move(found);
        wake_();
    });
}

void HopTransaction::advance(LegOut& out) {
    if (auto failure = link_.take_failure()) link_failed(*failure);
    if (stage_ == Stage::leaving) {
        if (link_suits()) {
            if (link_.is_idle()) stage_ = Stage::connecting;
        } else if (link_.is_away()) {
            search();
        } else if (link_.stage() != LinkStage::leaving && link_.stage() != LinkStage::ready) {
            link_.drop(out);
            search();
        } else if (link_.is_idle()) {
            link_.leave(out);
            if (link_.is_away()) search();
        }
    }
    if (stage_ == Stage::searching && found_) {
        FoundHops found = *std::exchange(found_, std::nullopt);
        search_.reset();
        why_ = std::move(found.why);
        some_unfit_ = found.some_unfit;
        ++progress_;
        if (found.targets.empty()) return fail(ClientReply::of(found.failure));
        stage_ = Stage::connecting;
        link_destination_ = destination_;
        messages_on_link_ = 0;
        link_.connect(std::move(found.targets), out);
    }
    if (stage_ == Stage::connecting && link_.is_idle()) {
        idle_since_ = world_.instant();
        if (!envelope_)
            stage_ = Stage::idle;
        else
            say_mail(out);
    }
    if (stage_ == Stage::mailing) say_recipients(out);
}

void HopTransaction::say_mail(LegOut& out) {
    const smtp::Extensions& hop = link_.extensions();
    const auto refuse = [&](const smtp::FixedReply& reply) { fail(ClientReply::of(reply)); };
    if ((envelope_->smtputf8 && !hop.smtputf8) || (envelope_->offered.dsn && !hop.dsn)) return refuse(reply::hop_lacks_extension);
    // Under TLS our certificate says who we are; without it XOORG= is a word of anybody's.
    says_xoorg_ = envelope_->organization && hop.xoorg && link_.tls_active() && settings_->has_certificate;
    if (envelope_->organization && !says_xoorg_ && settings_->xoorg_unannounced == XoorgUnannounced::defer)
        return refuse(reply::xoorg_unannounced);
    const auto mail = smtp::parse_mail(envelope_->mail, envelope_->offered);
    if (!mail) return refuse(mail.error());
    std::string command;
    smtp::append_mail(command, mail->reverse_path.mailbox, mail->parameters, hop, says_xoorg_ ? &*envelope_->organization : nullptr);
    link_.send(Sent::mail, command, out);
    stage_ = Stage::mailing;
}

void HopTransaction::say_recipients(LegOut& out) {
    for (; unsent_ < told_ + recipients_.size() && link_.may_send(Sent::rcpt); ++unsent_) {
        const std::string& argument = recipients_[unsent_ - told_].argument;
        const auto parsed = smtp::parse_recipient(argument, envelope_->offered, envelope_->smtputf8);
        if (!parsed) return fail(ClientReply::of(parsed.error()));  // it was parsed before: that cannot be
        std::string command;
        smtp::append_recipient(command, parsed->forward_path.mailbox, parsed->parameters, link_.extensions());
        link_.send(Sent::rcpt, command, out);
    }
}

void HopTransaction::add_recipient(std::string argument, LegOut& out) {
    recipients_.push_back({std::move(argument), refusal_});
    advance(out);
}

std::optional<ClientReply> HopTransaction::next_recipient_reply() {
    if (recipients_.empty() || !recipients_.front().reply) return std::nullopt;
    ClientReply reply = *std::move(recipients_.front().reply);
    recipients_.pop_front();
    ++told_;
    if (reply.positive()) ++accepted_;
    return reply;
}

void HopTransaction::data(LegOut& out) {
    if (stage_ == Stage::failed) return;
    assert(stage_ == Stage::mailing && link_.may_send(Sent::data));
    link_.send(Sent::data, "DATA\r\n", out);
    stage_ = Stage::data;
}

void HopTransaction::message_written(LegOut& out) {
    if (stage_ == Stage::failed) return;
    assert(stage_ == Stage::message);
    link_.send(Sent::message, "", out);
    stage_ = Stage::sent;
}

std::optional<ClientReply> HopTransaction::take_final_reply() {
    if (stage_ == Stage::failed && !final_) return refusal_;
    return std::exchange(final_, std::nullopt);
}

void HopTransaction::abort(Connection connection, LegOut& out) {
    search_.reset();
    found_.reset();
    recipients_.clear();
    unsent_ = told_ = accepted_ = 0;
    if (stage_ == Stage::idle) return;
    const bool in_transaction = link_.is_ready() && link_.phase() == smtp::ClientDialogue::Phase::transaction;
    const bool half_way = stage_ == Stage::message || stage_ == Stage::sent || (stage_ == Stage::data && link_.awaits_reply());
    if (connection == Connection::must_go || half_way || (!link_.is_ready() && !link_.is_away()))
        link_.drop(out);
    else if (in_transaction && link_.may_send(Sent::rset))
        link_.send(Sent::rset, "RSET\r\n", out);
    else if (in_transaction)
        link_.drop(out);
    stage_ = Stage::idle;
    idle_since_ = world_.instant();
    ++progress_;
}

void HopTransaction::fail(ClientReply reply) {
    refusal_ = std::move(reply);
    answer_recipients(*refusal_);
    stage_ = Stage::failed;
    ++progress_;
}

HopTransaction::Recipient* HopTransaction::recipient(std::size_t index) noexcept {
    return index >= told_ && index - told_ < recipients_.size() ? &recipients_[index - told_] : nullptr;
}

void HopTransaction::answer_recipients(const ClientReply& reply) {
    for (Recipient& recipient : recipients_)
        if (!recipient.reply) recipient.reply = reply;
}

void HopTransaction::link_failed(const HopLink::Failure& failure) {
    if (stage_ == Stage::idle || stage_ == Stage::failed || stage_ == Stage::searching) return;
    if (stage_ == Stage::leaving) return;  // advance() sees that it is away
    if (reused_ && !mail_answered_ && (stage_ == Stage::mailing || stage_ == Stage::connecting)) {
        reused_ = false;
        unsent_ = 0;
        stage_ = Stage::leaving;
        return;
    }
    const bool by_policy = !failure.was_ready && (failure.by_policy || some_unfit_);
    fail(ClientReply::of(by_policy ? reply::tls_unfit : reply_to(failure)));
}

void HopTransaction::answered(const Answer& answer, LegOut& out) {
    if (answer.to == Sent::rset) {
        if (!answer.accepted) link_.give_up(answer.closing ? HopFailure::closed : HopFailure::refused, answer.reply.lines.front(), out);
        return;
    }
    const bool current = stage_ == Stage::mailing || stage_ == Stage::data || stage_ == Stage::message || stage_ == Stage::sent;
    if (current && answer.closing && !(reused_ && answer.to == Sent::mail) && answer.to != Sent::message)
        fail(ClientReply::of_next_hop(answer.reply));
    if (answer.closing && answer.to != Sent::message) return link_.give_up(HopFailure::closed, answer.reply.lines.front(), out);
    if (!current) return;  // of a transaction that came to nothing
    switch (answer.to) {
        case Sent::mail:
            mail_answered_ = true;
            if (!answer.accepted) {
                refusal_ = ClientReply::of_next_hop(answer.reply);
                answer_recipients(*refusal_);
                stage_ = Stage::failed;
            }
            break;
        case Sent::rcpt:
            if (Recipient* const one = recipient(answer.recipient); one != nullptr && !one->reply)
                one->reply = ClientReply::of_next_hop(answer.reply);
            break;
        case Sent::data:
            if (answer.accepted) {
                stage_ = Stage::message;
            } else {
                final_ = ClientReply::of_next_hop(answer.reply);
            }
            break;
        case Sent::message:
            final_ = ClientReply::of_next_hop(answer.reply);
            stage_ = Stage::idle;
            ++messages_on_link_;
            idle_since_ = world_.instant();
            if (answer.closing) link_.drop(out);
            break;
        default:
            break;
    }
}

void HopTransaction::opened(const LegTls* tls, LegOut& out) {
    link_.opened(tls, out);
    advance(out);
}

void HopTransaction::feed(std::string_view bytes, LegOut& out) {
    while (!bytes.empty()) {
        const auto answer = link_.feed(bytes, out);
        if (answer) answered(*answer, out);
        advance(out);
        if (!answer || out.close_far || out.dial) break;  // what is left belongs to a connection that is gone
    }
}

void HopTransaction::ended(LegEnding ending, std::string_view detail, LegOut& out) {
    link_.ended(ending, detail, out);
    advance(out);
}

void HopTransaction::late(LegOut& out) {
    if (const auto until = connect_until(); until && world_.instant() >= *until) {
        give_up("no connection in the time that all of them have", out);
    } else {
        link_.late(out);
        advance(out);
    }
}

void HopTransaction::give_up(std::string_view detail, LegOut& out) {
    const bool in_transaction = link_.is_ready() && stage_ != Stage::leaving;
    search_.reset();
    found_.reset();
    link_.give_up_all(HopFailure::late, detail, out);
    static_cast<void>(link_.take_failure());  // more than that one failed
    fail(ClientReply::of(in_transaction ? reply_to({.why = HopFailure::late, .was_ready = true}) : smtp::reply::out_of_time));
    advance(out);
}

}  // namespace exota::gate
