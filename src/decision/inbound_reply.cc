#include "decision/inbound_reply.h"

#include <algorithm>

#include "decision/compauth.h"

namespace exota::decision {
namespace {

std::string client_in_words(const evidence::Session& session) {
    const base::IpAddress* address = value_of(session.client.address);
    return "Client [" + (address != nullptr ? address->text() : std::string("unknown")) + ']';
}

/// A list's text is a stranger's: what ends our own sentence does not stand in it. Controls go where the line is made safe.
std::string without_parentheses(std::string_view text, std::size_t max_octets = 200) {
    std::string out(text.substr(0, max_octets));
    for (char& c : out)
        if (c == '(' || c == ')' || c == ';') c = ' ';
    return out;
}

}  // namespace

Refusal client_refused(const evidence::Session& session, const ClientStanding& client, const InboundRules& rules) {
    Refusal refusal{.judged = Verdict::reject, .reason = Reason::client_blocked, .explanation = {client_in_words(session)}};
    Explanation& explanation = refusal.explanation;
    explanation.whole_line = true;
    if (client.is == ClientStanding::Is::no_reverse_name) {
        refusal.reason = Reason::no_reverse_name;
        explanation.text += " has no confirmed reverse name";
        explanation.enhanced = "5.7.25";
        return refusal;
    }
    if (client.is == ClientStanding::Is::listed) refusal.reason = Reason::client_listed;
    explanation.text += " blocked";
    const std::string delist = rules.delist.empty() ? std::string() : "; to be removed: " + rules.delist;
    if (!client.list.empty()) {
        explanation.text.append(" (").append(without_parentheses(client.list));
        // What would be too long for the line is cut at its end: that must not be the operator's word.
        constexpr std::size_t max_octets = 400;
        const std::size_t others = explanation.text.size() + delist.size();
        if (!client.text.empty() && others < max_octets)
            explanation.text.append(": ").append(without_parentheses(client.text, std::min<std::size_t>(200, max_octets - others)));
        explanation.text += ')';
    }
    explanation.text += delist;
    return refusal;
}

Refusal recipient_foreign() {
    return {.judged = Verdict::reject,
            .reason = Reason::recipient_foreign,
            .explanation = {.text = "Recipient address rejected: not one of our domains", .whole_line = true}};
}

Refusal recipient_unknown(const InboundRules& rules) {
    const bool as_eop = rules.unknown_reply == "5.4.1";
    return {.judged = Verdict::reject,
            .reason = Reason::recipient_unknown,
            .explanation = {.text = as_eop ? "Recipient address rejected: Access denied" : "Recipient address rejected: no such recipient",
                            .enhanced = as_eop ? "5.4.1" : "5.1.1",
                            .whole_line = true}};
}

Refusal too_many_unknown() {
    return {.judged = Verdict::tempfail,
            .reason = Reason::too_many_unknown,
            .explanation = {.text = "Too many unknown recipients", .whole_line = true, .code = 421, .enhanced_for_now = "4.7.0"}};
}

Refusal recipients_unavailable() {
    return {.judged = Verdict::tempfail,
            .reason = Reason::unavailable,
            .explanation = {.text = "The recipients cannot be looked up at the moment, try again later", .whole_line = true}};
}

Explanation explain_author(const Decision& decision) {
    const InboundOutcome& outcome = *decision.inbound;
    const std::string& domain = decision.author_domain;
    constexpr std::string_view code = "5.7.26";
    switch (decision.reason) {
        case Reason::passed:
            return {"passed"};
        case Reason::own_domain:
            return {"Mail of " + domain + " from outside must prove that it is", code};
        case Reason::eop_verdict:
            return {"Rejected as Exchange Online Protection found it not to be of " + domain, code};
        case Reason::unavailable:
            return {outcome.handover_unknown
                        ? std::string("unavailable: whether Exchange Online handed the message over could not be checked, try again later")
                        : "unavailable: what authenticates " + domain + " could not be looked up, try again later"};
        default:
            break;
    }
    const int fitting = outcome.compauth ? outcome.compauth->row : 0;
    if (fitting == row::enforced_policy) return {"Rejected per DMARC policy for " + domain, code};
    if (fitting == row::domain_setting) return {"Mail of " + domain + " must prove here that it is", code};
    return {"Nothing proves that the message is of " + domain, code};
}

}  // namespace exota::decision
