#include "decision/eop.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "decision/judgement.h"

namespace exota::decision {
namespace {

using evidence::Eop;
using evidence::EopReading;
using evidence::Source;
using tenant::Factor;

constexpr std::string_view inbound = "INB";

/// What the fields themselves must say; empty: it is all there.
std::string_view what_the_fields_lack(const Eop& eop, const EopReading& reading, const mail::Domain* author) noexcept {
    if (eop.field == 0) return "no-results";
    if (!eop.unreadable.empty() || !eop.report_unreadable.empty()) return "eop-unreadable";
    if (!base::iequals(reading.direction, inbound)) return "not-inbound";
    if (!reading.client || !reading.sender_ip || *reading.client != *reading.sender_ip) return "other-address";
    if (author == nullptr || !reading.header_from || *reading.header_from != *author) return "other-author";
    return {};
}

bool says_pass(const EopReading& eop) noexcept { return eop.dmarc == "pass" || eop.compauth == "pass"; }

/// Microsoft's reason is of the family that begins with `first`: '6' for 600 to 699.
bool is_family(std::string_view reason, char first) noexcept { return reason.size() == 3 && reason.front() == first; }

}  // namespace

EopStanding eop_standing(const Case& message, const Subject& subject, const Named& named, const Peer& peer, const Findings& findings) {
    EopStanding standing;
    const auto& eop = message.evidence.header.eop;
    if (!eop) {
        standing.why = "no-results";
        return standing;
    }
    standing.why = what_the_fields_lack(*eop, reading_of(*eop), message.author);
    if (!standing.why.empty()) return standing;
    const auto tenant = named.first();
    if (peer.belief == Belief::no || peer.belief == Belief::from_anybody) {
        standing.why = "peer-not-proven";
    } else if (!tenant || !named.all_name(*tenant) || !same(tenant, subject.tenant)) {
        standing.why = "no-one-tenant";
    } else if (is_contradicted(findings)) {
        standing.why = "contradiction";
    } else if (!message.tenants->policy(*tenant).hybrid) {
        standing.why = "not-hybrid";
    } else if (peer.belief == Belief::undecided || may_be_contradicted(findings)) {
        standing.counts = Finding::unavailable;
        standing.why = "peer-not-proven";
    } else {
        standing.counts = Finding::holds;
        standing.tenant = tenant;
    }
    return standing;
}

void examine_eop(const Case& message, const Subject& subject, const Named& named, const Peer& peer, Findings& findings) {
    FactorFinding& found = finding_of(findings, Factor::eop);
    if (!message.evidence.header.eop) {  // as nearly always: nobody reads it, or there is nothing to read
        found = absent({}, Source::header_field);
        return;
    }
    const EopStanding standing = eop_standing(message, subject, named, peer, findings);
    if (standing.counts == Finding::absent) {
        found = coded(Finding::absent, standing.why, Source::header_field);
        return;
    }
    const EopReading reading = reading_of(*message.evidence.header.eop);
    if (!says_pass(reading)) {
        found = absent("no-pass", Source::header_field);
    } else if (standing.counts == Finding::unavailable) {
        found = unavailable(standing.why, Source::header_field);
    } else {
        found = holds(reading.dmarc == "pass" ? "dmarc" : "compauth", Source::header_field);
    }
}

bool covers_every_recipient(const Case& message, tenant::Number tenant) {
    const evidence::Envelope& envelope = message.evidence.envelope;
    if (envelope.recipients.empty() || envelope.recipients.size() != envelope.recipient_count) return false;
    return std::ranges::all_of(envelope.recipients, [&](const std::string& recipient) {
        const auto domain = mail::Domain::parse(std::string_view(recipient).substr(recipient.rfind('@') + 1));
        return domain && same(covering_tenant(*message.tenants, domain->text()), tenant);
    });
}

bool bears_marks_of_entry(const evidence::Header& header) {
    const std::string* written_as = value_of(header.auth_as);
    const bool is_known_internal = written_as != nullptr && base::iequals(*written_as, "Internal");
    if (!std::holds_alternative<evidence::Absent>(header.auth_as) && !is_known_internal) return true;
    if (!header.eop) return false;
    const Eop& eop = *header.eop;
    const EopReading reading = reading_of(eop);
    if (base::iequals(reading.direction, inbound) || !eop.report_unreadable.empty() || !eop.unreadable.empty()) return true;
    return !reading.spf.empty() || !reading.compauth.empty();
}

EopVerdict eop_verdict(const EopReading& eop, const EopRules& rules) {
    const bool passes = eop.compauth == "pass" || eop.compauth == "softpass";
    if (eop.client && any_contains(rules.clients, *eop.client)) return {Action::none, "eop.clients"};
    if (eop.compauth == "pass" && eop.reason == "130") return {};  // ARC overrode
    if (!passes && (eop.reason == "010" || is_family(eop.reason, '6'))) return {rules.own_domain, eop_own_domain_setting};
    const auto action_is = [&eop](std::string_view action) { return base::iequals(eop.action, action); };
    if (action_is("oreject") || action_is("reject")) return {rules.oreject, "eop.oreject"};
    if (action_is("quarantine") || base::istarts_with(eop.action, "pct.")) return {rules.quarantine, "eop.quarantine"};
    if (eop.dmarc == "fail" && (eop.compauth == "none" || eop.compauth.empty())) return {rules.bypassed, "eop.bypassed"};
    if (eop.compauth == "fail") return {rules.implicit_fail, "eop.implicit_fail"};
    return {};
}

Compauth eop_compauth(const EopReading& eop) noexcept {
    Compauth compauth{.row = row::handed_over};
    if (eop.compauth == "pass") compauth.result = CompauthResult::pass;
    if (eop.compauth == "softpass") compauth.result = CompauthResult::softpass;
    if (eop.compauth == "fail") compauth.result = CompauthResult::fail;
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(eop.reason.data(), eop.reason.data() + eop.reason.size(), number);
    if (!eop.reason.empty() && error == std::errc{}) compauth.reason = number;
    return compauth;
}

}  // namespace exota::decision
