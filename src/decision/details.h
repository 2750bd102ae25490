// The codes of details that need a sentence: each once, with what it means for the operator. docs/reference/log.md lists them.
//
// Tested by telemetry/log_hints_test.cc and dkim_test.cc.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "decision/decision.h"

namespace exota::decision {

struct DetailCode {
    std::string_view code;
    std::string_view hint;
};

inline constexpr auto detail_codes = std::to_array<DetailCode>({
    {"certificate-not-verified",
     "TLS from Exchange Online's address without a verified certificate: smtpd_tls_ask_ccert = yes is missing, the CA list lacks the root, "
     "or the MTA does not take certificates without the clientAuth purpose (docs/postfix.md)"},
    {"no-verify-macro", "the MTA is not Postfix and does not send {verify}: nobody can tell whether it verified the certificate"},
    {"certificate-without-name", "the certificate was verified, but has no name"},
    {"no-trusted-authserv-id", "the message is signed, but authentication_results.trusted_authserv_ids is empty"},
    {"method-not-trusted", "authentication_results.methods does not have \"dkim\""},
    {"no-trusted-result",
     "the message is signed, but no field of a trusted authserv-id has a result: is the validator running, does its resolver answer, is "
     "its id the trusted one (with job_id: does it write job ids), is own_hops right?"},
    {"no-queue-id", "authentication_results.job_id is on, but the MTA sends no queue id (macro i)"},
    {"result-not-counted", "the Authentication-Results field that decides is in a form that counts for nothing"},
    {"signature-unreadable", "a DKIM-Signature or a field name is in a form at which a validator may fall silent, so no result counts"},
    {"signatures-not-gathered",
     "the evidence was gathered where signatures are verified and results are not read: explain the message itself instead"},
    {"result-without-signature", "a result is reported that no DKIM-Signature of the message can have caused"},
    {"signature-not-counted", "the signature is valid, but leaves something unsigned or must not authorise"},
    {"connection-without-bodies", "the MTA's connection is older than the setting that needs bodies: it goes away with the connection"},
    {"no-trusted-sealer", "no instance by a sealer of arc.trusted_sealers reports a pass"},
    {"different-values", "the field occurs with two different values"},
    {"eop-unreadable", "EOP's results or report are in a form that it is not known to write, so they count for nothing"},
    {"malformed-connection", "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp cannot be read"},
});

/// What a code means; empty where it needs no sentence.
constexpr std::string_view hint_of(std::string_view code) noexcept {
    const auto known = std::ranges::find(detail_codes, code, &DetailCode::code);
    return known == detail_codes.end() ? std::string_view{} : known->hint;
}

/// A finding with the code and its sentence. @param more  what this message has of it; empty: nothing.
inline FactorFinding coded(Finding finding, std::string_view code, evidence::Source source, std::string_view more = {}) {
    FactorFinding out{finding, std::string(code), source, std::string(hint_of(code))};
    if (!more.empty()) out.hint.append(": ").append(more);
    return out;
}

}  // namespace exota::decision
