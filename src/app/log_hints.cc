#include "app/log_hints.h"

#include <algorithm>
#include <array>

#include "decision/render.h"

namespace exota::app {
namespace {

using tenant::Factor;

/// How the sentences of evidence/ and decision/ begin, or their code alone where they have one already.
struct Known {
    std::string_view beginning, code;
    std::string_view hint;  // empty: the sentence says it
};
constexpr auto known = std::to_array<Known>({
    {"TLS without a verified client certificate", "certificate-not-verified",
     "TLS from Exchange Online's address without a verified certificate: smtpd_tls_ask_ccert = yes is missing, the CA list lacks the root, "
     "or the MTA does not take certificates without the clientAuth purpose (docs/postfix.md)"},
    {"the MTA does not send the macro {verify}", "no-verify-macro",
     "the MTA is not Postfix and does not send {verify}: nobody can tell whether it verified the certificate"},
    {"certificate without a name", "certificate-without-name", "the certificate was verified, but has neither a name nor a host"},
    {"signed, but no authserv-id is trusted", "no-trusted-authserv-id", "authentication_results.trusted_authserv_ids is empty"},
    {"signed, but the method is not trusted", "method-not-trusted", "authentication_results.methods does not have \"dkim\""},
    {"signed, but no trusted result", "no-trusted-result",
     "the message is signed, but no field of a trusted authserv-id has a result: is the validator running, does its resolver answer, is "
     "its id the trusted one, is own_hops right?"},
    {"dkim is not among the trusted methods", "method-not-trusted", "authentication_results.methods does not have \"dkim\""},
    {"no trusted sealer reports a pass", "no-trusted-sealer", "no instance by a sealer of arc.trusted_sealers reports a pass"},
    {"different values", "different-values", "the field occurs with two different values"},
    {"malformed connection", "malformed-connection", "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp cannot be read"},
    {"l= covers ", "body-partly-signed", ""},
    {"the key says that the domain only tests DKIM", "key-in-test-mode", ""},
    {"does not count", "does-not-count", "the signature is valid, but must not authorise"},
    {"connection-without-bodies", "connection-without-bodies",
     "the MTA's connection is older than the setting that needs bodies: it goes away with the connection"},
    {"signature-unreadable", "signature-unreadable",
     "a DKIM-Signature or a field name is in a form that the validator cannot read, so no result of it counts"},
    {"result-without-signature", "result-without-signature", "there are more results than signatures, so somebody else wrote some of them"},
});
constexpr Known not_counted{"field ", "field-not-counted", ""};  // "field 3 does not count: …"
constexpr std::string_view other_code = "see-hint";

/// "field N does not count: why", where N is a number.
bool is_not_counted(std::string_view detail) noexcept {
    return detail.starts_with(not_counted.beginning) && detail.contains(" does not count: ");
}

bool has_blank(std::string_view text) noexcept { return text.contains(' '); }

/// Details of these are values that a client or sender chose, or codes.
bool is_value(Factor factor) noexcept { return factor == Factor::client_cert || factor == Factor::hosted || factor == Factor::peer; }

/// One of the table by its code, for a detail that is one, or by its beginning, for a sentence.
const Known* find_known(std::string_view detail, bool is_sentence) noexcept {
    const auto found = std::ranges::find_if(
        known, [&](const Known& k) { return is_sentence ? detail.starts_with(k.beginning) && has_blank(k.beginning) : detail == k.code; });
    return found != known.end() ? &*found : nullptr;
}

}  // namespace

DetailForLog detail_for_log(Factor factor, std::string_view detail) noexcept {
    const bool is_sentence = has_blank(detail);
    if (const Known* found = find_known(detail, is_sentence))
        return {found->code, found->hint.empty() && is_sentence ? detail : found->hint};
    if (!is_sentence) return {};
    if (is_not_counted(detail)) return {not_counted.code, detail};
    if (is_value(factor)) return {};
    return {other_code, detail};
}

std::vector<std::string_view> codes_of_details() {
    std::vector<std::string_view> codes{not_counted.code, other_code};
    for (const Known& each : known) codes.push_back(each.code);
    return codes;
}

void findings_for_log(const decision::Decision& decision, std::string& findings, std::string& hint) {
    constexpr std::size_t max_hint_octets = 1000;
    hint.clear();
    std::array<DetailForLog, tenant::factor_count> details;
    bool any_hint = false, any_sentence = false;
    for (std::size_t i = 0; i < details.size(); ++i) {
        const decision::FactorFinding& found = decision.findings[i];
        if (found.finding == decision::Finding::holds || found.detail.empty()) continue;
        details[i] = detail_for_log(static_cast<Factor>(i), found.detail);
        any_hint = any_hint || !details[i].hint.empty();
        any_sentence = any_sentence || (!details[i].code.empty() && details[i].code != found.detail);
    }
    if (any_sentence) {
        decision::Decision shortened = decision;
        for (std::size_t i = 0; i < details.size(); ++i)
            if (!details[i].code.empty()) shortened.findings[i].detail = details[i].code;
        findings = decision::findings_text(shortened);
    } else {
        findings = decision::findings_text(decision);
    }
    for (std::size_t i = 0; any_hint && i < details.size(); ++i) {
        const std::string_view text = details[i].hint;
        if (text.empty() || hint.contains(text)) continue;
        const std::string_view factor = name_of(static_cast<Factor>(i));
        const std::string shown = std::string(factor) + '=' + std::string(name_of(decision.findings[i].finding)) + '(';
        const bool at_beginning = findings.starts_with(shown);
        if (!at_beginning && !findings.contains(' ' + shown)) continue;  // nobody asked for it
        if (hint.size() + text.size() > max_hint_octets) break;
        hint.append(hint.empty() ? "" : "; ").append(factor).append(": ").append(text);
    }
}

}  // namespace exota::app
