// What discovery may learn from: a message of an author whom no tenant covers, from a peer that is proven to be Exchange Online, with a
// signature of the author's very domain, and nothing that tells of a forwarder. What such a message names is a candidate to become a tenant
// (tenant/candidates.h). A verdict never rests on any of this.
//
// Tested by sighting_test.cc.
#pragma once

#include <optional>

#include "decision/rules.h"
#include "evidence/evidence.h"
#include "tenant/candidates.h"
#include "tenant/index.h"

namespace exota::decision {

/// @param tenants  nullptr: the directory cannot be asked. One in which names are missing that were not answered shows nothing either.
/// @return         nullopt: nothing is learned from this message; always so where `rules.discovery` is off.
std::optional<tenant::Sighting> sighting_of(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

/// All but its signatures makes it a sighting, and we verify these ourselves: they are looked at though no verdict needs them.
bool wants_signatures(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

/// What is not known yet of its signatures decides whether it is a sighting.
bool may_become_a_sighting(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

}  // namespace exota::decision
