// What the peer says about the tenant: tenant-id, xoorg, originator-org and hosted. Text that anyone can write, so it is looked at only
// as far as the peer is believed.
//
// Tested by claims_test.cc and forgery_test.cc.
#pragma once

#include <optional>
#include <string_view>

#include "decision/decision.h"
#include "decision/findings.h"
#include "decision/peer.h"

namespace exota::decision {

/// Detail of a claim where the peer was not proven to be Exchange Online.
inline constexpr std::string_view peer_not_proven = "peer-not-proven";

/// Which tenants the claims name, whatever they are worth: the caller knows the belief.
struct Named {
    std::optional<tenant::Number> by_tenant_id, by_xoorg, by_originator_org;
    std::optional<tenant::Number> by_connection;  // hosted's TenantId: it can disagree, but it names no tenant for a forward

    bool in_conflict = false;             // differing values of one of the three facts above, one of which names a tenant
    bool connection_in_conflict = false;  // differing values of hosted's field: not everything names one tenant

    /// In the order of trust: tenant id, XOORG, X-OriginatorOrg.
    std::optional<tenant::Number> first() const noexcept { return by_tenant_id ? by_tenant_id : by_xoorg ? by_xoorg : by_originator_org; }
    /// Two of the three name different tenants, or one does with two values.
    bool differ() const noexcept;
    /// Everything that names a tenant names this one, and something does.
    bool all_name(tenant::Number tenant) const noexcept;
};
Named named_by_claims(const evidence::Evidence& evidence, const tenant::Index& tenants);

/// Fills in the findings of the five factors for the subject's tenant.
/// @param named  by the same claims.
void examine_claims(const Case& message, const Subject& subject, const Named& named, const Peer& peer, Findings& findings);

}  // namespace exota::decision
