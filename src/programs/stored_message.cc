#include "programs/stored_message.h"

#include <algorithm>

#include "base/shell.h"
#include "base/text.h"
#include "decision/claims.h"

namespace exota::programs {
namespace {

auto topmost_received(auto& fields) {
    return std::ranges::find_if(fields, [](const mail::MessageField& field) { return is_named(field, "Received"); });
}

bool is_of_delivery(const mail::MessageField& field) {
    return is_named(field, "Return-Path") || is_named(field, "Delivered-To") || is_named(field, "X-Original-To");
}

}  // namespace

StoredTop look_at_top(const mail::MessageParts& parts) {
    StoredTop top;
    const auto received = topmost_received(parts.fields);
    if (received == parts.fields.end()) return top;
    top.received = parse_received(received->value);
    const auto path =
        std::find_if(parts.fields.begin(), received, [](const mail::MessageField& field) { return is_named(field, "Return-Path"); });
    if (path == received) return top;
    const std::string_view address = base::trim(path->value);
    const bool printable = std::ranges::all_of(address, [](char c) { return c > 0x20 && c < 0x7f; });
    if (printable && address.starts_with('<') && address.ends_with('>')) top.return_path = std::string(address);
    return top;
}

void remove_what_came_later(mail::MessageParts& parts) {
    const auto received = topmost_received(parts.fields);
    if (received == parts.fields.end()) return;
    const auto kept = std::remove_if(parts.fields.begin(), received, is_of_delivery);
    parts.fields.erase(kept, received + 1);
    std::erase_if(parts.fields, [](const mail::MessageField& field) { return is_named(field, "X-ExOTA-Authentication-Results"); });
}

void take_facts(const StoredTop& top, SessionFacts& facts) {
    const auto take = [](std::optional<std::string>& fact, const std::optional<std::string>& found) {
        if (!fact) fact = found;
    };
    take(facts.mail_from, top.return_path);
    if (!top.received) return;
    const Received& received = *top.received;
    if (!facts.tls_version) take(facts.client_cert, received.certificate);  // TLS as it was given has no certificate unless that was, too
    take(facts.client_ip, received.client);
    take(facts.tls_version, received.tls_version);
    take(facts.helo, received.helo);
    take(facts.queue_id, received.queue_id);
    if (facts.recipients.empty() && received.recipient) facts.recipients.push_back(*received.recipient);
    if (!facts.authenticated && received.authenticated) facts.authenticated = true;
}

WantedFacts facts_behind(const decision::Decision& decision, decision::PeerProof peer_proof) {
    using decision::PeerProof;
    using tenant::Factor;
    WantedFacts wanted;
    if (decision.judged == decision::Verdict::accept) return wanted;
    for (const decision::ProofOutcome& proof : decision.proofs)
        for (const Factor factor : proof.missing) {
            const decision::FactorFinding& found = decision.findings[static_cast<std::size_t>(factor)];
            const bool on_peer = factor == Factor::peer || found.detail == decision::peer_not_proven;
            wanted.client_ip |= factor == Factor::client_ip || factor == Factor::spf || (on_peer && peer_proof != PeerProof::client_cert);
            wanted.client_cert |= factor == Factor::client_cert || (on_peer && peer_proof != PeerProof::client_ip);
            wanted.xoorg |= factor == Factor::xoorg;
            wanted.helo |= factor == Factor::spf;
            wanted.mail_from |= factor == Factor::spf;
            wanted.queue_id |= found.detail == "no-queue-id";
        }
    return wanted;
}

std::vector<std::string> not_given(const SessionFacts& facts, const WantedFacts& wanted) {
    std::vector<std::string> out;
    if (wanted.client_ip && !facts.client_ip) out.emplace_back("client address (--client-ip)");
    if (wanted.client_cert && !facts.client_cert)
        out.emplace_back(facts.tls_version ? "verified certificate (--client-cert)"
                                           : "TLS and verified certificate (--tls-version, --client-cert)");
    if (wanted.xoorg && !facts.xoorg) out.emplace_back("XOORG (--xoorg)");
    if (wanted.helo && !facts.helo) out.emplace_back("EHLO name (--helo)");
    if (wanted.mail_from && !facts.mail_from) out.emplace_back("envelope sender (--mail-from)");
    if (wanted.recipients && facts.recipients.empty()) out.emplace_back("recipients (--rcpt)");
    if (wanted.queue_id && !facts.queue_id) out.emplace_back("queue id (--queue-id)");
    return out;
}

std::string as_options(const SessionFacts& facts) {
    std::string out;
    const auto add = [&out](std::string_view option, std::string_view value) {
        // A value that begins with '-' would be read as an option.
        out.append(out.empty() ? "" : " ").append(option).append(1, value.starts_with('-') ? '=' : ' ').append(base::shell_word(value));
    };
    if (facts.client_ip) add("--client-ip", *facts.client_ip);
    if (facts.client_cert) add("--client-cert", *facts.client_cert);
    if (facts.tls_version) add("--tls-version", *facts.tls_version);
    if (facts.helo) add("--helo", *facts.helo);
    if (facts.mail_from) add("--mail-from", *facts.mail_from);
    for (const std::string& recipient : facts.recipients) add("--rcpt", recipient);
    if (facts.queue_id) add("--queue-id", *facts.queue_id);
    if (facts.authenticated.value_or(false)) out += out.empty() ? "--authenticated" : " --authenticated";
    return out;
}

}  // namespace exota::programs
