#include "gate/relay_held.h"

#include <algorithm>
#include <utility>

namespace exota::gate {

using HopStage = HopTransaction::Stage;

HeldDelivery::HeldDelivery(HopTransaction& transaction, const RelayEnvelope& envelope, const std::vector<HeldRecipient>& recipients,
                           HeldContent content, Delivered delivered)
    : transaction_(transaction),
      envelope_(envelope),
      recipients_(recipients),
      content_(std::move(content)),
      delivered_(std::move(delivered)),
      replies_(recipients.size()),
      has_reply_(recipients.size(), false) {}

void HeldDelivery::give(std::size_t recipient, const RelayReply& reply) {
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
            give(i, RelayReply::of(reply::no_destination));
            continue;
        }
        if (destination == nullptr) destination = &recipients_[i].destination;
        if (recipients_[i].destination == *destination) group_.push_back(i);
    }
    if (group_.empty()) return false;
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
    if (content_.eight_bit && !transaction_.takes_eight_bit()) return end_destination(RelayReply::of(reply::needs_eight_bit), false, out);
    message_.emplace(smtp::DataLimits{}, RelayedMessage::Way{.received = content_.received, .clean_up = transaction_.says_xoorg()});
    at_ = 0;
    transaction_.data(out);
}

void HeldDelivery::pump(LegOut& out) {
    const auto piece = content_.spool->read(at_, piece_octets);
    if (!piece) return end_destination(RelayReply::of(reply::spool_unreadable), true, out);
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

void HeldDelivery::end_destination(const RelayReply& reply, bool cut_off, LegOut& out) {
    for (const std::size_t recipient : accepted_) give(recipient, reply);
    delivered_(reply, reply.positive() ? accepted_.size() : 0);
    transaction_.abort(cut_off, out);
    group_.clear();
    accepted_.clear();
    told_ = 0;
    last_refusal_.reset();
    message_.reset();
    waits_for_room_ = false;
}

void HeldDelivery::out_of_time(LegOut& out) {
    const RelayReply late = RelayReply::of(smtp::reply::out_of_time);
    for (std::size_t i = 0; i < recipients_.size(); ++i)
        if (std::ranges::find(accepted_, i) == accepted_.end()) give(i, late);
    end_destination(late, true, out);
}

}  // namespace exota::gate
