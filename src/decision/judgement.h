// Steps 2 to 6 as far as decide() and wanted() share them: one message, its author, its tenant, its findings.
#pragma once

#include <optional>

#include "decision/claims.h"
#include "decision/dkim.h"
#include "decision/findings.h"
#include "decision/peer.h"
#include "decision/select_tenant.h"

namespace exota::decision {

/// A message with what is asked of it more than once. Holds references into `evidence`.
struct Examination {
    Examination(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, Peer peer_found);

    /// Every factor, for this tenant (step 4). @param findings  each is written, whatever it was.
    void examine(const Subject& subject, Findings& findings) const;

    Case message;
    Peer peer;
    Named named;  // nobody while the directory cannot be asked
    DkimResults dkim;
};

/// Something proven speaks against the tenant (step 5).
bool is_contradicted(const Findings& findings) noexcept;
/// Something speaks against the tenant, and whether it is proven could not be found out.
bool may_be_contradicted(const Findings& findings) noexcept;

}  // namespace exota::decision
