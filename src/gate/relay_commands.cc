// The client's commands, up to DATA.
#include <utility>

#include "gate/relay_state.h"

namespace exota::gate {

using smtp::Command;
using smtp::Verb;
using HopStage = HopTransaction::Stage;

void RelaySession::State::command(const smtp::Line& line, LegOut& out) {
    const Command command = line.fault == smtp::LineFault::none ? smtp::split_command(line.text) : Command{};
    // Replies keep the order of commands: what is not passed on like the RCPTs before it waits for their replies.
    if (transaction.unanswered() > 0 && !may_follow_at_once(command)) {
        deferred = Deferred{std::string(line.text), line.fault};
        return;
    }
    if (line.fault == smtp::LineFault::too_long) return refuse(smtp::reply::line_too_long, out);
    if (line.fault != smtp::LineFault::none) return refuse(smtp::reply::bad_octets, out);
    if (const auto wrong = dialogue.check(command.verb))
        return is_excused(command.verb, *wrong) ? answer(*wrong, out) : refuse(*wrong, out);
    carry_out(command, out);
}

bool RelaySession::State::is_excused(Verb verb, const smtp::FixedReply& wrong) {
    const bool follows = (verb == Verb::rcpt || verb == Verb::data) && (mail_was_refused || wrong == smtp::reply::no_valid_recipients);
    return follows && excused++ < settings.max_recipients;
}

bool RelaySession::State::may_follow_at_once(const Command& command) const {
    if (command.verb != Verb::rcpt || held || dialogue.recipients() + transaction.unanswered() >= settings.max_recipients) return false;
    if (dialogue.check(command.verb)) return false;
    const auto parsed = smtp::parse_recipient(command.argument, offered, envelope.smtputf8);
    return parsed && destination_of(settings.next_hop, parsed->forward_path.domain) == transaction.destination();
}

void RelaySession::State::carry_out(const Command& command, LegOut& out) {
    const bool has_none = command.verb == Verb::data || command.verb == Verb::rset || command.verb == Verb::quit;
    if (has_none)
        if (const auto none = smtp::check_no_argument(command); !none) return refuse(none.error(), out);
    switch (command.verb) {
        case Verb::ehlo:
        case Verb::helo:
        case Verb::lhlo:
            return hello(command, out);
        case Verb::mail:
            return mail(command.argument, out);
        case Verb::rcpt:
            return recipient(command.argument, out);
        case Verb::data:
            return data(out);
        case Verb::rset:
            forget_transaction(out);
            mail_was_refused = false;
            excused = 0;
            dialogue.accepted(Verb::rset);
            return answer(smtp::reply::ok, out);
        case Verb::noop:
            return answer(smtp::reply::ok, out);
        case Verb::vrfy:
            return answer(smtp::reply::cannot_verify, out);
        case Verb::quit:
            forget_transaction(out);
            answer(smtp::reply::bye, out);
            transaction.quit(out);
            return dialogue.accepted(Verb::quit);
        case Verb::starttls:
        case Verb::not_offered:
        case Verb::unknown:
            break;
    }
    refuse(smtp::reply::not_offered, out);
}

void RelaySession::State::forget_transaction(LegOut& out) {
    if (last_refusal) log(*last_refusal, 0);
    end_transaction(out);
}

void RelaySession::State::hello(const Command& command, LegOut& out) {
    const auto name = smtp::parse_hello(command.argument);
    if (!name) return refuse(name.error(), out);
    forget_transaction(out);
    helo = *name;
    hello_verb = command.verb;
    mail_was_refused = false;
    if (command.verb == Verb::helo || settings.next_hop.kind != NextHop::Kind::fixed) return answer_hello(out);
    awaits = Awaits::hello;
    if (!transaction.link().is_ready()) transaction.prepare(*destination_of(settings.next_hop, ""), out);
}

void RelaySession::State::answer_hello(LegOut& out) {
    awaits = Awaits::nothing;
    dialogue.accepted(hello_verb);
    offered = {};
    if (hello_verb == Verb::helo) {
        smtp::append_reply(out.near, mail::Reply{250, "", settings.hostname});
        return;
    }
    // Only a next hop that is known beforehand can be relied upon for what not every server has.
    const bool is_known = settings.next_hop.kind == NextHop::Kind::fixed && transaction.link().is_ready();
    offered.pipelining = offered.enhanced_status_codes = offered.eight_bit_mime = true;
    offered.size = settings.message_octets;
    offered.dsn = is_known && transaction.link().extensions().dsn;
    offered.smtputf8 = is_known && transaction.link().extensions().smtputf8;
    smtp::append_ehlo_reply(out.near, settings.hostname, offered);
}

void RelaySession::State::mail(std::string_view argument, LegOut& out) {
    const auto parsed = smtp::parse_mail(argument, offered);
    mail_was_refused = !parsed;
    if (!parsed) return refuse(parsed.error(), out);
    excused = 0;
    id = house.make_id();
    sender = parsed->reverse_path.mailbox;
    envelope = {.mail = std::string(argument), .offered = offered, .smtputf8 = parsed->parameters.smtputf8};
    cannot.reset();
    cover_took = {};
    held_recipients.clear();
    message_octets = 0;
    spool_failure.reset();
    logged = true;
    const mail::Domain* const organization = organization_for(settings.xoorg_for, *client);
    if (organization != nullptr) envelope.organization = *organization;
    held = is_lmtp() || (organization != nullptr && parsed->reverse_path.kind == smtp::Path::Kind::null);
    dialogue.accepted(Verb::mail);
    answer(smtp::reply::ok, out);
    if (organization == nullptr || parsed->reverse_path.kind == smtp::Path::Kind::null) return;
    const auto domain = mail::Domain::parse(parsed->reverse_path.domain);
    find_cover_of(domain ? &*domain : nullptr);
}

/// @param sender_domain  nullptr: there is none that a tenant could cover.
void RelaySession::State::find_cover_of(const mail::Domain* sender_domain) {
    const auto snapshot = sender_domain != nullptr ? house.snapshot() : nullptr;
    if (!snapshot) return covered(XoorgCover::not_covered);
    cover_asked = std::make_shared<char>();
    const auto found =
        find_cover(world, snapshot, *envelope.organization, *sender_domain, [this, asked = std::weak_ptr(cover_asked)](XoorgCover cover) {
            if (asked.expired()) return;
            found_cover = cover;
            wake();
        });
    if (found) return covered(*found);
    awaits = Awaits::cover;
    cover_asked_at = world.instant();
}

void RelaySession::State::covered(XoorgCover cover) {
    cover_asked.reset();
    if (awaits == Awaits::cover) {
        awaits = message ? Awaits::delivery : Awaits::nothing;
        cover_took = world.instant() - cover_asked_at;
    }
    if (cover != XoorgCover::covered) envelope.organization.reset();
    if (cover == XoorgCover::unknown) cannot = reply::tenants_unknown;
}

void RelaySession::State::recipient(std::string_view argument, LegOut& out) {
    const auto parsed = smtp::parse_recipient(argument, offered, envelope.smtputf8);
    if (!parsed) {
        dialogue.refused_recipient();
        return refuse(parsed.error(), out);
    }
    auto destination = destination_of(settings.next_hop, parsed->forward_path.domain);
    if (held) return hold_recipient(argument, std::move(destination), out);
    if (cannot || !destination) {
        dialogue.refused_recipient();
        return answer(cannot ? *cannot : reply::no_destination, out);
    }
    relay_recipient(argument, *destination, out);
}

void RelaySession::State::hold_recipient(std::string_view argument, std::optional<Destination> destination, LegOut& out) {
    if (!is_lmtp() && !held_recipients.empty()) return answer(smtp::reply::too_many_recipients, out);
    held_recipients.push_back({std::string(argument), std::move(destination)});
    logged = false;
    dialogue.accepted(Verb::rcpt);
    answer(smtp::reply::ok, out);
}

void RelaySession::State::relay_recipient(std::string_view argument, const Destination& destination, LegOut& out) {
    const bool under_way = transaction.stage() != HopStage::idle && !(transaction.stage() == HopStage::failed && logged);
    const bool same = under_way && transaction.destination() == destination;
    if (under_way && !same && transaction.accepted() > 0) return answer(smtp::reply::too_many_recipients, out);
    if (!same) {
        if (const auto refusal = std::exchange(last_refusal, std::nullopt)) log(*refusal, 0);
        transaction.abort(HopTransaction::Connection::may_stay, out);
        transaction.begin(destination, envelope, out);
        logged = false;
    }
    if (transaction.unanswered() == 0) recipient_since = world.instant() - std::exchange(cover_took, {});
    transaction.add_recipient(std::string(argument), out);
}

void RelaySession::State::answer_recipient(const ClientReply& reply, LegOut& out) {
    out.near += reply.octets;
    if (reply.positive()) return dialogue.accepted(Verb::rcpt);
    dialogue.refused_recipient();
    last_refusal = reply;
}

}  // namespace exota::gate
