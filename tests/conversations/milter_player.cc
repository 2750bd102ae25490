#include "milter_player.h"

#include "gate/milter_session.h"
#include "gate/still_world.h"
#include "wire/milter/mta_side.h"

namespace exota::conversations {
namespace {

namespace mta = milter::mta;
using milter::Command;
using Kind = Step::Kind;

struct LastVerdict : gate::Observer {
    std::string reason, judged_as;
    std::vector<std::string> errors;
    void judged(const gate::Judged& message) override {
        reason = decision::name_of(message.decision.reason);
        judged_as = decision::name_of(message.decision.judged);
    }
    void protocol_error(std::string_view what) override { errors.emplace_back(what); }
};

class Player {
public:
    explicit Player(std::shared_ptr<const gate::Snapshot> snapshot) : session_(with(judge_, std::move(snapshot)), [] {}) {
        mta::append_offer(out_, mta::full_offer);
    }

    Played play(const Conversation& conversation) {
        for (const Step& step : conversation.steps) take(step);
        mta::append_quit(out_);
        if (!say().empty()) problem("an answer to QUIT");
        for (const std::string& error : verdict_.errors) problem(error);
        return std::move(played_);
    }

private:
    static gate::Judge& with(gate::Judge& judge, std::shared_ptr<const gate::Snapshot> snapshot) {
        judge.use(std::move(snapshot));
        return judge;
    }
    void problem(std::string_view what) { played_.problems.push_back(std::to_string(line_) + ": " + std::string(what)); }

    std::vector<mta::FilterReply> say() {
        std::string answer;
        const auto step = session_.feed(out_, answer);
        if (step.consumed != out_.size() && verdict_.errors.empty()) problem("frames were left over");
        out_.clear();
        std::string_view rest = answer;
        auto replies = mta::take_replies(rest);
        if (!replies || !rest.empty()) problem("an answer that no MTA could read");
        return replies ? *std::move(replies) : std::vector<mta::FilterReply>{};
    }

    bool is_postfix() const { return mta_.starts_with("Postfix"); }

    void take(const Step& step) {
        line_ = step.line;
        switch (step.kind) {
            case Kind::mta:
                mta_ = step.text;
                return;
            case Kind::connect:
                return connect(step);
            case Kind::helo:
                return mta::append_helo(out_, step.text);
            case Kind::tls:
                return tls(step);
            case Kind::sasl:
                sasl_ = step.words;
                return;
            case Kind::mail:
                return mail(step);
            case Kind::recipient:
                return mta::append_recipient(out_, step.text);
            case Kind::queue_id:
                queue_id_ = step.text;
                return;
            case Kind::header:
                for (std::size_t i = 0; i < step.count; ++i) {
                    if (!queue_id_.empty()) mta::append_macros(out_, Command::header, {{"i", queue_id_}});
                    mta::append_header(out_, step.name, step.text);
                }
                return;
            case Kind::body:
                return mta::append_body(out_, step.text);
            case Kind::end_of_message:
                return end_of_message();
            case Kind::reset:
                return mta::append_abort(out_);
            case Kind::new_client:
                sasl_.clear();
                return mta::append_quit_new_connection(out_);
        }
    }

    void connect(const Step& step) {
        const std::string address = step.words.empty() ? "" : step.words[0];
        const std::string name = step.words.size() > 1 ? step.words[1] : "unknown";
        std::vector<mta::MacroPair> macros{{"j", "gw.test"}, {"v", mta_}};
        const bool v6 = address.find(':') != std::string::npos;
        const std::string tagged = v6 ? "IPv6:" + address : address;
        if (address == "local" || address == "unknown") {
            mta::append_macros(out_, Command::connect, macros);
            const bool local = address == "local";
            return mta::append_connect(out_, "localhost", local ? milter::Family::unix_socket : milter::Family::unknown, 0, "/run/submit");
        }
        macros.emplace_back("{client_addr}", tagged);
        mta::append_macros(out_, Command::connect, macros);
        mta::append_connect(out_, name, v6 ? milter::Family::inet6 : milter::Family::inet, 25000, address);
    }

    /// STARTTLS shows as an ABORT, then the client says EHLO again, and with it come the facts. A certificate that did not verify is
    /// not spoken of by Postfix; others send its names all the same, with {verify}.
    void tls(const Step& step) {
        mta::append_abort(out_);
        const std::string how = step.words.size() > 1 ? step.words[1] : "";
        const std::string name = step.words.size() > 2 ? step.words[2] : "";
        std::vector<mta::MacroPair> macros{{"{tls_version}", step.words.at(0)}, {"{cipher}", "TLS_AES_256_GCM_SHA384"}};
        const bool verified = how == "verified" || how == "verified-without-name";
        const std::string subject = "/CN=" + name;
        if (is_postfix()) {
            if (verified) macros.emplace_back("{cert_subject}", name);
        } else {
            macros.emplace_back("{verify}", verified ? "OK" : how == "unverified" ? "FAIL" : "NO");
            if (how != "no-certificate") {
                macros.emplace_back("{cn_subject}", name);
                macros.emplace_back("{cert_subject}", subject);
            }
        }
        if (!verified && how != "unverified" && how != "no-certificate") problem("unknown kind of certificate");
        mta::append_macros(out_, Command::helo, macros);
        mta::append_helo(out_, "outbound.test");
    }

    void mail(const Step& step) {
        std::vector<mta::MacroPair> macros{{"{mail_addr}", step.text}};
        if (sasl_.size() == 2) {
            macros.emplace_back("{auth_type}", sasl_[0]);
            macros.emplace_back("{auth_authen}", sasl_[1]);
        }
        mta::append_macros(out_, Command::mail, macros);
        mta::append_mail(out_, step.text);
    }

    void end_of_message() {
        if (!queue_id_.empty()) mta::append_macros(out_, Command::end_of_message, {{"i", queue_id_}});
        mta::append_end_of_message(out_);
        Expectation outcome;
        outcome.line = line_;
        for (const mta::FilterReply& reply : say()) std::visit([&](const auto& r) { note(r, outcome); }, reply);
        outcome.reason = verdict_.reason;
        outcome.judged = verdict_.judged_as;
        played_.outcomes.push_back(std::move(outcome));
    }

    void note(const mta::Answer&, Expectation&) {}
    void note(const mta::Plain& plain, Expectation& outcome) {
        if (plain.code == milter::ReplyCode::continue_)
            outcome.verdict = "accept";
        else
            problem("an answer without a text");
    }
    void note(const mta::ReplyLine& line, Expectation& outcome) {
        outcome.reply = line.text;
        outcome.verdict = line.text.starts_with('5') ? "reject" : "tempfail";
    }
    void note(const mta::Quarantine&, Expectation& outcome) { outcome.held = true; }
    void note(const mta::HeaderChange& change, Expectation& outcome) {
        mail::HeaderEdit edit;
        edit.op = change.code == milter::ReplyCode::add_header      ? mail::EditOp::add
                  : change.code == milter::ReplyCode::insert_header ? mail::EditOp::insert
                                                                    : mail::EditOp::remove;
        if (edit.op == mail::EditOp::remove && !change.value.empty()) problem("a field was changed, not removed");
        edit.index = change.index;
        edit.name = change.name;
        edit.value = change.value.starts_with(' ') ? change.value.substr(1) : change.value;
        outcome.edits.push_back(std::move(edit));
    }

    LastVerdict verdict_;
    gate::StillWorld world_;
    gate::Judge judge_{verdict_, world_};
    gate::MilterSession session_;
    std::string mta_ = "Postfix 3.7.11", queue_id_, out_;
    std::vector<std::string> sasl_;
    std::size_t line_ = 0;
    Played played_;
};

}  // namespace

Played play_as_milter(const Conversation& conversation, std::shared_ptr<const gate::Snapshot> snapshot) {
    return Player(std::move(snapshot)).play(conversation);
}

}  // namespace exota::conversations
