#include "milter_script.h"

#include <optional>

namespace exota::bench {
namespace {

using milter::Command;
using milter::MacroStage;
namespace mta = milter::mta;
namespace step = milter::step;

using Macros = std::vector<mta::MacroPair>;

constexpr std::size_t body_chunk = 65535;

/// All that Postfix knows of the session; which of it a stage gets is either Postfix's default or the filter's own list.
const Macros& known() {
    static const Macros macros{{"j", "gw.example.net"},
                               {"{daemon_name}", "gw.example.net"},
                               {"{daemon_addr}", "192.0.2.1"},
                               {"v", "Postfix 3.7.11"},
                               {"_", "mail-db5eur01.outbound.protection.outlook.com [40.107.15.10]"},
                               {"{client_addr}", "40.107.15.10"},
                               {"{client_name}", "mail-db5eur01.outbound.protection.outlook.com"},
                               {"{tls_version}", "TLSv1.3"},
                               {"{cipher}", "TLS_AES_256_GCM_SHA384"},
                               {"{cipher_bits}", "256"},
                               {"{cert_subject}", "mail.protection.outlook.com"},
                               {"{cert_issuer}", "DigiCert Cloud Services CA-1"},
                               {"i", "4bQx2L3z9Yz5vNn"},
                               {"{mail_addr}", "jane.doe@contoso.com"},
                               {"{mail_host}", "relay.example.net"},
                               {"{mail_mailer}", "smtp"},
                               {"{rcpt_addr}", "bob@partner.example"},
                               {"{rcpt_host}", "relay.example.net"},
                               {"{rcpt_mailer}", "smtp"}};
    return macros;
}

std::string_view default_list(MacroStage stage) {
    switch (stage) {
        case MacroStage::connect:
            return "j {daemon_name} {daemon_addr} v _";
        case MacroStage::helo:
            return "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}";
        case MacroStage::mail:
            return "{mail_addr} {mail_host} {mail_mailer}";
        case MacroStage::recipient:
            return "{rcpt_addr} {rcpt_host} {rcpt_mailer}";
        default:
            return "i";
    }
}

class Compiler {
public:
    Compiler(const mta::Answer& terms) : terms_(terms) {}

    void macros(std::string& out, MacroStage stage, Command command, bool in_tls) const {
        std::string_view names = default_list(stage);
        for (const auto& [listed, list] : terms_.macro_lists)
            if (listed == stage) names = list;
        Macros given;
        while (!names.empty()) {
            const std::size_t end = names.find(' ');
            const std::string_view name = names.substr(0, end);
            names = end == std::string_view::npos ? std::string_view{} : names.substr(end + 1);
            const bool of_tls = name == "{tls_version}" || name.starts_with("{cipher") || name.starts_with("{cert_");
            for (const auto& pair : known())
                if (pair.first == name && (in_tls || !of_tls)) given.push_back(pair);
        }
        mta::append_macros(out, command, std::span<const mta::MacroPair>(given));
    }

    bool sent(std::uint32_t no_step) const { return (terms_.steps & no_step) == 0; }
    int replies(std::uint32_t no_reply) const { return (terms_.steps & no_reply) == 0 ? 1 : 0; }

private:
    const mta::Answer& terms_;
};

/// Joins turns without replies to one, unless Postfix flushes in between.
void join(std::vector<Turn>& turns, Turn turn) {
    if (!turns.empty() && turns.back().replies == 0 && !turns.back().verdict && !turns.back().flush) {
        turn.octets.insert(0, turns.back().octets);
        turns.back() = std::move(turn);
    } else {
        turns.push_back(std::move(turn));
    }
}

}  // namespace

Message read_message(std::string_view text) {
    Message message;
    std::string_view rest = text;
    const auto take_line = [&]() -> std::optional<std::string_view> {
        if (rest.empty()) return std::nullopt;
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    };
    while (const auto line = take_line()) {
        if (line->empty()) break;
        if (line->front() == ' ' || line->front() == '\t') {
            message.fields.back().second.append("\n").append(*line);
            continue;
        }
        const std::size_t colon = line->find(':');
        message.fields.emplace_back(line->substr(0, colon), line->substr(colon + 1));
    }
    while (const auto line = take_line()) message.body.append(*line).append("\r\n");
    return message;
}

Script compile(const Message& message, const mta::Answer& terms) {
    const Compiler with(terms);
    Script script;

    Turn turn{.flush = false};
    with.macros(turn.octets, MacroStage::connect, Command::connect, false);
    mta::append_connect(turn.octets, "mail-db5eur01.outbound.protection.outlook.com", milter::Family::inet, 51234, "40.107.15.10");
    turn.replies = with.replies(step::no_reply_connect);
    join(script.session, turn);
    if (with.sent(step::no_helo)) {
        turn = {.flush = true};
        with.macros(turn.octets, MacroStage::helo, Command::helo, false);
        mta::append_helo(turn.octets, "EUR05-DB8-obe.outbound.protection.outlook.com");
        turn.replies = with.replies(step::no_reply_helo);
        join(script.session, turn);
        turn = {.flush = true};
        mta::append_abort(turn.octets);
        with.macros(turn.octets, MacroStage::helo, Command::helo, true);
        mta::append_helo(turn.octets, "EUR05-DB8-obe.outbound.protection.outlook.com");
        turn.replies = with.replies(step::no_reply_helo);
        join(script.session, turn);
    }

    // smtpd: one write for what needs no reply, then the hand-over to cleanup flushes
    turn = {.flush = false};
    with.macros(turn.octets, MacroStage::mail, Command::mail, true);
    const std::string_view size[] = {"SIZE=29543"};
    mta::append_mail(turn.octets, "<jane.doe@contoso.com>", size);
    turn.replies = with.replies(step::no_reply_mail);
    join(script.message, turn);
    if (with.sent(step::no_recipient)) {
        turn = {.flush = false};
        with.macros(turn.octets, MacroStage::recipient, Command::recipient, true);
        mta::append_recipient(turn.octets, "<bob@partner.example>");
        turn.replies = with.replies(step::no_reply_recipient);
        join(script.message, turn);
    }
    if (with.sent(step::no_data)) {
        turn = {.flush = false};
        with.macros(turn.octets, MacroStage::data, Command::data, true);
        mta::append_data(turn.octets);
        turn.replies = with.replies(step::no_reply_data);
        join(script.message, turn);
    }
    script.message.back().flush = true;

    // cleanup: a macro frame before every event
    for (const auto& [name, value] : message.fields) {
        turn = {.flush = false};
        with.macros(turn.octets, MacroStage::end_of_header, Command::header, true);
        std::string_view text = value;
        if ((terms.steps & step::header_leading_space) == 0 && text.starts_with(' ')) text.remove_prefix(1);
        mta::append_header(turn.octets, name, text);
        turn.replies = with.replies(step::no_reply_header);
        join(script.message, turn);
    }
    if (with.sent(step::no_end_of_header)) {
        turn = {.flush = false};
        with.macros(turn.octets, MacroStage::end_of_header, Command::end_of_header, true);
        mta::append_end_of_header(turn.octets);
        turn.replies = with.replies(step::no_reply_end_of_header);
        join(script.message, turn);
    }
    if (with.sent(step::no_body)) {
        for (std::size_t at = 0; at < message.body.size(); at += body_chunk) {
            turn = {.flush = false};
            with.macros(turn.octets, MacroStage::end_of_header, Command::body, true);
            mta::append_body(turn.octets, std::string_view(message.body).substr(at, body_chunk));
            turn.replies = with.replies(step::no_reply_body);
            join(script.message, turn);
        }
    }
    turn = {.verdict = true};
    with.macros(turn.octets, MacroStage::end_of_message, Command::end_of_message, true);
    mta::append_end_of_message(turn.octets);
    join(script.message, turn);
    return script;
}

}  // namespace exota::bench
