// Proofs that look like proofs and are none, and proofs that honest mail cannot meet: what `exota check` warns about (product rules in
// docs/reference/tenants-file.md, "Warnings"). The readers of tenants files call this; nothing here decides about mail.
//
// Tested by advice_test.cc.
#pragma once

#include <string>
#include <vector>

#include "tenant/policy.h"

namespace exota::tenant {

/// Factors that ask which tenant sent the mail, or whether it may use the author domain. A proof without any of them is met by every
/// tenant of Microsoft 365.
inline constexpr FactorSet identifying_factors{Factor::xoorg,        Factor::originator_org, Factor::tenant_id, Factor::dkim,
                                               Factor::dkim_aligned, Factor::dmarc,          Factor::arc,       Factor::eop};

/// Warnings about each proof by itself, and about all of them together: unsigned system mail (NDRs, connector validation) that none lets
/// pass, and forwards that none lets pass although `forwarding` is true. Each is a sentence for people.
std::vector<std::string> advise(const std::vector<Proof>& proofs, Forwarding forwarding);

/// The part of advise() about forwards only: for a tenant that takes the configuration's proofs and says `forwarding` itself.
std::vector<std::string> advise_on_forwarding(const std::vector<Proof>& proofs);

/// The factor is part of some proof.
bool any_asks(const std::vector<Proof>& proofs, Factor factor) noexcept;

}  // namespace exota::tenant
