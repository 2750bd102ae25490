// A result field that came in with the message is a lie or a leftover: either way nobody behind us may read it as ours. Names are
// compared and counted without regard to letter case; each instance is removed by its number, from the highest down, because every
// removal renumbers what stands below.
//
// Tested by header_edits_test.cc and forged_result_test.cc.
#include "decision/header_edits.h"

#include <algorithm>

#include "authn/authres.h"
#include "base/text.h"
#include "decision/compauth.h"
#include "decision/drop_in.h"
#include "decision/findings.h"
#include "decision/forged_result.h"
#include "decision/verified_results.h"

namespace exota::decision {
namespace {

using mail::EditOp;
using tenant::Factor;

constexpr std::size_t usual_result_octets = 200;

void remove_all(std::vector<mail::HeaderEdit>& edits, std::string_view name, std::uint32_t count) {
    for (std::uint32_t index = count; index > 0; --index) edits.push_back({EditOp::remove, index, std::string(name), {}});
}

void remove_forged_authentication_results(std::vector<mail::HeaderEdit>& edits, const Decision& decision, const evidence::Header& header,
                                          const Rules& rules) {
    if (rules.header.authserv_id.empty()) return;
    const OwnField own{.authserv_id = rules.header.authserv_id, .all_of_ours = rules.header.verification_results};
    const auto& fields = header.authentication_results;
    auto field = fields.rbegin();
    for (std::uint32_t index = header.authentication_results_count; index > 0; --index) {
        while (field != fields.rend() && field->index > index) ++field;
        // One that was not kept (too many, too long) could not be looked at, wherever it stands: it goes.
        const bool is_known = field != fields.rend() && field->index == index;
        const Readable readable = index == decision.believed_field ? Readable::yes : Readable::unknown;
        if (!is_known || poses_as_ours(field->value, own, readable))
            edits.push_back({EditOp::remove, index, std::string(authentication_results_field), {}});
    }
}

/// Of the operator's own Exchange organisation, not of the service: kept only where that organisation spans both.
bool is_of_organization(std::string_view name) noexcept {
    return base::istarts_with(name, "X-MS-Exchange-Organization-") || base::istarts_with(name, "X-MS-Exchange-Forest-") ||
           base::istarts_with(name, "X-MS-Exchange-CrossPremises-");
}

void apply_header_firewall(std::vector<mail::HeaderEdit>& edits, const Decision& decision, const evidence::Header& header) {
    const bool from_microsoft = decision.peer_proven && decision.judged == Verdict::accept && !decision.forward;
    const bool hybrid = decision.policy && decision.policy->hybrid;
    for (const evidence::RemovableField& field : header.firewall)
        if (!from_microsoft || (is_of_organization(field.name) && !hybrid)) remove_all(edits, field.name, field.count);
}

std::string_view boolean(bool value) noexcept { return value ? "True" : "False"; }

/// The author passed: nothing is to be done about it.
bool passed(const Decision& decision) noexcept {
    return decision.inbound ? decision.reason == Reason::passed : decision.judged == Verdict::accept;
}

/// Of an inbound door, which says nothing of who may relay.
void append_inbound_result(std::string& out, const Decision& decision) {
    const InboundOutcome& outcome = *decision.inbound;
    out += passed(decision) ? "auth=pass" : "auth=fail";
    out += " door=inbound reason=";
    out += name_of(decision.reason);
    if (!passed(decision)) {
        out += " action=";
        out += name_of(outcome.action);
        out += " mode=";
        out += tenant::name_of(decision.mode);
    }
    if (outcome.compauth) {
        out += " compauth=";
        out += name_of(outcome.compauth->result);
        if (const std::string reason = reason_text(*outcome.compauth); !reason.empty()) out += " compauth_reason=" + reason;
    }
    if (!decision.author_domain.empty()) {
        out += " 5322_from_domain=";
        out += authn::encode_pvalue(decision.author_domain);
    }
}

/// The predecessor's form. A value that is no token is quoted, so that it cannot bring a second result.
void append_exota_result(std::string& out, const Decision& decision) {
    if (decision.inbound) return append_inbound_result(out, decision);
    if (decision.judged == Verdict::accept) {
        out += "auth=pass";
    } else {
        out += "auth=fail reason=";
        out += name_of(decision.reason);
        out += " mode=";
        out += tenant::name_of(decision.mode);
    }
    if (!decision.author_domain.empty()) {
        out += " 5322_from_domain=";
        out += authn::encode_pvalue(decision.author_domain);
    }
    const auto holds = [&decision](Factor factor) { return is(decision.findings, factor, Finding::holds); };
    out += " dkim=";
    out += boolean(holds(Factor::dkim) || holds(Factor::dkim_aligned));
    out += " dkim_aligned=";
    out += boolean(holds(Factor::dkim_aligned));
    out += " x509_client_trust=";
    out += boolean(holds(Factor::client_cert));
    out += " forwarded=";
    out += boolean(decision.forward);
}

/// RFC 8601: one result of the method x-exota, and its reason.
std::string rfc8601_result(const Decision& decision) {
    std::string out = "x-exota=";
    out += passed(decision) ? "pass" : decision.judged == Verdict::tempfail ? "temperror" : "fail";
    out += " reason=";
    out += name_of(decision.reason);
    if (!decision.author_domain.empty()) {
        out += " header.from=";
        out += authn::encode_pvalue(decision.author_domain);
    }
    if (!passed(decision)) {
        out += " policy.mode=";
        out += tenant::name_of(decision.mode);
    }
    return out;
}

void add_result(std::vector<mail::HeaderEdit>& edits, const Decision& decision, const Rules& rules) {
    std::string value;
    value.reserve(usual_result_octets);
    value += authn::encode_pvalue(rules.header.authserv_id);
    if (rules.header.format == HeaderFormat::rfc8601) {
        value += ";\n\t";
        value += rfc8601_result(decision);
        edits.push_back({EditOp::insert, 0, std::string(authentication_results_field), std::move(value)});  // a trace field: on top
        return;
    }
    value += ";\n  ";
    if (rules.drop_in && decision.judged == Verdict::accept)
        value += predecessor_result(decision, *rules.drop_in);
    else
        append_exota_result(value, decision);
    edits.push_back({EditOp::add, 0, std::string(own_result_field), std::move(value)});
}

}  // namespace

void render_header_edits(Decision& decision, const evidence::Evidence& evidence, const Rules& rules) {
    auto& edits = decision.header_edits;
    edits.clear();
    if (decision.verdict != Verdict::accept) return;
    remove_all(edits, own_result_field, evidence.header.own_result_count);
    if (decision.inbound && evidence.header.inbound) remove_all(edits, disposition_field, evidence.header.inbound->disposition_count);
    remove_forged_authentication_results(edits, decision, evidence.header, rules);
    if (rules.header_firewall) apply_header_firewall(edits, decision, evidence.header);
    if (!decision.judged_at_all) return;
    if (rules.header.verification_results && !rules.header.authserv_id.empty()) {
        std::string verified = verified_results(evidence, rules.header.authserv_id, &decision);
        if (!verified.empty()) edits.push_back({EditOp::insert, 0, std::string(authentication_results_field), std::move(verified)});
    }
    if (rules.header.add) add_result(edits, decision, rules);
    if (decision.inbound && decision.inbound->marked)
        edits.push_back({EditOp::add, 0, std::string(disposition_field), "quarantine reason=" + std::string(name_of(decision.reason))});
}

}  // namespace exota::decision
