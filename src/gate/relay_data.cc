// The message, and how it ends.
#include <utility>

#include "gate/relay_state.h"
#include "mail/author.h"
#include "wire/smtp/received.h"

namespace exota::gate {

using smtp::Verb;
using HopStage = HopTransaction::Stage;
using Connection = HopTransaction::Connection;

namespace reply {
constexpr smtp::FixedReply no_room{452, "4.3.1", "No room for this message now; try again"};
}

std::string RelaySession::State::received_value() const {
    return smtp::received_value({.helo = helo,
                                 .rdns = {},
                                 .address = *client,
                                 .by = settings.hostname,
                                 .id = id,
                                 .lmtp = is_lmtp(),
                                 .extended = dialogue.extended(),
                                 .tls = false,
                                 .smtputf8 = envelope.smtputf8,
                                 .date = world.now()});
}

void RelaySession::State::data(LegOut& out) {
    if (held) return begin_message(out);
    awaits = Awaits::data;
    transaction.data(out);
}

void RelaySession::State::begin_message(LegOut& out) {
    awaits = Awaits::nothing;
    behind = false;
    dialogue.accepted(Verb::data);
    answer(smtp::reply::start_mail_input, out);
    const smtp::DataLimits limits{.message_octets = settings.message_octets};
    if (held) {
        content = {.spool = house.make_spool(client), .received = received_value()};
        if (!content.spool) spool_failure = "no spool";
        message.emplace(limits, RelayedMessage::Way{.keep_from = envelope.organization.has_value()});
    } else {
        message.emplace(
            limits, RelayedMessage::Way{
                        .received = received_value(), .eight_bit = transaction.takes_eight_bit(), .clean_up = transaction.says_xoorg()});
    }
}

void RelaySession::State::read_message(std::string_view& bytes, LegOut& out) {
    const std::string_view before = bytes;
    const std::size_t said = out.far.size();
    message->read(bytes, !held && transaction.stage() == HopStage::message ? &out.far : nullptr);
    const std::string_view read = before.substr(0, before.size() - bytes.size());
    if (read.find('\n') != std::string_view::npos) ++near_progress;
    if (out.far.size() > said && !message->ended()) {
        out.more_far = true;
        if (!std::exchange(behind, true)) ++written_progress;
    }
    if (held && !spool_failure && !message->refusal())
        if (const auto kept = content.spool->append(read); !kept) spool_failure = kept.error().detail;
    // What must not be sent is cut off as soon as that is known.
    if (!held && message->refusal() && transaction.stage() == HopStage::message) transaction.abort(Connection::must_go, out);
    if (message->ended()) message_ended(out);
}

void RelaySession::State::message_ended(LegOut& out) {
    message_octets = message->octets();
    if (message->long_lines() > 0) house.long_lines(message->long_lines());
    if (const auto refusal = message->refusal()) return refuse_message(*refusal, out);
    if (held) return held_message_ended(out);
    awaits = Awaits::message;
    if (transaction.stage() == HopStage::message) transaction.message_written(out);
}

void RelaySession::State::held_message_ended(LegOut& out) {
    if (spool_failure) return refuse_message(reply::no_room, out);
    content.eight_bit = message->eight_bit();
    awaits = Awaits::delivery;
    deliver_until = world.instant() + settings.delivery_timeout;
    if (!envelope.organization || !sender.empty()) return;
    // The null sender's message is vouched for as its author's.
    const auto author = mail::parse_author(message->from());
    find_cover_of(author ? &author->domain : nullptr);
}

void RelaySession::State::deliver_held(LegOut& out) {
    if (cannot) return refuse_message(*cannot, out);
    if (!delivery) {
        transaction.abort(Connection::may_stay, out);
        delivery.emplace(transaction, world, envelope, held_recipients, std::move(content), deliver_until,
                         [this](const HeldDelivery::Outcome& outcome) {
                             logged = true;
                             log(outcome, outcome.asked ? delivery->why() : std::string());
                         });
    }
    delivery->advance(out);
    delivery->append_replies(out.near);
    if (!delivery->done()) return;
    delivery.reset();
    end_transaction(out);
}

void RelaySession::State::refuse_message(const smtp::FixedReply& reply, LegOut& out) {
    log(ClientReply::of(reply), 0);
    for (std::size_t i = is_lmtp() ? held_recipients.size() : 1; i > 0; --i) answer(reply, out);
    end_transaction(out);
}

void RelaySession::State::tell_final(const ClientReply& reply, LegOut& out) {
    out.near += reply.octets;
    log(reply, reply.positive() ? transaction.accepted() : 0);
    end_transaction(out);
}

void RelaySession::State::end_transaction(LegOut& out) {
    transaction.abort(message && message->is_cut_off() ? Connection::must_go : Connection::may_stay, out);
    if (dialogue.in_transaction()) dialogue.message_ended();
    awaits = Awaits::nothing;
    message.reset();
    behind = false;
    content = {};
    held_recipients.clear();
    last_refusal.reset();
    cover_asked.reset();
    found_cover.reset();
    logged = true;
}

void RelaySession::State::log(const ClientReply& reply, std::size_t recipients) {
    if (std::exchange(logged, true)) return;
    std::optional<Destination> destination;
    // Of a held message nobody was asked before all of it was there; what the transaction knows is another's until then.
    if (!held) destination = transaction.destination();
    log({destination, !held, reply, recipients}, held ? spool_failure.value_or("") : transaction.why());
}

void RelaySession::State::log(const HeldDelivery::Outcome& outcome, std::string why) {
    const bool said_xoorg = outcome.asked && transaction.says_xoorg();
    if (near_gone) why += why.empty() ? "the client had gone" : "; the client had gone";
    house.relayed({.id = id,
                   .client = client,
                   .sender = sender,
                   .destination = outcome.destination ? std::string_view(outcome.destination->name) : std::string_view(),
                   .hop = outcome.asked ? transaction.facts() : nullptr,
                   .xoorg = said_xoorg ? std::string_view(envelope.organization->text()) : std::string_view(),
                   .recipients = outcome.recipients,
                   .octets = message_octets,
                   .reply = outcome.reply.line,
                   .why = why});
}

}  // namespace exota::gate
