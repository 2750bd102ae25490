// What the client says, up to DATA.
#include <utility>

#include "gate/gateway_state.h"
#include "wire/smtp/received.h"

namespace exota::gate {

using smtp::Command;
using smtp::Verb;
namespace reply = smtp::reply;

namespace {

/// RCPTs of a session that an inbound door refuses, whatever for: then it ends, as it does for max_errors. An honest MTA gets rid of as
/// many dead addresses a session.
constexpr std::size_t max_refused_recipients = 100;

}  // namespace

void GatewaySession::State::take_commands(std::string_view& bytes, LegOut& out) {
    while (!closing && !message && !owed_hello && envelope.untold() < max_untold_commands) {
        if (held) {
            if (!take_line(held->text, held->fault, held->more || !bytes.empty(), out)) return;
            held.reset();
            continue;
        }
        if (bytes.empty()) return;
        if (const auto early = dialogue.octets_came()) return close(out, &*early);
        const auto line = lines.next(bytes);
        if (!line) return;
        ++near_progress;
        if (take_line(line->text, line->fault, !bytes.empty(), out)) continue;
        held = Held{std::string(line->text), line->fault, !bytes.empty()};
    }
}

/// In order: what is answered by us must not overtake what the backend has still to answer. Only RCPT may follow MAIL and RCPT to it.
bool GatewaySession::State::take_line(std::string_view text, smtp::LineFault fault, bool more, LegOut& out) {
    using Behind = smtp::Dialogue::Behind;
    const bool in_turn = envelope.untold() == 0;
    if (fault != smtp::LineFault::none) {
        if (in_turn) refuse(fault == smtp::LineFault::too_long ? reply::line_too_long : reply::bad_octets, out);
        return in_turn;
    }
    const Command command = smtp::split_command(text);
    if (!in_turn) return command.verb == Verb::rcpt && take_recipient_early(command, out);
    if (const auto wrong = dialogue.check(command.verb, more ? Behind::octets : Behind::nothing)) {
        const bool follows =
            (command.verb == Verb::rcpt || command.verb == Verb::data) && (mail_was_refused || *wrong == reply::no_valid_recipients);
        if (follows && excused++ < settings->max_recipients)
            answer(*wrong, out);
        else
            refuse(*wrong, out);
        return true;
    }
    switch (command.verb) {
        case Verb::ehlo:
        case Verb::helo:
        case Verb::lhlo:
            hello(command, out);
            return true;
        case Verb::mail:
            mail(command, out);
            return true;
        case Verb::rcpt:
            if (!knows_host(command)) return false;
            recipient(command, out);
            return true;
        case Verb::noop:
            answer(reply::ok, out);
            return true;
        case Verb::vrfy:
            answer(reply::cannot_verify, out);
            return true;
        case Verb::data:
        case Verb::rset:
        case Verb::quit:
        case Verb::starttls:
            take_without_argument(command, out);
            return true;
        case Verb::not_offered:
        case Verb::unknown:
            break;  // check() has refused them
    }
    return true;
}

void GatewaySession::State::take_without_argument(const Command& command, LegOut& out) {
    if (const auto none = smtp::check_no_argument(command); !none) return refuse(none.error(), out);
    switch (command.verb) {
        case Verb::data:
            data(out);
            break;
        case Verb::rset:
            forget_transaction();
            link.reset(out);
            mail_was_refused = false;
            excused = 0;
            dialogue.accepted(Verb::rset);
            answer(reply::ok, out);
            break;
        case Verb::quit:
            close(out, &reply::bye);
            break;
        case Verb::starttls:
            start_tls(out);
            break;
        default:
            break;
    }
}

void GatewaySession::State::refuse(const smtp::FixedReply& with, LegOut& out) {
    const smtp::FixedReply told = dialogue.refused(with);
    if (told.code == 421)
        close(out, &told);
    else
        answer(told, out);
}

void GatewaySession::State::hello(const Command& command, LegOut& out) {
    const auto name = smtp::parse_hello(command.argument);
    if (!name) return refuse(name.error(), out);
    forget_transaction();
    link.reset(out);
    helo = *name;
    owed_hello = command.verb;
    if (settings->backend_identity == BackendIdentity::xclient || settings->received != AddReceived::never) reverse_name.ask();
}

void GatewaySession::State::answer_hello(LegOut& out) {
    const Verb verb = *std::exchange(owed_hello, std::nullopt);
    const smtp::OwnOffer own{
        .max_octets = settings->message_octets, .starttls = settings->offers_tls && !dialogue.tls_active(), .xoorg = announces_xoorg()};
    offered = smtp::offer_to_client(link.extensions(), own);
    message_octets = offered.size.value_or(0);
    told_backend = offered;
    if (!link.extensions().size) told_backend.size.reset();
    if (verb == Verb::helo) {
        offered = {};
        answer({250, "", settings->hostname}, out);
    } else {
        smtp::append_ehlo_reply(out.near, settings->hostname, offered);
    }
    dialogue.accepted(verb);
    dialled_again = mail_was_refused = false;
}

bool GatewaySession::State::announces_xoorg() const {
    switch (settings->announce_xoorg) {
        case AnnounceXoorg::never:
            return false;
        case AnnounceXoorg::always:
            return true;
        case AnnounceXoorg::verified:
            break;
    }
    if (!tls || !tls->certificate || !is_proven(*tls->certificate, settings->client_purpose, world.now())) return false;
    const decision::Rules& rules = judge.current()->rules;
    return has_name(*tls->certificate, settings->xoorg_names.empty() ? rules.certificate_names : settings->xoorg_names);
}

void GatewaySession::State::start_tls(LegOut& out) {
    answer(reply::ready_for_tls, out);
    dialogue.accepted(Verb::starttls);
    out.start_tls = Leg::near;
}

evidence::Session GatewaySession::State::session_facts() const {
    evidence::Session facts;
    if (client.address) {
        facts.client.address = evidence::Observed<base::IpAddress>{*client.address, evidence::Source::mta};
        facts.client.name = reverse_name.name().empty() ? "unknown" : reverse_name.name();
    }
    if (tls) facts.tls = evidence_of(*tls, settings->client_purpose, world.now());
    facts.helo = helo;
    return facts;
}

void GatewaySession::State::mail(const Command& command, LegOut& out) {
    const auto mail = smtp::parse_mail(command.argument, offered);
    if (!mail) {
        mail_was_refused = true;
        return refuse(mail.error(), out);
    }
    id = house.make_id();
    smtputf8 = mail->parameters.smtputf8;
    mail_was_refused = false;
    excused = 0;
    evidence::Collector& collector = judged.emplace(judge, house.front(), Message::Way{.report = Report::after_reply}, wake).collector();
    collector.session(session_facts());
    collector.mail(mail->reverse_path.mailbox);
    collector.queue_id(id);
    if (mail->parameters.xoorg) collector.xoorg(mail->parameters.xoorg->text(), evidence::Source::smtp_parameter);
    if (settings->early_refusal && judged->judge(Stage::mail) == Message::Standing::decided) {
        const FinalAnswer refusal = FinalAnswer::of(judged->decision());
        out.near += refusal.octets;
        judged->delivered({.backend = {}, .backend_reply = {}, .answered = refusal.line.line()});
        forget_transaction();
        mail_was_refused = true;
        return;
    }
    std::string passed_on;
    smtp::append_mail(passed_on, mail->reverse_path.mailbox, mail->parameters, told_backend);
    envelope.begin(std::move(passed_on));
}

void GatewaySession::State::recipient(const Command& command, LegOut& out) {
    const auto recipient = smtp::parse_recipient(command.argument, offered, smtputf8);
    if (!recipient) return refuse(recipient.error(), out);
    if (refuse_recipient(recipient->forward_path.mailbox, out)) return;
    pass_on(*recipient);
}

void GatewaySession::State::pass_on(const smtp::Recipient& recipient) {
    std::string line;
    smtp::append_recipient(line, recipient.forward_path.mailbox, recipient.parameters, offered);
    envelope.add(std::move(line), recipient.forward_path.mailbox);
}

bool GatewaySession::State::knows_host(const Command& command) {
    if (!keeper) return true;
    const auto recipient = smtp::parse_recipient(command.argument, offered, smtputf8);
    return !recipient || keeper->ask_recipient(recipient->forward_path.mailbox);
}

bool GatewaySession::State::refuse_recipient(std::string_view recipient, LegOut& out) {
    if (!keeper) return false;
    const evidence::Session session = session_facts();
    const auto refusal = keeper->refuse_recipient(session, recipient, {judged->collector(), envelope.untold()});
    if (!refusal) return false;
    evidence::Evidence evidence = judged->collector().at_mail();
    evidence.envelope.recipients.assign(1, std::string(recipient));
    if (refusal->verdict == decision::Verdict::accept) {  // the backend answers it
        keeper->report(*refusal, evidence, Stage::recipient, {});
        return false;
    }
    const FinalAnswer answered = FinalAnswer::of(*refusal);
    keeper->report(*refusal, evidence, Stage::recipient, {.backend = {}, .backend_reply = {}, .answered = answered.line.line()});
    out.near += answered.octets;
    dialogue.refused_recipient();
    if (refusal->reply && refusal->reply->code == 421)
        close(out);
    else if (!keeper->is_trusted(session) && ++refused_recipients >= max_refused_recipients)
        close(out, &reply::too_many_errors);
    return true;
}

/// Behind commands that wait for the backend. What cannot be passed on as it is waits for them.
bool GatewaySession::State::take_recipient_early(const Command& command, LegOut& out) {
    if (!envelope.has_mail() || dialogue.recipients() + envelope.untold() >= settings->max_recipients) return false;
    const auto recipient = smtp::parse_recipient(command.argument, offered, smtputf8);
    if (!recipient) return false;
    if (keeper) {
        const std::string_view mailbox = recipient->forward_path.mailbox;
        const Doorkeeper::Ahead ahead{judged->collector(), envelope.untold()};
        if (!keeper->ask_recipient(mailbox) || keeper->would_refuse(session_facts(), mailbox, ahead)) return false;
        refuse_recipient(mailbox, out);  // counts it, and reports it where its mode lets it through
    }
    pass_on(*recipient);
    return true;
}

void GatewaySession::State::data(LegOut& out) {
    answer(reply::start_mail_input, out);
    dialogue.accepted(Verb::data);
    judged->collector().session(session_facts());
    if (keeper) judged->inbound().client = keeper->client();
    const smtp::DataLimits limits{.message_octets = message_octets, .header_octets = 2 * judged->snapshot().limits.header_octets};
    message.emplace(*judged, limits, [this] { return house.make_spool(client.address); }, received_value());
}

std::string GatewaySession::State::received_value() const {
    const bool adds = settings->received == AddReceived::always ||
                      (settings->received == AddReceived::automatic && settings->backend_identity != BackendIdentity::xclient);
    if (!adds) return {};
    return smtp::received_value({.helo = helo,
                                 .rdns = reverse_name.name(),
                                 .address = client.address,
                                 .by = settings->hostname,
                                 .id = id,
                                 .extended = dialogue.extended(),
                                 .tls = dialogue.tls_active(),
                                 .smtputf8 = smtputf8,
                                 .date = world.now()});
}

}  // namespace exota::gate
