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

namespace {

std::size_t count_destinations(const std::vector<HeldRecipient>& recipients) {
    std::set<std::tuple<Destination::Kind, std::string_view, std::uint16_t>> different;
    for (const HeldRecipient& one : recipients)
        if (one.destination) different.emplace(one.destination->kind, one.destination->name, one.destination->port);
    return different.size();
}

}  // namespace

HeldDelivery::HeldDelivery(HopTransaction& transaction, World& world, const RelayEnvelope& envelope,
                           const std::vector<HeldRecipient>& recipients, HeldContent content, Instant until, Delivered delivered)
    : transaction_(transaction),
      world_(world),
      envelope_(envelope),
      recipients_(recipients),
      content_(std::move(content)),
      delivered_(std::move(delivered)),
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

bool HeldDelivery::next_destination(LegOut& out) {
    const std::optional<Destination>* destination = nullptr;
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
        if (has_reply_[i]) continue;
        if (!recipients_[i].destination) {
            give(i, ClientReply::of(reply::no_destination));
            continue;
        }
        if (destination == nullptr) destination = &recipients_[i].destination;
        if (recipients_[i].destination == *destination) group_.push_back(i);
    }
    if (group_.empty()) return false;
    assert(destinations_left_ > 0);
    const Instant now = world_.instant();
    destination_until_ = now + (until_ - now) / static_cast<Instant::rep>(destinations_left_--);
    if (destination_until_ <= now) {
        for (const std::size_t i : group_) give(i, ClientReply::of(smtp::reply::out_of_time));
        group_.clear();
        return true;
    }
    transaction_.begin(**destination, envelope_, out);
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
            last_refusal_ = std::move(reply);
        }
    }
    if (told_ < group_.size()) return false;
    if (accepted_.empty()) {
        end_destination(*last_refusal_, false, out);
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
    if (final_reply) end_destination(*final_reply, message_ && message_->is_cut_off(), out);
    return final_reply.has_value();
}

void HeldDelivery::begin_data(LegOut& out) {
    if (content_.eight_bit && !transaction_.takes_eight_bit()) return end_destination(ClientReply::of(reply::needs_eight_bit), false, out);
    message_.emplace(smtp::DataLimits{}, RelayedMessage::Way{.received = content_.received, .clean_up = transaction_.says_xoorg()});
    at_ = 0;
    transaction_.data(out);
}

void HeldDelivery::pump(LegOut& out) {
    const auto piece = content_.spool->read(at_, piece_octets);
    if (!piece) {
        spool_failure_ = piece.error().detail;
        return end_destination(ClientReply::of(reply::spool_unreadable), true, out);
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

void HeldDelivery::end_destination(const ClientReply& reply, bool cut_off, LegOut& out) {
    for (const std::size_t recipient : accepted_) give(recipient, reply);
    delivered_(reply, reply.positive() ? accepted_.size() : 0);
    transaction_.abort(cut_off, out);
    spool_failure_.clear();
    group_.clear();
    accepted_.clear();
    told_ = 0;
    last_refusal_.reset();
    message_.reset();
    waits_for_room_ = false;
}

void HeldDelivery::out_of_time(LegOut& out) {
    const ClientReply late = ClientReply::of(smtp::reply::out_of_time);
    for (const std::size_t i : group_)
        if (std::ranges::find(accepted_, i) == accepted_.end()) give(i, late);
    end_destination(late, true, out);
}

}  // namespace exota::gate
