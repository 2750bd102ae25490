#include "gateway_player.h"

#include <algorithm>
#include <optional>

#include "gate/gateway_pump.h"
#include "gate/passed_header.h"
#include "mail/header_block.h"

namespace exota::conversations {
namespace {

using namespace gate::testing;
using Kind = Step::Kind;

struct LastDecision : gate::Observer {
    std::optional<decision::Decision> last;
    std::vector<std::string> errors;
    void judged(const gate::Judged& message) override { last = message.decision; }
    void protocol_error(std::string_view what) override { errors.emplace_back(what); }
};

/// Ids are the conversation's.
struct House : TestHouse {
    std::string queue_id;
    std::string make_id() override { return queue_id; }
};

class Player {
public:
    explicit Player(std::shared_ptr<const gate::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {
        settings_.hostname = "gw.test";
        settings_.backend = {"sink"};
        settings_.backend_identity = gate::BackendIdentity::none;
        settings_.received = gate::AddReceived::never;
        settings_.offers_tls = true;
        settings_.announce_xoorg = gate::AnnounceXoorg::never;
        judge_.use(snapshot_);
        sink_.offers = "250-sink.test\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n";
    }

    Played play(const Conversation& conversation) {
        for (const Step& step : conversation.steps) take(step);
        say("QUIT\r\n");
        for (const std::string& error : seen_.errors) problem(error);
        for (const std::string& violation : sink_.violations) problem(violation);
        return std::move(played_);
    }

private:
    void problem(std::string_view what) { played_.problems.push_back(std::to_string(line_) + ": " + std::string(what)); }

    /// @return  the last line of what it answered, without CRLF.
    std::string say(std::string_view octets) {
        if (!pump_) connect({});
        const std::size_t before = pump_->wire.to_client.size();
        pump_->say(octets);
        std::string answer = pump_->wire.to_client.substr(before);
        if (answer.ends_with("\r\n")) answer.resize(answer.size() - 2);
        const std::size_t last = answer.rfind("\r\n");
        return last == std::string::npos ? answer : answer.substr(last + 2);
    }
    void expect(std::string_view octets, char code) {
        if (const std::string answer = say(octets); !answer.starts_with(code)) problem("refused: " + answer);
    }

    void connect(const std::optional<base::IpAddress>& address) {
        gate::GatewayClient client;
        client.address = address;
        pump_.emplace(settings_, judge_, world_, house_, sink_, client);
        greeted_ = false;
    }
    void hello(std::string_view name) {
        expect("EHLO " + std::string(name) + "\r\n", '2');
        greeted_ = true;
    }

    void take(const Step& step) {
        line_ = step.line;
        switch (step.kind) {
            case Kind::mta:
            case Kind::sasl:
                return;
            case Kind::connect: {
                const auto address = base::IpAddress::parse(step.words.empty() ? "" : step.words[0]);
                return connect(address ? std::optional(*address) : std::nullopt);
            }
            case Kind::helo:
                return hello(step.text);
            case Kind::tls:
                return tls(step);
            case Kind::queue_id:
                house_.queue_id = step.text;
                return;
            case Kind::mail:
                if (!greeted_) hello("outbound.test");
                fields_.clear();
                body_.clear();
                return expect("MAIL FROM:" + step.text + (international(step.text) ? " SMTPUTF8" : "") + "\r\n", '2');
            case Kind::recipient:
                return expect("RCPT TO:" + step.text + "\r\n", '2');
            case Kind::header:
                for (std::size_t i = 0; i < step.count; ++i) fields_ += step.name + ":" + step.text + "\r\n";
                return;
            case Kind::body:
                body_ += step.text;
                return;
            case Kind::end_of_message:
                return end_of_message();
            case Kind::reset:
                return expect("RSET\r\n", '2');
            case Kind::new_client:
                pump_.reset();
                return;
        }
    }
    static bool international(std::string_view path) {
        return std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) > 127; });
    }

    void tls(const Step& step) {
        if (!greeted_) hello("outbound.test");
        expect("STARTTLS\r\n", '2');
        gate::LegTls facts = tls_of_client(step.words.size() > 2 ? step.words[2] : "");
        facts.version = step.words.at(0);
        const std::string how = step.words.size() > 1 ? step.words[1] : "";
        if (how == "verified-without-name") facts.certificate->names.clear();
        if (how == "unverified") facts.certificate->verified = false;
        if (how == "no-certificate") facts.certificate.reset();
        pump_->wire.near_secured(facts);
        pump_->run();
        hello("outbound.test");
    }

    void end_of_message() {
        expect("DATA\r\n", '3');
        seen_.last.reset();
        sink_.stored.clear();
        std::string text = fields_ + "\r\n" + body_;
        if (!text.ends_with("\r\n")) text += "\r\n";
        for (std::size_t at = 0; (at = text.find("\r\n.", at)) != std::string::npos; at += 4) text.insert(at + 2, ".");
        const std::string reply = say(text + ".\r\n");
        Expectation outcome;
        outcome.line = line_;
        outcome.verdict = reply.starts_with('2') ? "accept" : reply.starts_with('5') ? "reject" : "tempfail";
        if (outcome.verdict != "accept") outcome.reply = reply;
        if (seen_.last) {
            outcome.reason = decision::name_of(seen_.last->reason);
            outcome.judged = decision::name_of(seen_.last->judged);
            outcome.edits = seen_.last->header_edits;
            outcome.held = seen_.last->quarantine;
            if (outcome.verdict == "accept") compare_with_stored();
        }
        played_.outcomes.push_back(std::move(outcome));
    }

    /// The backend has what was said, with the edits; of results in it, what nobody could take for the operator's own.
    void compare_with_stored() {
        std::vector<mail::MessageField> fields = mail::split_message(fields_ + "\r\n").fields;
        const auto applied = mail::apply_edits(seen_.last->header_edits, fields);
        if (!applied) problem(applied.error().detail);
        const decision::Rules& rules = snapshot_->rules;
        const gate::OwnIds own{.authserv_id = rules.header.authserv_id, .trusted = rules.authres.authserv_ids};
        const auto is_ours = [&](const mail::MessageField& field) {
            std::string value = field.value;
            std::erase(value, '\r');
            return std::ranges::any_of(seen_.last->header_edits, [&](const mail::HeaderEdit& edit) {
                return edit.op != mail::EditOp::remove && edit.name == field.name && ' ' + edit.value == value;
            });
        };
        std::erase_if(fields, [&](const mail::MessageField& field) {
            return mail::is_named(field, "Authentication-Results") && !is_ours(field) && gate::could_be_own(field.value, own);
        });
        if (sink_.stored.size() != 1) return problem("the backend has " + std::to_string(sink_.stored.size()) + " messages");
        const std::vector<mail::MessageField> stored = mail::split_message(sink_.stored[0].text).fields;
        if (!std::ranges::equal(stored, fields)) problem("the backend got another header:\n" + mail::header_text(stored));
    }

    std::shared_ptr<const gate::Snapshot> snapshot_;
    LastDecision seen_;
    gate::StillWorld world_;
    gate::Judge judge_{seen_, world_};
    gate::GatewaySettings settings_;
    House house_;
    Sink sink_;
    std::optional<Pump> pump_;
    bool greeted_ = false;
    std::string fields_, body_;
    std::size_t line_ = 0;
    Played played_;
};

}  // namespace

std::string why_not_by_gateway(const Conversation& conversation) {
    for (const Step& step : conversation.steps) {
        if (step.kind == Kind::sasl) return "nobody logs in at a gateway";
        if (step.kind == Kind::mta && !step.text.starts_with("Postfix")) return "macros of an MTA";
        if (step.kind == Kind::connect && !step.words.empty() && step.words[0] == "local") return "no local submission";
        if (step.kind == Kind::end_of_message && step.expected.held) return "no hold queue";
        const auto breaks = [](std::string text) {
            for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos;) text.erase(at, 2);
            return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
        };
        if (step.kind == Kind::header && (breaks(step.text) || breaks(step.name))) return "octets that no message may have";
    }
    return {};
}

Played play_as_gateway(const Conversation& conversation, std::shared_ptr<const gate::Snapshot> snapshot) {
    return Player(std::move(snapshot)).play(conversation);
}

}  // namespace exota::conversations
