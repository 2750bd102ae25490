#include "decision/keys.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "authn/tag_list.h"
#include "decision/dkim.h"
#include "decision/organizational_domain.h"
#include "mail/domain.h"
#include "mail/unfold.h"

namespace exota::decision {
namespace {

class Gathering {
public:
    Gathering() = default;
    explicit Gathering(tenant::Keys&& keys) : keys_(std::move(keys)) {}

    /// Whose domain covers it: literally, or by a wildcard from above.
    void covered(std::string_view name) {
        once(keys_.domains, name);
        for (std::string_view base = mail::parent_of(name); !base.empty(); base = mail::parent_of(base))
            if (!once(keys_.wildcards, base)) return;  // those above it are there as well
    }
    /// What may be an organisation, or a domain.
    void xoorg(std::string_view name) {
        once(keys_.organizations, name);
        covered(name);
    }
    /// Some domain of the tenant, sometimes below an organisation.
    void originator_org(std::string_view name) {
        with_parents(keys_.organizations, name);
        covered(name);
    }
    void sdid(const mail::Domain& name) {
        covered(name.text());  // that speaks against another tenant's author
        if (keys_.sdids.size() < max_sdids_asked) once(keys_.sdids, name.text());
    }
    /// Whoever has the author's domain, or one above it, in whatever role: a forward of its mail needs evidence of the author.
    void author(const mail::Domain& name) {
        covered(name.text());
        with_parents(keys_.domains, name.text());
        with_parents(keys_.organizations, name.text());
        with_parents(keys_.sdids, name.text());
    }
    void tenant_id(const mail::TenantId& id) {
        if (std::ranges::find(keys_.tenant_ids, id) == keys_.tenant_ids.end()) keys_.tenant_ids.push_back(id);
    }
    tenant::Keys take() && { return std::move(keys_); }

private:
    /// @return  false: it was there.
    static bool once(std::vector<std::string>& names, std::string_view name) {
        if (std::ranges::find(names, name) != names.end()) return false;
        names.emplace_back(name);
        return true;
    }
    static void with_parents(std::vector<std::string>& names, std::string_view name) {
        for (; !name.empty(); name = mail::parent_of(name)) once(names, name);
    }

    tenant::Keys keys_;
};

/// The value, or each of the differing ones.
template <class T>
void each_value(const evidence::Fact<T>& fact, auto visit) {
    if (const T* value = value_of(fact)) visit(*value);
    if (const auto* conflict = std::get_if<evidence::Conflicting>(&fact))
        for (const std::string& seen : conflict->seen)
            if (const auto value = T::parse(seen)) visit(*value);
}

void add_connection(Gathering& keys, const evidence::Fact<evidence::AttributedConnection>& fact) {
    if (const auto* connection = value_of(fact)) keys.tenant_id(connection->tenant_id);
    if (const auto* conflict = std::get_if<evidence::Conflicting>(&fact))
        for (const std::string& seen : conflict->seen)  // "UUID [ADDRESS]"
            if (const auto id = mail::TenantId::parse(std::string_view(seen).substr(0, seen.find(' ')))) keys.tenant_id(*id);
}

void add_sdids(Gathering& keys, const evidence::Evidence& evidence, const Rules& rules) {
    for (const evidence::DkimResult& result : dkim_results(evidence, rules).reported.results)
        if (result.sdid) keys.sdid(*result.sdid);
    for (const std::string& field : evidence.header.dkim_signatures) {
        const std::string line = mail::unfold(field);
        // As a verifier reads it, which is more than every reader does: a domain that it may find speaks for a tenant, or against.
        const auto tags = authn::TagList::parse(line);
        const auto text = tags ? tags->value("d") : std::nullopt;
        if (!text) continue;
        if (const auto sdid = mail::Domain::parse(*text)) keys.sdid(*sdid);
    }
}

}  // namespace

tenant::Keys keys_of(const evidence::Evidence& evidence, const Rules& rules) {
    Gathering keys;
    const auto& header = evidence.header;
    if (const mail::Mailbox* const author = value_of(header.author)) keys.author(author->domain);
    each_value(header.tenant_id, [&](const mail::TenantId& id) { keys.tenant_id(id); });
    add_connection(keys, header.attributed_connection);
    each_value(evidence.envelope.xoorg, [&](const mail::Domain& name) { keys.xoorg(name.text()); });
    each_value(header.originator_org, [&](const mail::Domain& name) { keys.originator_org(name.text()); });
    if (rules.resent_from)
        for (const std::string& field : header.resent_from)
            if (const auto mailbox = mail::parse_single_mailbox(field)) keys.covered(mailbox->domain.text());
    // SPF and the marks of system mail: the envelope sender's domain, HELO's for the null sender.
    const std::string_view sender = evidence.envelope.reverse_path;
    const std::string_view sender_domain = sender.empty() ? std::string_view(evidence.session.helo) : sender.substr(sender.rfind('@') + 1);
    if (const auto domain = mail::Domain::parse(sender_domain)) keys.covered(domain->text());
    add_sdids(keys, evidence, rules);
    return std::move(keys).take();
}

void add_recipients(tenant::Keys& keys, const evidence::Evidence& evidence) {
    Gathering gathering(std::move(keys));
    for (const std::string& recipient : evidence.envelope.recipients) {
        const std::size_t at = recipient.rfind('@');
        if (at == std::string::npos) continue;  // postmaster
        if (const auto domain = mail::Domain::parse(std::string_view(recipient).substr(at + 1))) gathering.covered(domain->text());
    }
    keys = std::move(gathering).take();
}

bool is_likely_sdid(std::string_view sdid, std::string_view author_domain, const Rules& rules) {
    const auto is_below = [sdid](std::string_view suffix) {
        return sdid.size() > suffix.size() + 1 && sdid.ends_with(suffix) && sdid[sdid.size() - suffix.size() - 1] == '.';
    };
    if (std::ranges::any_of(rules.shared_suffixes, is_below)) return true;
    const std::string_view organization = organizational_domain(author_domain, rules.shared_suffixes);
    return sdid == author_domain || (!organization.empty() && (sdid == organization || is_below(organization)));
}

}  // namespace exota::decision
