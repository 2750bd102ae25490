// Each claim belongs to this tenant, to another, or to nobody whom we know. The first holds, the second contradicts; the third
// contradicts where the operator has told us this tenant's values and says nothing where they have not.
//
// Tested by claims_test.cc and forgery_test.cc.
#include "decision/claims.h"

#include <algorithm>

#include "base/text.h"
#include "decision/system_mail.h"

namespace exota::decision {
namespace {

using evidence::Source;
using tenant::Factor;
using tenant::Index;
using tenant::Number;

const mail::TenantId& consumer_id() {
    static const mail::TenantId id = mail::TenantId::parse(mail::consumer_tenant_id).value();
    return id;
}

/// The answers that need no look at the value. nullopt: observed or malformed, look at it.
template <class T>
std::optional<FactorFinding> settled_before_the_value(const evidence::Fact<T>& fact, Source source) {
    if (std::holds_alternative<evidence::Absent>(fact)) return absent({}, source);
    if (const auto* failed = std::get_if<evidence::Unavailable>(&fact)) return unavailable(failed->why, source);
    if (std::holds_alternative<evidence::Conflicting>(fact)) return coded(Finding::contradicts, "different-values", source);
    return std::nullopt;
}

/// What a claim is worth, coming from this peer. @param claimed  the finding if it could be believed.
void believe(FactorFinding& claimed, const Peer& peer) {
    const bool against = claimed.finding == Finding::contradicts;
    switch (against ? peer.belief_against : peer.belief) {
        case Belief::from_anybody:
        case Belief::proven:
            break;
        case Belief::undecided:
            claimed = unavailable(peer_not_proven, claimed.source);
            claimed.would_contradict = against;
            break;
        case Belief::no:
            claimed = absent(peer_not_proven, claimed.source);
            break;
    }
}

/// The same, where something is claimed.
template <class T>
void believe(const evidence::Fact<T>& fact, FactorFinding& claimed, const Peer& peer) {
    if (!std::holds_alternative<evidence::Absent>(fact)) believe(claimed, peer);
}

std::optional<Number> tenant_of_id(const mail::TenantId& id, const Index& tenants) {
    if (id == consumer_id()) return std::nullopt;  // shared by everybody: it names nobody, whatever a tenants file says
    return tenants.with_tenant_id(id);
}

/// The verdict on one tenant id, wherever it was written.
/// @param owner  the tenant whose id it is.
Finding weigh_id(const mail::TenantId& id, std::optional<Number> owner, const Case& message, const Subject& subject) {
    if (id == consumer_id()) return Finding::contradicts;
    if (!subject.tenant) return Finding::absent;
    if (same(owner, subject.tenant)) return Finding::holds;
    return owner || message.tenants->has_tenant_ids(*subject.tenant) ? Finding::contradicts : Finding::absent;
}

FactorFinding examine_tenant_id(const Case& message, const Subject& subject, std::optional<Number> owner) {
    const auto& fact = message.evidence.header.tenant_id;
    if (auto settled = settled_before_the_value(fact, Source::header_field)) return *std::move(settled);
    const auto* id = std::get_if<evidence::Observed<mail::TenantId>>(&fact);
    if (!id) {  // no tenant id at all, so none of this tenant's
        const bool ids_are_known = subject.tenant && message.tenants->has_tenant_ids(*subject.tenant);
        return {ids_are_known ? Finding::contradicts : Finding::absent, "malformed", Source::header_field};
    }
    return {weigh_id(id->value, owner, message, subject), id->value.text(), id->source};
}

/// The tenant whose organisation lies nearest above `name`.
std::optional<Number> organization_above(std::string_view name, const Index& tenants) {
    for (name = mail::parent_of(name); !name.empty(); name = mail::parent_of(name))
        if (const auto owner = tenants.with_organization(name)) return owner;
    return std::nullopt;
}

/// XOORG= carries the tenant's default domain: an organisation, or literally one of the domains.
std::optional<Number> tenant_of_xoorg(std::string_view name, const Index& tenants) {
    if (const auto listed = tenants.with_organization(name)) return listed;
    return tenants.with_literal_domain(name);
}

/// X-OriginatorOrg carries some domain of the tenant, sometimes a subdomain.
std::optional<Number> tenant_of_originator_org(std::string_view name, const Index& tenants) {
    if (const auto listed = tenants.with_organization(name)) return listed;
    if (const auto covered = covering_tenant(tenants, name)) return covered;
    return organization_above(name, tenants);
}

/// @param owner  the tenant for which this organisation makes the factor hold.
Finding weigh_organization(std::string_view name, std::optional<Number> owner, const Case& message, const Subject& subject,
                           bool tenant_id_holds) {
    if (!subject.tenant) return Finding::absent;
    if (same(owner, subject.tenant)) return Finding::holds;
    const Index& tenants = *message.tenants;
    const auto covered_by = covering_tenant(tenants, name);
    if (same(covered_by, subject.tenant)) return Finding::absent;  // its own domain never speaks against it
    if (owner || covered_by) return Finding::contradicts;
    return tenants.has_organizations(*subject.tenant) && !tenant_id_holds ? Finding::contradicts : Finding::absent;
}

FactorFinding examine_organization(const evidence::Fact<mail::Domain>& fact, Source source, std::optional<Number> owner,
                                   const Case& message, const Subject& subject, bool tenant_id_holds) {
    if (auto settled = settled_before_the_value(fact, source)) return *std::move(settled);
    const auto* organization = std::get_if<evidence::Observed<mail::Domain>>(&fact);
    if (!organization) {  // unreadable, so none of this tenant's
        const bool known = subject.tenant && message.tenants->has_organizations(*subject.tenant) && !tenant_id_holds;
        return {known ? Finding::contradicts : Finding::absent, "malformed", source};
    }
    const std::string& name = organization->value.text();
    return {weigh_organization(name, owner, message, subject, tenant_id_holds), name, organization->source};
}

/// How the message entered the tenant: through a connector that the operator knows …
FactorFinding examine_connection(const evidence::Fact<evidence::AttributedConnection>& through, const Case& message, const Subject& subject,
                                 std::optional<Number> owner) {
    if (auto settled = settled_before_the_value(through, Source::header_field)) return *std::move(settled);
    const auto* connection = std::get_if<evidence::Observed<evidence::AttributedConnection>>(&through);
    if (!connection) return coded(Finding::absent, "malformed-connection", Source::header_field);
    const Finding weighed = weigh_id(connection->value.tenant_id, owner, message, subject);
    if (weighed == Finding::contradicts) return contradicts(connection->value.tenant_id.text(), connection->source);
    if (weighed == Finding::holds && any_contains(subject.policy->connector_clients, connection->value.address))
        return holds(connection->value.address.text(), connection->source);
    return absent(connection->value.address.text(), connection->source);
}

/// … or written in a mailbox of it.
FactorFinding examine_mailbox(const evidence::Fact<std::string>& written_as) {
    if (auto settled = settled_before_the_value(written_as, Source::header_field)) return *std::move(settled);
    const auto* auth_as = std::get_if<evidence::Observed<std::string>>(&written_as);
    if (!auth_as || !base::iequals(auth_as->value, "Internal"))
        return absent(auth_as ? std::string_view(auth_as->value) : "malformed", Source::header_field);
    return holds("Internal", auth_as->source);
}

void examine_hosted(const Case& message, const Subject& subject, const Named& named, const Peer& peer, FactorFinding& hosted) {
    const auto& header = message.evidence.header;
    const auto& through = header.attributed_connection;
    if (std::holds_alternative<evidence::Absent>(through)) {
        hosted = examine_mailbox(header.auth_as);
        believe(header.auth_as, hosted, peer);
    } else {
        hosted = examine_connection(through, message, subject, named.by_connection);
        believe(hosted, peer);
    }
}

/// Of a fact with several values: whether one of them, read by `parse`, names a tenant.
template <class T>
bool any_conflicting_value(const evidence::Fact<T>& fact, base::Result<T> (&parse)(std::string_view), auto names_tenant) {
    const auto* conflict = std::get_if<evidence::Conflicting>(&fact);
    return conflict && std::ranges::any_of(conflict->seen, [&](const std::string& seen) {
               const base::Result<T> value = parse(seen);
               return value && names_tenant(*value);
           });
}

}  // namespace

void examine_claims(const Case& message, const Subject& subject, const Named& named, const Peer& peer, Findings& findings) {
    const auto& header = message.evidence.header;
    const auto& xoorg = message.evidence.envelope.xoorg;
    FactorFinding& tenant_id = finding_of(findings, Factor::tenant_id) = examine_tenant_id(message, subject, named.by_tenant_id);
    const bool tenant_id_holds = tenant_id.finding == Finding::holds;  // whoever says so
    believe(header.tenant_id, tenant_id, peer);
    FactorFinding& by_xoorg = finding_of(findings, Factor::xoorg) =
        examine_organization(xoorg, Source::smtp_parameter, named.by_xoorg, message, subject, tenant_id_holds);
    believe(xoorg, by_xoorg, peer);
    FactorFinding& originator_org = finding_of(findings, Factor::originator_org) =
        examine_organization(header.originator_org, Source::header_field, named.by_originator_org, message, subject, tenant_id_holds);
    believe(header.originator_org, originator_org, peer);
    FactorFinding& hosted = finding_of(findings, Factor::hosted);
    examine_hosted(message, subject, named, peer, hosted);
    FactorFinding& system_mail = finding_of(findings, Factor::system_mail) = examine_system_mail(message, subject, hosted);
    // What has no mark is none whoever the peer is.
    if (system_mail.finding == Finding::holds) believe(system_mail, peer);
}

bool Named::differ() const noexcept {
    const auto one = first();
    const auto is_other = [one](const std::optional<Number>& named) { return named && *named != *one; };
    return in_conflict || (one && (is_other(by_xoorg) || is_other(by_originator_org)));
}

bool Named::all_name(Number tenant) const noexcept {
    const auto is_other = [tenant](const std::optional<Number>& named) { return named && *named != tenant; };
    return first() && !in_conflict && !connection_in_conflict && !is_other(by_tenant_id) && !is_other(by_xoorg) &&
           !is_other(by_originator_org) && !is_other(by_connection);
}

Named named_by_claims(const evidence::Evidence& evidence, const Index& tenants) {
    Named named;
    if (const auto* id = value_of(evidence.header.tenant_id)) named.by_tenant_id = tenant_of_id(*id, tenants);
    if (const auto* organization = value_of(evidence.envelope.xoorg)) named.by_xoorg = tenant_of_xoorg(organization->text(), tenants);
    if (const auto* organization = value_of(evidence.header.originator_org))
        named.by_originator_org = tenant_of_originator_org(organization->text(), tenants);
    if (const auto* connection = value_of(evidence.header.attributed_connection))
        named.by_connection = tenant_of_id(connection->tenant_id, tenants);
    named.connection_in_conflict = std::holds_alternative<evidence::Conflicting>(evidence.header.attributed_connection);
    named.in_conflict =
        any_conflicting_value(evidence.header.tenant_id, mail::TenantId::parse,
                              [&](const mail::TenantId& id) { return tenant_of_id(id, tenants).has_value(); }) ||
        any_conflicting_value(evidence.envelope.xoorg, mail::Domain::parse,
                              [&](const mail::Domain& name) { return tenant_of_xoorg(name.text(), tenants).has_value(); }) ||
        any_conflicting_value(evidence.header.originator_org, mail::Domain::parse,
                              [&](const mail::Domain& name) { return tenant_of_originator_org(name.text(), tenants).has_value(); });
    return named;
}

}  // namespace exota::decision
