#include "decision/author_step.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "decision/eop.h"
#include "decision/organizational_domain.h"
#include "decision/three_valued.h"
#include "mail/domain.h"

namespace exota::decision {
namespace {

using evidence::DkimResult;
using evidence::Evidence;
using tenant::Factor;

constexpr std::string_view reject_word = "reject";

/// Of an own domain: Microsoft says that it was written in a mailbox of its tenant, and nothing tells of another way.
Finding written_in_own_mailbox(const Examination& examination, const Findings& findings) {
    const Case& message = examination.message;
    if (!message.author_coverage || examination.peer.belief == Belief::from_anybody || is_contradicted(findings)) return Finding::absent;
    if (bears_marks_of_entry(message.evidence.header)) return Finding::absent;
    const Finding by_id = finding_of(findings, Factor::tenant_id).finding;
    const Finding named = by_id == Finding::absent ? finding_of(findings, Factor::xoorg).finding : by_id;
    const Finding found = both_of(named, finding_of(findings, Factor::hosted).finding);
    return found == Finding::holds && may_be_contradicted(findings) ? Finding::unavailable : found;
}

/// From where any tenant of Microsoft 365 may send: SPF says nothing of which.
bool is_from_exchange(const Evidence& evidence, const Rules& rules) noexcept {
    const base::IpAddress* address = value_of(evidence.session.client.address);
    return address != nullptr && (any_contains(rules.exchange_online, *address) || any_contains(rules.relay_pool, *address));
}

bool is_signer(const TrustedForwarders& trusted, const mail::Domain& sdid) noexcept {
    return std::ranges::any_of(trusted.signers, [&sdid](const std::string& signer) { return signer == sdid.text(); });
}

/// A client or a signature of `inbound.trusted_forwarders`. unavailable: a signature that may be one could not be checked.
Finding from_trusted_forwarder(const Evidence& evidence, const TrustedForwarders& trusted) {
    const base::IpAddress* address = value_of(evidence.session.client.address);
    if (address != nullptr && any_contains(trusted.clients, *address)) return Finding::holds;
    Finding found = Finding::absent;
    if (!evidence.verification.dkim || trusted.signers.empty()) return found;
    for (const DkimResult& result : *evidence.verification.dkim) {
        const bool may_be = !result.sdid || is_signer(trusted, *result.sdid);
        if (result.value == DkimResult::Value::pass && result.counts && result.sdid && may_be) return Finding::holds;
        if (result.value == DkimResult::Value::temperror && may_be) found = Finding::unavailable;
    }
    return found;
}

/// Something of the sending host's own is proven: any signature that counts, or SPF for whichever domain, but through Exchange Online.
Finding sender_is_proven(const Evidence& evidence, const Rules& rules) {
    Finding found = Finding::absent;
    if (evidence.verification.dkim)
        for (const DkimResult& result : *evidence.verification.dkim) {
            if (result.value == DkimResult::Value::pass && result.counts && result.sdid) return Finding::holds;
            if (result.value == DkimResult::Value::temperror) found = Finding::unavailable;
        }
    const auto& spf = evidence.verification.spf;
    if (!spf || is_from_exchange(evidence, rules)) return found;
    if (spf->value == evidence::SpfValue::pass) return Finding::holds;
    return spf->value == evidence::SpfValue::temperror ? Finding::unavailable : found;
}

/// The client's confirmed reverse name is in the author's organisation.
Finding named_by_author(const Evidence& evidence, const mail::Domain& author, const Rules& rules) {
    const auto& iprev = evidence.verification.iprev;
    if (!iprev) return Finding::absent;
    if (iprev->value == evidence::IprevValue::temperror) return Finding::unavailable;
    const std::string_view organization = organizational_domain(author.text(), rules.shared_suffixes);
    const auto is_of_author = [&](const mail::Domain& name) {
        return !organization.empty() && organizational_domain(name.text(), rules.shared_suffixes) == organization;
    };
    return iprev->value == evidence::IprevValue::pass && std::ranges::any_of(iprev->names, is_of_author) ? Finding::holds : Finding::absent;
}

/// What the settings say of a row, before `direct` is resolved.
struct Setting {
    Action action = Action::none;
    std::string_view name;
};
Setting setting_of(const Compauth& compauth, const CompauthCase& asked, bool rejects, const InboundRules& rules) {
    switch (compauth.row) {
        case row::spf_through_exchange:
            return {rules.spf_through_exchange, "inbound.spf_through_exchange"};
        case row::unresolved:
            if (asked.own) return {Action::tempfail, {}};
            return {rules.unresolved, "inbound.unresolved"};
        case row::domain_setting:
            return {asked.domain.value_or(Action::reject), "inbound.domains"};
        case row::enforced_policy:
            if (asked.own) return {rules.own_domain, "inbound.own_domain"};
            if (rejects) return {rules.on_reject, "inbound.on_reject"};
            return {rules.on_quarantine, "inbound.on_quarantine"};
        case row::own_unenforced:
            return {rules.own_domain_unenforced, "inbound.own_domain_unenforced"};
        case row::nothing:
            return {rules.implicit_fail, "inbound.implicit_fail"};
        default:
            return {};
    }
}

Reason reason_of(const Compauth& compauth, bool own, Action action) noexcept {
    if (action == Action::none) return Reason::passed;
    if (compauth.row == row::unresolved) return Reason::unavailable;
    return own ? Reason::own_domain : Reason::dmarc_failed;
}

/// What could still turn a refusal into something else, and is not known.
bool is_open(const Examination& examination, const Findings& findings, const CompauthCase& asked) {
    const Case& message = examination.message;
    if (is(findings, Factor::arc, Finding::unavailable)) return true;
    if (asked.own) return false;
    return from_trusted_forwarder(message.evidence, message.rules.inbound->trusted_forwarders) == Finding::unavailable ||
           (!asked.enforces && named_by_author(message.evidence, *message.author, message.rules) == Finding::unavailable);
}

}  // namespace

std::optional<Action> domain_rule(const InboundRules& rules, std::string_view canonical_domain) {
    if (rules.domains.empty()) return std::nullopt;
    if (const auto literal = rules.domains.find(canonical_domain); literal != rules.domains.end()) return literal->second;
    for (std::string_view base = mail::parent_of(canonical_domain); !base.empty(); base = mail::parent_of(base))
        if (const auto below = rules.domains.find("*." + std::string(base)); below != rules.domains.end()) return below->second;
    return std::nullopt;
}

bool is_rewritten(std::string_view reverse_path) noexcept {
    constexpr std::array<std::string_view, 2> schemes{"SRS0", "SRS1"};
    const auto is_scheme = [reverse_path](std::string_view scheme) {
        if (!base::istarts_with(reverse_path, scheme) || reverse_path.size() == scheme.size()) return false;
        const char separator = reverse_path[scheme.size()];
        return separator == '=' || separator == '+' || separator == '-';
    };
    return std::ranges::any_of(schemes, is_scheme) || base::istarts_with(reverse_path, "prvs=");
}

bool shows_indirect_flow(const Evidence& evidence) noexcept {
    const auto& inbound = evidence.header.inbound;
    return (inbound && !inbound->indirect_marks.empty()) || !evidence.header.resent_from.empty() ||
           is_rewritten(evidence.envelope.reverse_path);
}

CompauthCase compauth_case(const Examination& examination, const Findings& findings) {
    const Case& message = examination.message;
    const Evidence& evidence = message.evidence;
    const InboundRules& rules = *message.rules.inbound;
    CompauthCase asked;
    asked.own = message.author_coverage.has_value();
    asked.own_tenant = written_in_own_mailbox(examination, findings);
    if (const auto& dmarc = evidence.verification.dmarc) {
        asked.unresolved = dmarc->value == evidence::DmarcValue::temperror;
        asked.aligned_dkim = dmarc->aligned_dkim;
        asked.aligned_spf = dmarc->aligned_spf;
        asked.has_record = dmarc->published && dmarc->published->has_record;
        asked.enforces = asked.has_record && dmarc->published->enforced != "none";
    } else {
        asked.unresolved = true;  // nobody looked: that is no word about the author
    }
    asked.spf_from_exchange = is_from_exchange(evidence, message.rules);
    if (is_proven_by_alignment(asked)) asked.unresolved = false;  // no other identifier is needed
    const auto rule = domain_rule(rules, message.author->text());
    if (is(findings, Factor::arc, Finding::holds))
        asked.exception = Exception::arc;
    else if (!asked.own && from_trusted_forwarder(evidence, rules.trusted_forwarders) == Finding::holds)
        asked.exception = Exception::forwarder;
    else if (!asked.own && rule == Action::none)
        asked.exception = Exception::domain;
    if (rule && *rule != Action::none) asked.domain = rule;
    asked.reverse_name = named_by_author(evidence, *message.author, message.rules) == Finding::holds;
    return asked;
}

AuthorVerdict judge_author(const Examination& examination, const Findings& findings) {
    const Case& message = examination.message;
    const InboundRules& rules = *message.rules.inbound;
    const CompauthCase asked = compauth_case(examination, findings);
    AuthorVerdict verdict{.compauth = compauth_of(asked)};
    const auto& dmarc = message.evidence.verification.dmarc;
    const bool rejects = dmarc && dmarc->published && dmarc->published->enforced == reject_word;
    Setting setting = setting_of(verdict.compauth, asked, rejects, rules);

    bool open = is_open(examination, findings, asked);
    if (setting.action == Action::direct) {
        const Finding proven = shows_indirect_flow(message.evidence) ? sender_is_proven(message.evidence, message.rules) : Finding::absent;
        setting.action = proven == Finding::holds ? Action::mark : Action::reject;
        open = open || proven == Finding::unavailable;
    }
    if (setting.action == Action::reject && open) {  // nothing is refused for want of an answer
        verdict.compauth = author_unresolved;
        setting = setting_of(verdict.compauth, asked, rejects, rules);
    }
    verdict.action = setting.action;
    verdict.setting = setting.name;
    verdict.reason = reason_of(verdict.compauth, asked.own, verdict.action);
    return verdict;
}

}  // namespace exota::decision
