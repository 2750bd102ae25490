#include "gate/relay_held.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "gate/world.h"

namespace exota::gate {

using HopStage = HopTransaction::Stage;
using Connection = HopTransaction::Connection;

namespace {

std::size_t count_destinations(const std::vector<HeldRecipient>& recipients) {
    std::set<std::tuple<Destination::Kind, std::string_view, std::uint16_t>> different;
    for (const HeldRecipient& one : recipients)
        if (one.destination) different.emplace(one.destination->kind, one.destination->name, one.destination->port);
    return different.size();
}

}  // namespace

HeldDelivery::HeldDelivery(HopTransaction& transaction, World& world, const RelayEnvelope& envelope,
                           const std::vector<HeldRecipient>& recipients, HeldContent content, Instant until, OnOutcome on_outcome)
    : transaction_(transaction),
      world_(world),
      envelope_(envelope),
      recipients_(recipients),
      content_(std::move(content)),
      on_outcome_(std::move(on_outcome)),
      replies_(recipients.size()),
      has_reply_(recipients.size(), false),
      destinations_left_(count_destinations(recipients)),
      until_(until),
      destination_until_(until) {}

void HeldDelivery::give(std::size_t recipient, const ClientReply& reply) {
    if (has_reply_[recipient]) return;
    has_reply_[recipient] = true;
    ++answered_;
    replies_.give(recipient, reply.line);
}

void HeldDelivery::advance(LegOut& out) {
    while (!done() && step(out)) {
    }
}

std::vector<std::size_t> HeldDelivery::next_group() const {
    std::vector<std::size_t> group;
    for (std::size_t i = 0; i < recipients_.size(); ++i)
        if (!has_reply_[i] && (group.empty() || recipients_[i].destination == recipients_[group.front()].destination)) group.push_back(i);
    return group;
}

bool HeldDelivery::next_destination(LegOut& out) {
    group_ = next_group();
    if (group_.empty()) return false;
    const std::optional<Destination>& destination = recipients_[group_.front()].destination;
    if (!destination) {
        end_group_unasked(ClientReply::of(reply::no_destination));
        return true;
    }
    assert(destinations_left_ > 0);
    const Instant now = world_.instant();
    destination_until_ = now + (until_ - now) / static_cast<Instant::rep>(destinations_left_--);
    if (destination_until_ <= now) {
        end_group_unasked(ClientReply::of(smtp::reply::out_of_time));
        return true;
    }
    transaction_.begin(*destination, envelope_, out);
    for (const std::size_t i : group_) transaction_.add_recipient(recipients_[i].argument, out);
    return true;
}

bool HeldDelivery::step(LegOut& out) {
    if (group_.empty()) return next_destination(out);
    while (auto reply = transaction_.next_recipient_reply()) {
        const std::size_t recipient = group_[told_++];
        if (reply->positive()) {
            accepted_.push_back(recipient);
        } else {
            give(recipient, *reply);
            std::erase_if(refusals_, [&](const ClientReply& before) { return before.line == reply->line; });
            refusals_.push_back(*std::move(reply));
        }
    }
    if (told_ < group_.size()) return false;
    if (accepted_.empty()) {
        end_destination(ClientReply(refusals_.back()), Connection::may_stay, out);
        return true;
    }
    if (transaction_.stage() == HopStage::mailing) {
        begin_data(out);
        return true;
    }
    if (transaction_.stage() == HopStage::message && !waits_for_room_) {
        pump(out);
        return true;
    }
    const auto final_reply = transaction_.take_final_reply();
    if (final_reply) end_destination(*final_reply, message_ && message_->is_cut_off() ? Connection::must_go : Connection::may_stay, out);
    return final_reply.has_value();
}

void HeldDelivery::begin_data(LegOut& out) {
    if (content_.eight_bit && !transaction_.takes_eight_bit())
        return end_destination(ClientReply::of(reply::needs_eight_bit), Connection::may_stay, out);
    message_.emplace(smtp::DataLimits{}, RelayedMessage::Way{.received = content_.received, .clean_up = transaction_.says_xoorg()});
    at_ = 0;
    transaction_.data(out);
}

void HeldDelivery::pump(LegOut& out) {
    const auto piece = content_.spool->read(at_, piece_octets);
    if (!piece) {
        spool_failure_ = piece.error().detail;
        return end_destination(ClientReply::of(reply::spool_unreadable), Connection::must_go, out);
    }
    std::string_view bytes = *piece;
    at_ += bytes.size();
    message_->read(bytes, &out.far);
    if (message_->ended()) return transaction_.message_written(out);
    out.more_far = waits_for_room_ = true;
}

void HeldDelivery::written(LegOut& out) {
    waits_for_room_ = false;
    advance(out);
}

void HeldDelivery::end_destination(const ClientReply& reply, Connection connection, LegOut& out) {
    tell_present(reply);
    transaction_.abort(connection, out);
    spool_failure_.clear();
    group_.clear();
    accepted_.clear();
    told_ = 0;
    refusals_.clear();
    message_.reset();
    waits_for_room_ = false;
    if (is_last_) end_unasked(ClientReply::of(smtp::reply::session_over));
}

void HeldDelivery::tell_present(const ClientReply& reply) {
    for (const std::size_t recipient : accepted_) give(recipient, reply);
    const std::optional<Destination>& destination = recipients_[group_.front()].destination;
    for (const ClientReply& refusal : refusals_)
        if (refusal.line != reply.line) on_outcome_({destination, true, refusal, 0});
    on_outcome_({destination, true, reply, reply.positive() ? accepted_.size() : 0});
}

void HeldDelivery::end_group_unasked(const ClientReply& reply) {
    for (const std::size_t i : group_) give(i, reply);
    on_outcome_({recipients_[group_.front()].destination, false, reply, 0});
    group_.clear();
}

void HeldDelivery::end_unasked(const ClientReply& reply) {
    for (group_ = next_group(); !group_.empty(); group_ = next_group()) end_group_unasked(reply);
}

void HeldDelivery::end_now(const ClientReply& reply) {
    if (!group_.empty()) {
        tell_present(reply);
        for (const std::size_t i : group_) give(i, reply);
        group_.clear();
    }
    end_unasked(reply);
}

void HeldDelivery::out_of_time(LegOut& out) {
    const ClientReply late = ClientReply::of(smtp::reply::out_of_time);
    for (const std::size_t i : group_)
        if (std::ranges::find(accepted_, i) == accepted_.end()) give(i, late);
    end_destination(late, Connection::must_go, out);
}

}  // namespace exota::gate
