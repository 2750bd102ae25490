#include "programs/probe_session.h"

#include <algorithm>
#include <utility>

#include "app/leg_words.h"
#include "base/cursor.h"
#include "base/text.h"
#include "gate/client_tls.h"
#include "wire/smtp/path.h"
#include "wire/smtp/xoorg.h"

namespace exota::programs {
namespace {

using smtp::Command;
using smtp::FixedReply;
using smtp::Verb;
namespace reply = smtp::reply;

constexpr FixedReply accepts_nothing{451, "4.7.1", "This is a probe, which accepts nothing; keep the message and try again later"};
constexpr FixedReply not_understood{451, "4.7.1", "This is a probe, which did not understand that; keep the message and try again later"};
constexpr FixedReply out_of_order{451, "4.7.1", "This is a probe, and that was out of order; keep the message and try again later"};
constexpr FixedReply over{421, "4.3.2", "The probe has ended"};
constexpr FixedReply too_many_commands{421, "4.7.0", "The probe has seen enough"};
constexpr FixedReply too_slow{421, "4.4.2", "Timeout; closing"};

/// "FROM:<a@b> SIZE=1 X": everything that may stand there, known or not. nullopt: no path.
std::optional<ProbedPath> read_path(std::string_view argument, std::string_view word, auto read) {
    if (!base::iequals(argument.substr(0, word.size()), word)) return std::nullopt;
    base::Cursor in(argument.substr(word.size()));
    in.take_while([](char c) { return c == ' '; });
    const auto path = read(in);
    if (!path || !(in.at_end() || in.next_is(' '))) return std::nullopt;
    ProbedPath found{.mailbox = std::string(path->mailbox), .parameters = {}};
    for (std::string_view rest = in.rest(); !(rest = base::trim(rest)).empty();) {
        const std::string_view parameter = rest.substr(0, rest.find(' '));
        rest.remove_prefix(parameter.size());
        const std::size_t sign = parameter.find('=');
        found.parameters.push_back(
            {.keyword = std::string(parameter.substr(0, sign)),
             .value = sign == std::string_view::npos ? std::nullopt : std::optional<std::string>(parameter.substr(sign + 1))});
    }
    return found;
}

bool names_mail(Verb verb) { return verb == Verb::mail || verb == Verb::rcpt || verb == Verb::data; }

}  // namespace

ProbeSession::ProbeSession(ProbeHouse& house, const net::Address& client, std::size_t number)
    : house_(house), client_(client), dialogue_({.starttls = house.tls != nullptr}) {
    seen_.number = number;
    seen_.began = house.now();
    seen_.client = client.text();
}

ProbeSession::~ProbeSession() {
    drop_message();
    if (house_.ended) house_.ended(std::move(seen_));
}

net::Session::Step ProbeSession::opened(net::Leg, const net::TlsFacts* tls, net::Out& out) {
    ++step_;
    if (tls != nullptr) {
        seen_.tls = *tls;
        helo_.clear();
        dialogue_.tls_started();
        return step(0);
    }
    smtp::append_reply(out.near, FixedReply{220, "", house_.hostname + " ESMTP probe, accepts nothing"});
    dialogue_.greeted();
    return step(0);
}

net::Session::Step ProbeSession::feed(net::Leg, std::string_view bytes, net::Out& out) {
    const std::size_t fed = bytes.size();
    if (!house_.budget.take(fed)) close(over, "octets of the whole probe are spent", out);
    while (!closing_ && !bytes.empty()) {
        if (data_) {
            read_message(bytes, out);
        } else if (const auto line = lines_.next(bytes)) {
            ++step_;
            take_line(*line, !bytes.empty(), out);
        }
    }
    return step(fed);
}

net::Session::Step ProbeSession::late(net::Out& out) {
    close(too_slow, "late", out);
    return step(0);
}

net::Session::Step ProbeSession::ended(net::Leg, net::Ending why, std::string_view detail, net::Out& out) {
    if (why == net::Ending::no_tls) seen_.tls_failure = detail;
    const std::string_view name = net::ending_names.at(static_cast<std::size_t>(why));
    if (!closing_) close(over, name, out);
    return step(0);
}

void ProbeSession::close(const FixedReply& last, std::string_view why, net::Out& out) {
    smtp::append_reply(out.near, last);
    closing_ = true;
    dialogue_.end();
    seen_.ended = why;
}

void ProbeSession::answer(const FixedReply& with, net::Out& out) {
    smtp::append_reply(out.near, with);
    if (seen_.commands.empty()) return;
    std::string& answered = seen_.commands.back().answered;
    answered = std::to_string(with.code);
    if (!with.enhanced.empty()) (answered += ' ') += with.enhanced;
}

void ProbeSession::refuse(const FixedReply& with, net::Out& out) {
    const FixedReply told = dialogue_.refused(with);
    answer(told, out);
    if (told.code != 421) return;
    closing_ = true;
    seen_.ended = told.text;
}

void ProbeSession::take_line(const smtp::Line& line, bool more, net::Out& out) {
    if (seen_.commands.size() == max_probed_commands) return close(too_many_commands, "too many commands", out);
    seen_.commands.push_back({.line = std::string(line.text), .tls = dialogue_.tls_active(), .answered = {}});
    if (line.fault == smtp::LineFault::too_long) return answer(not_understood, out);  // it may have named a sender or recipient
    const Command command = smtp::split_command(line.text);
    if (line.fault != smtp::LineFault::none) return names_mail(command.verb) ? answer(not_understood, out) : refuse(reply::bad_octets, out);
    take_command(command, more, out);
}

void ProbeSession::take_command(const Command& command, bool more, net::Out& out) {
    using Behind = smtp::Dialogue::Behind;
    if (const auto wrong = dialogue_.check(command.verb, more ? Behind::octets : Behind::nothing))
        return names_mail(command.verb) && wrong->code / 100 == 5 ? answer(out_of_order, out) : refuse(*wrong, out);
    switch (command.verb) {
        case Verb::ehlo:
        case Verb::helo:
            return hello(command, out);
        case Verb::mail:
            return mail(command, out);
        case Verb::rcpt:
            return recipient(command, out);
        case Verb::data:
            answer(reply::start_mail_input, out);
            dialogue_.accepted(Verb::data);
            data_.emplace(smtp::DataLimits{});
            return;
        case Verb::rset:
            drop_message();
            dialogue_.accepted(Verb::rset);
            return answer(reply::ok, out);
        case Verb::noop:
            return answer(reply::ok, out);
        case Verb::vrfy:
            return answer(reply::cannot_verify, out);
        case Verb::starttls:
            answer(reply::ready_for_tls, out);
            dialogue_.accepted(Verb::starttls);
            out.start_tls = net::StartTls{.leg = net::Leg::near, .context = house_.tls, .keep_chain = true};
            return;
        case Verb::quit:
            answer(reply::bye, out);
            closing_ = true;
            seen_.ended = "QUIT";
            return;
        case Verb::lhlo:
        case Verb::not_offered:
        case Verb::unknown:
            return;  // check() has refused them
    }
}

void ProbeSession::hello(const Command& command, net::Out& out) {
    drop_message();
    helo_ = command.argument;  // whatever it is: what other clients say is what is to be found out
    dialogue_.accepted(command.verb);
    if (command.verb == Verb::helo) return answer({250, "", house_.hostname}, out);
    seen_.commands.back().answered = "250";
    smtp::append_ehlo_reply(out.near, house_.hostname,
                            {.pipelining = true,
                             .eight_bit_mime = true,
                             .smtputf8 = true,
                             .dsn = true,
                             .enhanced_status_codes = true,
                             .starttls = house_.tls != nullptr && !dialogue_.tls_active(),
                             .xoorg = true,
                             .size = 0,
                             .xclient = {}});
}

evidence::Session ProbeSession::session_facts() const {
    evidence::Session facts;
    if (client_.ip) facts.client.address = evidence::Observed<base::IpAddress>{*client_.ip, evidence::Source::mta};
    facts.client.name = "unknown";
    if (seen_.tls) facts.tls = gate::evidence_of(app::gate_tls(*seen_.tls), {}, house_.now());
    facts.helo = helo_;
    return facts;
}

void ProbeSession::mail(const Command& command, net::Out& out) {
    auto sender = read_path(command.argument, "FROM:", [](base::Cursor& in) { return smtp::read_reverse_path(in); });
    if (!sender) return answer(not_understood, out);
    collector_.session(session_facts());
    collector_.mail(sender->mailbox);
    collector_.queue_id("probe" + std::to_string(seen_.number) + '.' + std::to_string(seen_.messages.size() + 1));
    for (const ProbedParameter& parameter : sender->parameters) {
        if (!base::iequals(parameter.keyword, "XOORG") || !parameter.value) continue;
        if (const auto organisation = smtp::parse_xoorg(*parameter.value))
            collector_.xoorg(organisation->text(), evidence::Source::smtp_parameter);
    }
    ProbedMessage& message = seen_.messages.emplace_back();
    message.sender = *std::move(sender);
    message.evidence = collector_.at_mail();
    dialogue_.accepted(Verb::mail);
    answer(reply::ok, out);
}

void ProbeSession::recipient(const Command& command, net::Out& out) {
    auto path = read_path(command.argument, "TO:", [](base::Cursor& in) { return smtp::read_forward_path(in); });
    if (!path) return answer(not_understood, out);
    ProbedMessage& message = seen_.messages.back();
    collector_.recipient(path->mailbox);
    ++message.recipient_count;
    if (message.recipients.size() < evidence::max_recipients_kept) message.recipients.push_back(*std::move(path));
    message.evidence = collector_.at_mail();
    dialogue_.accepted(Verb::rcpt);
    answer(reply::ok, out);
}

void ProbeSession::read_message(std::string_view& bytes, net::Out& out) {
    std::string& text = seen_.messages.back().text;
    while (const auto event = data_->next(bytes)) {
        ++step_;
        if (const auto* field = std::get_if<smtp::Field>(&*event)) {
            collector_.header_field(field->name(), field->value());
            (text += field->raw) += "\r\n";
        } else if (std::holds_alternative<smtp::EndOfHeader>(*event)) {
            text += "\r\n";
        } else if (const auto* body = std::get_if<smtp::BodyOctets>(&*event)) {
            text += body->octets;
        } else {
            return end_message(out);
        }
    }
}

void ProbeSession::end_message(net::Out& out) {
    ProbedMessage& message = seen_.messages.back();
    message.complete = true;
    message.octets = data_->octets();
    message.fault = data_->fault();
    message.evidence = collector_.finish();
    data_.reset();
    dialogue_.message_ended();
    smtp::append_reply(out.near, accepts_nothing);
}

void ProbeSession::drop_message() {
    if (!collector_.in_message()) return;
    if (data_) seen_.messages.back().octets = data_->octets();
    collector_.reset_message();
}

}  // namespace exota::programs
