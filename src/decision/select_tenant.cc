// A forward carries a foreign author, so only its sender's own words can say whose it is; that is why they must be proven here even where
// the configuration believes them from anybody.
//
// Tested by decide_test.cc, customer_subdomain_test.cc and mode_test.cc.
#include "decision/select_tenant.h"

#include "decision/organizational_domain.h"
#include "decision/system_mail.h"
#include "mail/author.h"

namespace exota::decision {
namespace {

bool may_forward(const tenant::Policy& policy, const Case& message) noexcept {
    switch (policy.forwarding) {
        case tenant::Forwarding::all:
            return true;
        case tenant::Forwarding::journal:
            return message.rules.forwarding_always || is_journal_report(message.evidence);
        case tenant::Forwarding::none:
            break;
    }
    return message.rules.forwarding_always;
}

/// The entry that covers every Resent-From; none if one of them is unreadable, uncovered, or of another tenant.
std::optional<tenant::Coverage> covering_every_resent_from(const Case& message) {
    std::optional<tenant::Coverage> found;
    for (const std::string& field : message.evidence.header.resent_from) {
        const auto mailbox = mail::parse_single_mailbox(field);
        if (!mailbox) return std::nullopt;
        const auto coverage = message.tenants->covering(mailbox->domain.text());
        if (!coverage || (found && found->tenant != coverage->tenant)) return std::nullopt;
        found = coverage;
    }
    return found;
}

/// What the predecessor asks: the last Resent-From that has a domain.
std::optional<tenant::Coverage> covering_last_resent_from(const Case& message) {
    const auto mailbox = last_resent_from(message.evidence.header);
    return mailbox ? message.tenants->covering(mailbox->domain.text()) : std::nullopt;
}

Selection forward_by(Subject subject, bool own_mode, const Case& message) {
    Selection selection{.outcome = Selection::Outcome::found, .subject = subject, .forward = true, .own_mode = own_mode};
    if (!may_forward(*subject.policy, message)) selection.outcome = Selection::Outcome::forwarding_not_allowed;
    return selection;
}

}  // namespace

std::optional<mail::Mailbox> last_resent_from(const evidence::Header& header) {
    for (auto field = header.resent_from.rbegin(); field != header.resent_from.rend(); ++field)
        if (auto mailbox = mail::parse_single_mailbox(*field)) return *std::move(mailbox);
    return std::nullopt;
}

std::string_view doubt_of_foreign_author(const Case& message, const Subject& subject) {
    if (!message.author || message.author_coverage || !subject.tenant) return {};
    const tenant::Index& tenants = *message.tenants;
    const auto is_of_another = [&subject](std::optional<tenant::Number> owner) { return owner && *owner != *subject.tenant; };
    for (std::string_view name = message.author->text(); !name.empty(); name = mail::parent_of(name))
        if (is_of_another(tenants.with_literal_domain(name)) || is_of_another(tenants.with_organization(name)) ||
            is_of_another(tenants.with_dkim_domain(name)))
            return customer_subdomain;
    const std::string_view organization = organizational_domain(message.author->text(), message.rules.shared_suffixes);
    if (organization.empty()) return {};
    if (!tenants.knows_neighbours()) return neighbours_unknown;
    return tenants.is_or_is_above_a_domain_of_another(organization, *subject.tenant) ? customer_subdomain : std::string_view{};
}

Selection select_tenant(const Case& message, const Named& named, Belief belief) {
    if (message.author_coverage)
        return {.outcome = Selection::Outcome::found,
                .subject = {message.author_coverage->tenant, message.author_coverage->policy},
                .forward = false,
                .own_mode = true};

    Selection selection{.outcome = Selection::Outcome::no_policy, .subject = {}, .forward = true, .own_mode = false};
    const auto tenant = named.first();
    if (tenant || named.in_conflict) {
        if (belief == Belief::undecided) {
            selection.outcome = Selection::Outcome::undecided;
            return selection;
        }
        if (belief == Belief::proven) {
            if (named.differ() && message.rules.contradictions_refuse) {
                selection.outcome = Selection::Outcome::names_differ;
                return selection;
            }
            if (tenant) return forward_by({tenant, &message.tenants->policy(*tenant)}, named.all_name(*tenant), message);
        }
    }
    if (message.rules.resent_from)
        if (const auto coverage = message.rules.drop_in ? covering_last_resent_from(message) : covering_every_resent_from(message))
            return forward_by({coverage->tenant, coverage->policy}, false, message);
    return selection;
}

std::optional<Selection> select_forwarder(const Case& message, const Named& named, Belief belief) {
    const auto tenant = named.first();
    if (belief != Belief::proven || !tenant || !message.author_coverage || *tenant == message.author_coverage->tenant) return std::nullopt;
    if (!named.all_name(*tenant)) return std::nullopt;
    Selection selection = forward_by({tenant, &message.tenants->policy(*tenant)}, true, message);
    if (selection.outcome != Selection::Outcome::found) return std::nullopt;
    return selection;
}

}  // namespace exota::decision
