// Decision → JSON, text, short findings. Each writer encodes for where it writes: JSON strings, one printable line a fact, words without
// blanks or parentheses.
//
// Tested by render_test.cc.
#include "decision/render.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"
#include "decision/compauth.h"
#include "decision/findings.h"
#include "evidence/json.h"

namespace exota::decision {
namespace {

using base::JsonArray;
using base::JsonObject;
using tenant::Factor;

std::string_view name_of_op(mail::EditOp op) noexcept {
    switch (op) {
        case mail::EditOp::add:
            return "add";
        case mail::EditOp::insert:
            return "insert";
        case mail::EditOp::remove:
            return "delete";
    }
    return "add";
}

void add_proof(JsonArray& proofs, const ProofOutcome& proof) {
    proofs.add([&](JsonObject& members) {
        members.add("text", proof.text);
        members.add("holds", proof.holds);
        members.add("missing", [&](JsonArray& missing) {
            for (const Factor factor : proof.missing) missing.add(name_of(factor));
        });
    });
}

void add_finding(JsonArray& findings, Factor factor, const FactorFinding& found) {
    findings.add([&](JsonObject& members) {
        members.add("factor", name_of(factor));
        members.add("finding", name_of(found.finding));
        members.add("detail", found.detail);
        members.add("source", evidence::name_of(found.source));
        if (!found.hint.empty()) members.add("hint", found.hint);
    });
}

void add_edit(JsonArray& edits, const mail::HeaderEdit& edit) {
    edits.add([&](JsonObject& members) {
        members.add("op", name_of_op(edit.op));
        members.add("index", edit.index);
        members.add("name", edit.name);
        members.add("value", edit.value);
    });
}

/// What an inbound door decided besides.
void add_outcome(JsonObject& members, const InboundOutcome& outcome) {
    members.add("door", "inbound");
    if (outcome.compauth)
        members.add("compauth", [&compauth = *outcome.compauth](JsonObject& parts) {
            parts.add("result", name_of(compauth.result));
            parts.add("reason", base::null_if_empty(reason_text(compauth)));
            parts.add("row", compauth.row);
        });
    else
        members.add("compauth", nullptr);
    members.add("action", name_of(outcome.action));
    members.add("setting", base::null_if_empty(outcome.setting));
    members.add("handed_over", outcome.handed_over);
    members.add("disposition", outcome.marked ? std::optional<std::string_view>("quarantine") : std::nullopt);
}

void add_members(JsonObject& members, const Decision& decision, const evidence::Evidence& evidence) {
    members.add("verdict", name_of(decision.verdict));
    members.add("judged", name_of(decision.judged));
    members.add("reason", name_of(decision.reason));
    if (!decision.detail.empty()) members.add("detail", decision.detail);
    members.add("why", decision.why);
    if (decision.reply)
        members.add("reply", [&reply = *decision.reply](JsonObject& parts) {
            parts.add("code", reply.code);
            parts.add("enhanced", reply.enhanced);
            parts.add("text", reply.text);
        });
    else
        members.add("reply", nullptr);
    members.add("author_domain", base::null_if_empty(decision.author_domain));
    members.add("tenant", decision.tenant ? std::optional<std::string_view>(decision.tenant_name) : std::nullopt);
    members.add("forward", decision.forward);
    members.add("mode", tenant::name_of(decision.mode));
    members.add("quarantine", decision.quarantine);
    if (decision.inbound) add_outcome(members, *decision.inbound);
    members.add("proof", decision.proof ? std::optional<std::string_view>(decision.proofs[*decision.proof].text) : std::nullopt);
    members.add("proofs", [&](JsonArray& proofs) {
        for (const ProofOutcome& proof : decision.proofs) add_proof(proofs, proof);
    });
    members.add("findings", [&](JsonArray& findings) {
        for (std::size_t i = 0; decision.judged_at_all && i < tenant::factor_count; ++i)
            add_finding(findings, static_cast<Factor>(i), decision.findings[i]);
    });
    members.add("header_edits", [&](JsonArray& edits) {
        for (const mail::HeaderEdit& edit : decision.header_edits) add_edit(edits, edit);
    });
    write_json(evidence, members.place("evidence"));
}

/// One line for a person's terminal: printable ASCII, anything else becomes '?'.
std::string printable(std::string_view text) {
    constexpr std::size_t max_octets = 300;
    std::string out(text.substr(0, max_octets));
    for (char& c : out)
        if (c < 0x20 || c > 0x7e) c = '?';
    if (text.size() > max_octets) out += "...";
    return out;
}

/// A header field's value on one line: a line break and the blanks behind it become one blank.
std::string unfolded(std::string_view value) {
    std::string out;
    while (!value.empty()) {
        out += base::take_until(value, '\n');
        while (!value.empty() && base::is_wsp(value.front())) value.remove_prefix(1);
        if (!value.empty()) out += ' ';
    }
    return out;
}

void append_padded(std::string& out, std::string_view text, std::size_t width) {
    out += text;
    out.append(text.size() < width ? width - text.size() : 1, ' ');
}

std::string_view what_next(const Decision& decision) noexcept {
    if (decision.detail == customer_subdomain)
        return "The author domain is a subdomain of another customer: if that customer uses it, list it in the customer's domains.";
    if (decision.detail == neighbours_unknown)
        return "The tenants are looked up name by name, so whether the author's organisation is a customer's cannot be told: "
               "such a forward needs dkim-aligned or arc.";
    switch (decision.reason) {
        case Reason::authorised:
        case Reason::bypassed:
            return {};
        case Reason::too_complex:
            return "If the message is honest, raise the limit that it passed (section [limits]).";
        case Reason::from_missing:
        case Reason::from_ambiguous:
            return "The sending program has to write exactly one From field with exactly one address.";
        case Reason::unavailable:
            return "Look for what could not be asked: the finding 'unavailable' above, or the tenants' directory in the log.";
        case Reason::no_policy:
            return "If a customer owns this domain, add it to the customer's tenant entry.";
        case Reason::forwarding_not_allowed:
            return "If the author domain is this tenant's, add it to the tenant's domains. "
                   "Only if the tenant may pass on mail of others, set its \"forwarding\" to true.";
        case Reason::contradiction:
            return "If the value belongs to this tenant, add it to the entry; else the mail was sent by somebody else.";
        case Reason::not_proven:
            return "Compare the missing factors with the findings; docs/reference/reasons.md says what each needs.";
        case Reason::limit_exceeded:
            return "If the amount is expected, raise the tenant's limits.";
        case Reason::passed:
            return {};
        case Reason::client_blocked:
            return "The client's address is in perimeter.block_file; an entry in perimeter.allow_file beats it.";
        case Reason::client_listed:
            return "Ask the list that is named why it has the address; an entry in perimeter.allow_file beats all lists.";
        case Reason::no_reverse_name:
            return "The client's operator has to give its address a name that has the address; or add it to perimeter.allow_file.";
        case Reason::recipient_foreign:
            return "If the domain is a customer's, add it to the customer's tenant entry.";
        case Reason::recipient_unknown:
        case Reason::too_many_unknown:
            return "If the address exists, look why the source of recipients does not have it; \"recipients\" of the tenant says of which "
                   "domains it has to know all.";
        case Reason::dmarc_failed:
            return "If the message is honest, its sender has to sign with the author's domain; until then inbound.trusted_forwarders or "
                   "inbound.domains let it pass.";
        case Reason::own_domain:
            return "Somebody outside sends as one of your domains. If he may, have him sign with that domain (DKIM) or list his addresses "
                   "in its SPF record.";
        case Reason::eop_verdict:
            return "The section [eop] says what becomes of what Exchange Online Protection found; its results stand in the evidence.";
    }
    return {};
}

void append_outcome(std::string& out, const InboundOutcome& outcome) {
    if (outcome.compauth) {
        out += "\ncompauth  ";
        out += name_of(outcome.compauth->result);
        if (const std::string reason = reason_text(*outcome.compauth); !reason.empty()) out += ' ' + reason;
        out += outcome.handed_over ? ", as Exchange Online Protection says" : " (row " + std::to_string(outcome.compauth->row) + ')';
    }
    out += "\naction    ";
    out += name_of(outcome.action);
    if (!outcome.setting.empty()) out.append(" (").append(outcome.setting).append(")");
    if (outcome.marked) out += ", marked with X-ExOTA-Disposition";
}

/// A word for the log: no blank, no character with which the list itself is written.
void append_word(std::string& out, std::string_view text) {
    constexpr std::size_t max_octets = 160;
    for (const char c : text.substr(0, max_octets)) {
        if (c == ' ')
            out += '_';
        else
            out += c < 0x21 || c > 0x7e || c == '(' || c == ')' || c == '=' || c == '"' || c == '\\' ? '?' : c;
    }
}

/// " dkim=holds", for each factor and finding: every message names some.
class FindingWords {
public:
    FindingWords() {
        for (std::size_t factor = 0; factor < words_.size(); ++factor)
            for (std::size_t finding = 0; finding < words_[factor].size(); ++finding)
                words_[factor][finding] =
                    ' ' + std::string(name_of(static_cast<Factor>(factor))) + '=' + std::string(name_of(static_cast<Finding>(finding)));
    }
    std::string_view of(Factor factor, Finding finding) const noexcept {
        return words_[static_cast<std::size_t>(factor)][static_cast<std::size_t>(finding)];
    }

private:
    std::array<std::array<std::string, 4>, tenant::factor_count> words_;
};

}  // namespace

std::string to_json(const Decision& decision, const evidence::Evidence& evidence) {
    std::string out;
    out.reserve(4096);
    base::JsonPlace(out).put([&](JsonObject& members) { add_members(members, decision, evidence); });
    return out;
}

std::string to_text(const Decision& decision, const evidence::Evidence& evidence) {
    std::string out;
    out += "verdict   ";
    out += name_of(decision.verdict);
    if (decision.quarantine) out += " (into the hold queue)";
    if (decision.verdict != decision.judged || decision.quarantine) {
        out += "; judged ";
        out += name_of(decision.judged);
    }
    out += ", mode ";
    out += tenant::name_of(decision.mode);
    out += "\nwhy       " + printable(decision.why);
    out += "\nauthor    " + (decision.author_address.empty() ? std::string("none") : printable(decision.author_address));
    out += "\ntenant    " + (decision.tenant ? printable(decision.tenant_name) : std::string("none"));
    if (decision.forward) out += " (forward)";
    if (decision.inbound) append_outcome(out, *decision.inbound);
    if (!evidence.too_complex.empty()) out += "\nlimit     " + printable(evidence.too_complex);
    if (decision.reply) out += "\nreply     " + printable(decision.reply->line());
    out += '\n';
    if (!decision.proofs.empty()) out += "\nproofs\n";
    for (const ProofOutcome& proof : decision.proofs) {
        out += "  ";
        append_padded(out, proof.holds ? "holds" : "fails", 12);
        out += proof.text;
        if (!proof.missing.empty()) out += "   missing:";
        for (const Factor factor : proof.missing) {
            out += ' ';
            out += name_of(factor);
        }
        out += '\n';
    }
    if (decision.judged_at_all) out += "\nfindings\n";
    for (std::size_t i = 0; decision.judged_at_all && i < tenant::factor_count; ++i) {
        const FactorFinding& found = decision.findings[i];
        out += "  ";
        append_padded(out, name_of(static_cast<Factor>(i)), 16);
        append_padded(out, name_of(found.finding), 12);
        out += printable(found.detail);
        out += "  [";
        out += evidence::name_of(found.source);
        out += "]\n";
        if (!found.hint.empty()) out.append(30, ' ').append(printable(found.hint)).append("\n");
    }
    if (!decision.header_edits.empty()) out += "\nheader\n";
    for (const mail::HeaderEdit& edit : decision.header_edits) {
        out += "  ";
        append_padded(out, name_of_op(edit.op), 12);
        out += printable(edit.name);
        if (edit.op == mail::EditOp::remove)
            out += " number " + std::to_string(edit.index);
        else
            out += ": " + printable(unfolded(edit.value));
        out += '\n';
    }
    if (const std::string_view next = what_next(decision); !next.empty()) {
        out += "\nnext      ";
        out += next;
        out += '\n';
    }
    return out;
}

std::string findings_text(const Decision& decision) {
    std::string out;
    append_findings_text(out, decision);
    return out;
}

void append_findings_text(std::string& out, const Decision& decision) {
    if (!decision.judged_at_all) return;
    tenant::FactorSet asked;
    for (const ProofOutcome& proof : decision.proofs)
        for (const Factor factor : proof.missing) asked.insert(factor);
    static const FindingWords words;
    bool is_first = true;
    for (std::size_t i = 0; i < tenant::factor_count; ++i) {
        const FactorFinding& found = decision.findings[i];
        const auto factor = static_cast<Factor>(i);
        if (found.finding == Finding::absent && !asked.contains(factor)) continue;  // nobody asked, nothing seen
        out += words.of(factor, found.finding).substr(std::exchange(is_first, false) ? 1 : 0);
        if (found.detail.empty() || found.finding == Finding::holds) continue;
        out += '(';
        append_word(out, found.detail);
        out += ')';
    }
}

}  // namespace exota::decision
