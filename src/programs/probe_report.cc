#include "programs/probe_report.h"

#include <fmt/chrono.h>

#include "evidence/json.h"
#include "mail/header_block.h"
#include "net/certificate_text.h"
#include "programs/json_output.h"

namespace exota::programs {
namespace {

using base::JsonArray;
using base::JsonObject;
using base::null_if_empty;

std::string text_of(std::chrono::sys_seconds time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}
std::optional<std::string> text_of(std::optional<std::chrono::sys_seconds> time) {
    return time ? std::optional(text_of(*time)) : std::nullopt;
}

/// A chain is verified without a purpose; these are those that it would also serve.
std::vector<std::string_view> verifies_for(const net::PeerCertificate& peer) {
    if (!peer.verified) return {};
    switch (peer.purpose) {
        case net::CertificatePurpose::none:
        case net::CertificatePurpose::client_and_server:
            return {"clientAuth", "serverAuth"};
        case net::CertificatePurpose::client:
            return {"clientAuth"};
        case net::CertificatePurpose::server:
            return {"serverAuth"};
        case net::CertificatePurpose::neither:
            break;
    }
    return {};
}

void write_link(JsonArray& chain, const std::string& der) {
    chain.add([&der](JsonObject& members) {
        const auto text = net::text_of_certificate(der);
        if (!text) return members.add("error", text.error().detail);
        members.add("subject", text->subject);
        members.add("issuer", text->issuer);
        members.add("serial", text->serial);
        members.add("not_before", text_of(text->not_before));
        members.add("not_after", text_of(text->not_after));
        members.add("authority", text->authority);
        members.add("key_usage", text->key_usage);
        members.add("extended_key_usage", text->extended_key_usage);
        members.add("dns_names", text->dns_names);
        members.add("sha256", text->sha256);
    });
}

void write_tls(JsonObject& members, const net::TlsFacts& tls) {
    members.add("protocol", tls.protocol);
    members.add("cipher", tls.cipher);
    members.add("bits", tls.cipher_bits);
    members.add("resumed", tls.resumed);
    if (!tls.peer) return members.add("certificate", nullptr);
    const net::PeerCertificate& peer = *tls.peer;
    members.add("certificate", [&peer](JsonObject& certificate) {
        certificate.add("verified", peer.verified);
        certificate.add("error", null_if_empty(peer.error));
        certificate.add("verifies_for", verifies_for(peer));
        certificate.add("purpose", peer.verified ? std::optional(net::name_of(peer.purpose)) : std::nullopt);
        certificate.add("names", peer.names);
        certificate.add("why_no_names", null_if_empty(peer.why_no_names));
        certificate.add("chain", [&peer](JsonArray& chain) {
            for (const std::string& der : peer.chain) write_link(chain, der);
        });
    });
}

void write_path(JsonObject& members, const ProbedPath& path) {
    members.add("mailbox", path.mailbox);
    members.add("parameters", [&path](JsonArray& parameters) {
        for (const ProbedParameter& parameter : path.parameters)
            parameters.add([&parameter](JsonObject& one) {
                one.add("keyword", parameter.keyword);
                one.add("value", parameter.value);
            });
    });
}

std::string_view name_of(smtp::DataFault fault) {
    switch (fault) {
        case smtp::DataFault::none:
            break;
        case smtp::DataFault::bad_octets:
            return "bare CR, bare LF or NUL";
        case smtp::DataFault::line_too_long:
            return "a line is too long";
        case smtp::DataFault::message_too_big:
            return "too big";
        case smtp::DataFault::header_too_big:
            return "the header is too big";
    }
    return {};
}

void write_message(JsonObject& members, const ProbedMessage& message) {
    members.add("mail", [&message](JsonObject& sender) { write_path(sender, message.sender); });
    members.add("recipient_count", message.recipient_count);
    members.add("recipients", [&message](JsonArray& recipients) {
        for (const ProbedPath& path : message.recipients) recipients.add([&path](JsonObject& one) { write_path(one, path); });
    });
    members.add("complete", message.complete);
    members.add("octets", message.octets);
    members.add("fault", null_if_empty(name_of(message.fault)));
    members.add("header", [&message](JsonArray& fields) {
        fields.set_lines({"\n     ", ",\n     ", ""});
        for (const mail::MessageField& field : mail::split_message(message.text).fields)
            fields.add([&field](JsonObject& one) {
                one.add("name", field.name);
                one.add("value", field.value);
            });
    });
    members.add("evidence", base::JsonText{evidence::to_json(message.evidence)});
}

void write_session(JsonObject& members, const ProbedSession& session) {
    members.set_lines({"", ",\n   ", ""});
    members.add("number", session.number);
    members.add("began", text_of(session.began));
    members.add("client", session.client);
    if (session.tls)
        members.add("tls", [&session](JsonObject& tls) { write_tls(tls, *session.tls); });
    else
        members.add("tls", nullptr);
    members.add("tls_failure", null_if_empty(session.tls_failure));
    members.add("commands", [&session](JsonArray& commands) {
        commands.set_lines({"\n    ", ",\n    ", ""});
        for (const ProbedCommand& command : session.commands)
            commands.add([&command](JsonObject& one) {
                one.add("line", command.line);
                one.add("tls", command.tls);
                one.add("answered", command.answered);
            });
    });
    members.add("messages", [&session](JsonArray& messages) {
        messages.set_lines({"\n    ", ",\n    ", ""});
        for (const ProbedMessage& message : session.messages) messages.add([&message](JsonObject& one) { write_message(one, message); });
    });
    members.add("ended", session.ended);
}

}  // namespace

std::string to_json(const ProbeRun& run) {
    return json_output([&run](JsonObject& members) {
        members.set_lines({"", ",\n ", ""});
        members.add("listened", run.listened);
        members.add("hostname", run.hostname);
        members.add("began", text_of(run.began));
        members.add("ended", text_of(run.ended));
        members.add("ended_by", run.why);
        members.add("sessions", [&run](JsonArray& sessions) {
            sessions.set_lines({"\n  ", ",\n  ", ""});
            for (const ProbedSession& session : run.sessions) sessions.add([&session](JsonObject& one) { write_session(one, session); });
        });
    });
}

std::string in_one_line(const ProbedSession& session) {
    std::string line = "session " + std::to_string(session.number) + ": " + session.client;
    if (!session.tls_failure.empty()) line += ", TLS failed (" + session.tls_failure + ')';
    if (session.tls) {
        line += ", " + session.tls->protocol;
        if (const auto& peer = session.tls->peer)
            line += ", certificate of " + (peer->names.empty() ? "nobody" : peer->names.front()) +
                    (peer->verified ? " (verified)" : " (not verified: " + peer->error + ')');
        else
            line += ", no certificate";
    }
    line += ", " + std::to_string(session.messages.size()) + (session.messages.size() == 1 ? " message" : " messages");
    return line + ", " + session.ended;
}

}  // namespace exota::programs
