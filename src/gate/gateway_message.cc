#include "gate/gateway_message.h"

#include <cassert>
#include <utility>
#include <variant>

#include "gate/judge.h"

namespace exota::gate {
namespace {

constexpr smtp::FixedReply no_room{452, "4.3.1", "Insufficient system storage; try again"};
constexpr smtp::FixedReply spool_failed{451, "4.3.0", "The message could not be kept; try again"};

}  // namespace

/// A refusal always has a reply; the other one is for the day on which it has not.
FinalAnswer FinalAnswer::of(const decision::Decision& decision) {
    if (decision.reply) return of(*decision.reply);
    const bool for_good = decision.verdict == decision::Verdict::reject;
    return of(mail::Reply{for_good ? 550 : 451, for_good ? "5.7.1" : "4.7.1", "refused"});
}

void GatewayMessage::refuse(FinalAnswer answer) {
    if (phase_ == Phase::refused) return;  // the first reason stays
    phase_ = Phase::refused;
    answer_ = std::move(answer);
    header_ = {};
    spool_.reset();
    // Its end may have come with the end of its header: then nobody says anything more that would let it be seen.
    std::string_view nothing;
    while (reader_.next(nothing)) continue;
}

void GatewayMessage::read(std::string_view& bytes, LegOut& out) {
    while (phase_ == Phase::header || phase_ == Phase::held || phase_ == Phase::streaming || phase_ == Phase::refused) {
        const auto event = reader_.next(bytes);
        // What breaks a rule is refused at once; the client is told at its end of data.
        if (reader_.fault() != smtp::DataFault::none && phase_ != Phase::refused) {
            refuse(FinalAnswer::of(smtp::reply_to(reader_.fault())));
            answer_->counts_as_error = true;
        }
        if (!event) return;
        if (phase_ != Phase::refused) take(*event, out);
        if (reader_.ended()) return;
    }
}

void GatewayMessage::take(const smtp::DataEvent& event, LegOut& out) {
    if (const auto* field = std::get_if<smtp::Field>(&event)) return keep_field(*field);
    if (const auto* end = std::get_if<smtp::EndOfHeader>(&event)) {
        header_ended_by_ = end->by;
        return judge(Stage::header);
    }
    if (const auto* body = std::get_if<smtp::BodyOctets>(&event)) {
        if (phase_ == Phase::streaming) {
            writer_.append(out.far, body->octets);
            return note_behind(out);
        }
        return keep_body(body->octets);
    }
    client_ended(out);
}

void GatewayMessage::keep_field(const smtp::Field& field) {
    judged_.header_field(field.name(), field.value());
    header_.append(field.raw).append("\r\n");
    if (header_.size() <= max_header_octets_here && spooled_header_ == 0) return;
    if (!spool(header_)) return;
    spooled_header_ = spool_->size();
    header_.clear();
}

void GatewayMessage::keep_body(std::string_view octets) {
    judged_.body(octets);
    spool(octets);
}

bool GatewayMessage::spool(std::string_view octets) {
    if (!spool_) spool_ = make_spool_();
    if (spool_ && spool_->append(octets)) return true;
    refuse(FinalAnswer::of(no_room));
    return false;
}

void GatewayMessage::judge(Stage stage) { settle(judged_.judge(stage)); }

void GatewayMessage::verdict_is_there() {
    assert(phase_ == Phase::judging);
    settle(judged_.standing());
}

void GatewayMessage::settle(Message::Standing standing) {
    switch (standing) {
        case Message::Standing::waiting:
            phase_ = Phase::judging;
            return;
        case Message::Standing::open:
            phase_ = Phase::held;
            return;
        case Message::Standing::decided:
            break;
    }
    const decision::Decision& decision = judged_.decision();
    phase_ = Phase::accepted;
    if (decision.verdict != decision::Verdict::accept) refuse(FinalAnswer::of(decision));
}

void GatewayMessage::client_ended(LegOut& out) {
    if (phase_ == Phase::streaming)
        finish(out);
    else
        judge(Stage::message);
}

void GatewayMessage::write_header(LegOut& out) {
    std::string whole = std::move(header_);
    if (spooled_header_ > 0) {
        std::string before;
        while (before.size() < spooled_header_) {
            const auto piece = spool_->read(before.size(), static_cast<std::size_t>(spooled_header_ - before.size()));
            if (!piece) return refuse(FinalAnswer::of(spool_failed));
            before += *piece;
        }
        whole = before + whole;
        read_back_ = spooled_header_;
    }
    const decision::Rules& rules = judged_.snapshot().rules;
    append_header(out.far, writer_,
                  {.fields = whole,
                   .ended_by = header_ended_by_,
                   .edits = judged_.decision().header_edits,
                   .own = {.authserv_id = rules.header.authserv_id, .trusted = rules.authres.authserv_ids},
                   .received = received_});
}

void GatewayMessage::backend_is_ready(LegOut& out) {
    assert(phase_ == Phase::accepted);
    write_header(out);
    if (phase_ == Phase::refused) return;
    if (client_has_ended()) {
        phase_ = Phase::sending;
        return backend_took_it(out);
    }
    phase_ = Phase::streaming;
    note_behind(out);
    std::string_view nothing;
    read(nothing, out);  // its end may be known already: a message that is a header only
}

void GatewayMessage::note_behind(LegOut& out) {
    out.more_far = true;
    if (!std::exchange(behind_, true)) ++progress_;
}

void GatewayMessage::backend_took_it(LegOut& out) {
    if (std::exchange(behind_, false)) ++progress_;
    if (phase_ != Phase::sending) return;
    ++progress_;
    const std::uint64_t all = spool_ ? spool_->size() : 0;
    for (std::size_t written = 0; read_back_ < all && written < piece_octets;) {
        const auto piece = spool_->read(read_back_, piece_octets - written);
        if (!piece) return refuse(FinalAnswer::of(spool_failed));
        writer_.append(out.far, *piece);
        read_back_ += piece->size();
        written += piece->size();
    }
    if (read_back_ < all)
        out.more_far = true;
    else
        finish(out);
}

void GatewayMessage::finish(LegOut& out) {
    writer_.finish(out.far);
    out.more_far = false;
    phase_ = Phase::sent;
    spool_.reset();
}

}  // namespace exota::gate
