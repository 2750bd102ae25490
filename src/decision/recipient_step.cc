#include "decision/recipient_step.h"

#include <utility>

#include "base/text.h"
#include "mail/domain.h"

namespace exota::decision {
namespace {

std::optional<tenant::Coverage> coverage_of(std::string_view recipient, const tenant::Index& tenants) {
    const auto domain = mail::Domain::parse(recipient.substr(recipient.rfind('@') + 1));
    if (!recipient.contains('@') || !domain) return std::nullopt;
    return tenants.covering(domain->text());
}

/// Where not every name got an answer: that of whom the recipient is does not hang on those that got none.
bool is_host_certain(std::string_view recipient, const tenant::Index& tenants) {
    const tenant::Index* const at_worst = tenants.at_worst();
    if (at_worst == nullptr) return true;
    const auto host = coverage_of(recipient, tenants), other = coverage_of(recipient, *at_worst);
    if (!host || !other) return !host && !other;
    return tenants.name(host->tenant) == at_worst->name(other->tenant);
}

}  // namespace

std::optional<tenant::RecipientType> recipient_type(std::string_view recipient, const tenant::Index& tenants) {
    const auto coverage = coverage_of(recipient, tenants);
    if (!coverage) return std::nullopt;
    return coverage->policy->recipients_at(mail::Domain::parse(recipient.substr(recipient.rfind('@') + 1))->text());
}

std::optional<Refusal> examine_recipient(std::string_view recipient, RecipientIs known, const tenant::Index* tenants,
                                         const InboundRules& rules) {
    if (base::iequals(recipient, "postmaster")) return std::nullopt;  // RFC 5321 section 4.5.1: without a domain it is ours
    if (tenants == nullptr || !is_host_certain(recipient, *tenants)) return recipients_unavailable();
    const auto type = recipient_type(recipient, *tenants);
    if (!type) return recipient_foreign();
    if (*type != tenant::RecipientType::authoritative) return std::nullopt;
    if (known == RecipientIs::unknown) return recipient_unknown(rules);
    if (known == RecipientIs::unavailable) return recipients_unavailable();
    return std::nullopt;
}

tenant::Mode inbound_mode(const Rules& rules) noexcept { return rules.force_monitor ? tenant::Mode::monitor : rules.inbound->mode; }

bool one_recipient_suffices(const Rules& rules) noexcept { return inbound_mode(rules) == tenant::Mode::quarantine; }

std::optional<Refusal> examine_recipients(const evidence::Envelope& envelope, const InboundFacts& facts, const tenant::Index* tenants,
                                          const Rules& rules) {
    const bool one_suffices = one_recipient_suffices(rules);
    if (!one_suffices && envelope.recipient_count > envelope.recipients.size()) return std::nullopt;  // of some nothing is known here
    const Verdict decisive = one_suffices ? Verdict::reject : Verdict::tempfail;
    std::optional<Refusal> first;
    for (std::size_t i = 0; i < envelope.recipients.size(); ++i) {
        const RecipientIs known = i < facts.recipients.size() ? facts.recipients[i] : RecipientIs::not_asked;
        std::optional<Refusal> refusal = examine_recipient(envelope.recipients[i], known, tenants, *rules.inbound);
        if (!refusal && one_suffices) continue;
        if (!refusal) return std::nullopt;
        if (!first || (first->judged != decisive && refusal->judged == decisive)) first = std::move(refusal);
    }
    return first;
}

}  // namespace exota::decision
