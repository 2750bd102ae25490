#include "decision/sighting.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "decision/author_step.h"
#include "decision/dkim.h"
#include "decision/organizational_domain.h"
#include "decision/peer.h"

namespace exota::decision {
namespace {

using evidence::MailClass;

template <class T>
bool is_observed_or_absent(const evidence::Fact<T>& fact) noexcept {
    return value_of(fact) != nullptr || std::holds_alternative<evidence::Absent>(fact);
}

/// The address of a mailbox that Exchange rewrote for a forward: jane+SRS=hash=tt=contoso.com=jane@forwarder.com.
bool is_rewritten_by_exchange(std::string_view reverse_path) noexcept {
    constexpr std::string_view scheme = "+SRS=";
    const std::string_view local_part = reverse_path.substr(0, reverse_path.find('@'));
    for (std::size_t at = local_part.find('+'); at != std::string_view::npos; at = local_part.find('+', at + 1))
        if (base::istarts_with(local_part.substr(at), scheme)) return true;
    return false;
}

bool tells_of_a_forwarder(const evidence::Evidence& evidence) noexcept {
    const evidence::Header& header = evidence.header;
    const bool is_of_a_class_that_is = header.mail_class == MailClass::forward || header.mail_class == MailClass::journal ||
                                       header.mail_class == MailClass::connector_validation;
    return is_of_a_class_that_is || !header.forward_mark.empty() || shows_indirect_flow(evidence) ||
           is_rewritten_by_exchange(evidence.envelope.reverse_path);
}

/// One value or none of each, and not what all consumer accounts share: that names no customer.
bool names_at_most_one(const evidence::Evidence& evidence) {
    const evidence::Header& header = evidence.header;
    if (!is_observed_or_absent(header.tenant_id) || !is_observed_or_absent(header.originator_org) ||
        !is_observed_or_absent(evidence.envelope.xoorg))
        return false;
    const mail::TenantId* const id = value_of(header.tenant_id);
    return id == nullptr || *id != mail::TenantId::parse(mail::consumer_tenant_id).value();
}

/// All but the signatures. @return  the author domain; nullptr: no sighting.
const mail::Domain* author_of_sighting(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    if (!rules.discovery || rules.drop_in || tenants == nullptr || tenants->at_worst() != nullptr) return nullptr;
    const mail::Mailbox* const author = value_of(evidence.header.author);
    if (author == nullptr || !evidence.too_complex.empty() || is_bypassed(evidence.session, rules)) return nullptr;
    if (tells_of_a_forwarder(evidence) || !names_at_most_one(evidence)) return nullptr;
    if (tenants->covering(author->domain.text()) || organizational_domain(author->domain.text(), rules.shared_suffixes).empty())
        return nullptr;
    return examine_peer(evidence.session, rules).belief == Belief::proven ? &author->domain : nullptr;
}

void add_once(std::vector<std::string>& to, const mail::Domain* domain) {
    if (domain != nullptr && std::ranges::find(to, domain->text()) == to.end()) to.emplace_back(domain->text());
}

/// The author's own first.
std::vector<std::string> sdids_of(const DkimResults& results, const mail::Domain& author) {
    std::vector<std::string> out{std::string(author.text())};
    const auto add = [&out](const std::vector<evidence::DkimResult>& list) {
        for (const evidence::DkimResult& result : list)
            if (result.value == evidence::DkimResult::Value::pass && result.counts && result.sdid &&
                out.size() < tenant::max_names_of_candidate)
                add_once(out, &*result.sdid);
    };
    add(results.reported.results);
    if (results.verified) add(*results.verified);
    return out;
}

}  // namespace

std::optional<tenant::Sighting> sighting_of(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    const mail::Domain* const author = author_of_sighting(evidence, tenants, rules);
    if (author == nullptr) return std::nullopt;
    const DkimResults results = dkim_results(evidence, rules);
    if (strictly_aligned(results, *author).finding != Finding::holds) return std::nullopt;
    tenant::Sighting out;
    out.author_domain = author->text();
    out.organizational_domain = organizational_domain(author->text(), rules.shared_suffixes);
    if (const mail::TenantId* const id = value_of(evidence.header.tenant_id)) out.tenant_id = *id;
    add_once(out.organizations, value_of(evidence.envelope.xoorg));
    add_once(out.organizations, value_of(evidence.header.originator_org));
    out.sdids = sdids_of(results, *author);
    return out;
}

bool wants_signatures(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    return rules.discovery && rules.dkim_source != DkimSource::authentication_results && evidence.header.dkim_signature_count > 0 &&
           author_of_sighting(evidence, tenants, rules) != nullptr;
}

bool may_become_a_sighting(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules) {
    const mail::Domain* const author = author_of_sighting(evidence, tenants, rules);
    return author != nullptr && strictly_aligned(dkim_results(evidence, rules), *author).finding == Finding::unavailable;
}

}  // namespace exota::decision
