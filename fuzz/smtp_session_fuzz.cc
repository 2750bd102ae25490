// A server's whole session: lines, order, DATA. The first octet says what kind of session it is and which of the backend's answers refuse.
//
// Properties: cutting the octets anywhere gives the same conversation; every command is answered once, so that replies and commands stay in
// step; what came in the clear behind STARTTLS is never carried out; no session makes more than twenty errors; a message needs a recipient.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "property.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/line.h"

namespace {

using namespace exota::smtp;

using exota::fuzz::require;

class Session {
public:
    Session(std::uint8_t kind)
        : refuses_((kind & 8) != 0),
          dialogue_({.lmtp = (kind & 1) != 0, .starttls = (kind & 2) != 0, .require_tls = (kind & 4) != 0, .max_recipients = 3}) {
        dialogue_.greeted();
        offered_.eight_bit_mime = offered_.smtputf8 = offered_.dsn = true;
        offered_.size = 500;
    }

    void feed(std::string_view bytes, bool last_of_input) {
        while (!bytes.empty() && dialogue_.phase() != Dialogue::Phase::over) {
            if (data_) {
                read_data(bytes);
            } else if (const auto line = lines_.next(bytes)) {
                // In the octets that came together; a cut here is where TLS would begin.
                command(*line, !bytes.empty() || !last_of_input);
            }
        }
    }
    const std::string& conversation() const { return out_; }
    std::size_t errors() const { return dialogue_.errors(); }

private:
    void answer(const FixedReply& reply) { out_ += std::to_string(reply.code) + " "; }
    void refuse(const FixedReply& reply) { answer(dialogue_.refused(reply)); }

    void command(const Line& line, bool more) {
        if (line.fault == LineFault::too_long) return refuse(reply::line_too_long);
        if (line.fault != LineFault::none) return refuse(reply::bad_octets);
        const Command command = split_command(line.text);
        const auto behind = more ? Dialogue::Behind::octets : Dialogue::Behind::nothing;
        if (const auto wrong = dialogue_.check(command.verb, behind)) return refuse(*wrong);
        const Extensions& offered = dialogue_.extended() ? offered_ : none_;
        switch (command.verb) {
            case Verb::ehlo:
            case Verb::helo:
            case Verb::lhlo:
                if (const auto name = parse_hello(command.argument); !name) return refuse(name.error());
                break;
            case Verb::mail: {
                require(dialogue_.recipients() == 0);
                const auto mail = parse_mail(command.argument, offered);
                if (!mail) return refuse(mail.error());
                if (refuses_ && mail->reverse_path.kind == Path::Kind::null) return answer({550, "", ""});
                smtputf8_ = mail->parameters.smtputf8;
                break;
            }
            case Verb::rcpt: {
                const auto recipient = parse_recipient(command.argument, offered, smtputf8_);
                if (!recipient) return refuse(recipient.error());
                if (refuses_ && recipient->forward_path.kind == Path::Kind::postmaster) {
                    dialogue_.refused_recipient();
                    return answer({550, "", ""});
                }
                break;
            }
            case Verb::data:
                if (const auto none = check_no_argument(command); !none) return refuse(none.error());
                require(dialogue_.recipients() > 0 && dialogue_.recipients() <= 3);
                data_.emplace(DataLimits{.message_octets = 500});
                break;
            case Verb::rset:
            case Verb::quit:
            case Verb::starttls:
                if (const auto none = check_no_argument(command); !none) return refuse(none.error());
                break;
            default:
                break;
        }
        dialogue_.accepted(command.verb);
        answer(command.verb == Verb::data ? reply::start_mail_input : reply::ok);
        if (command.verb == Verb::starttls) {
            require(!more);
            dialogue_.tls_started();
        }
    }

    void read_data(std::string_view& bytes) {
        while (const auto event = data_->next(bytes)) {
            if (!std::holds_alternative<EndOfData>(*event)) continue;
            answer(data_->fault() == DataFault::none ? reply::ok : reply_to(data_->fault()));
            dialogue_.message_ended();
            data_.reset();
            return;
        }
    }

    bool refuses_, smtputf8_ = false;
    Dialogue dialogue_;
    LineReader lines_;
    std::optional<DataReader> data_;
    Extensions offered_, none_;
    std::string out_;
};

std::string conversation(std::uint8_t kind, std::string_view bytes, std::size_t piece) {
    Session session(kind);
    for (std::size_t at = 0; at < bytes.size(); at += piece) session.feed(bytes.substr(at, piece), at + piece >= bytes.size());
    require(session.errors() <= 20);
    return session.conversation();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = conversation(data[0], bytes, std::max<std::size_t>(bytes.size(), 1));
    for (const std::size_t piece : {1u, 5u, 100u}) require(conversation(data[0], bytes, piece) == whole);
    // One reply a CRLF outside of messages at most, and none without.
    require(static_cast<std::size_t>(std::ranges::count(whole, ' ')) <= static_cast<std::size_t>(std::ranges::count(bytes, '\n')));
    return 0;
}
