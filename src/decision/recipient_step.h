// Step 3 of the inbound judgement: the recipients, each by whose domain it is and whether it is known there.
//
// Tested by inbound_recipients_test.cc and unanswered_inbound_test.cc.
#pragma once

#include <optional>
#include <string_view>

#include "decision/inbound_facts.h"
#include "decision/inbound_reply.h"
#include "decision/inbound_rules.h"
#include "decision/rules.h"
#include "evidence/evidence.h"
#include "tenant/index.h"

namespace exota::decision {

/// How the recipients of this one's domain are known; nullopt: no tenant covers it, or it has no domain.
std::optional<tenant::RecipientType> recipient_type(std::string_view recipient, const tenant::Index& tenants);

/// nullopt: it is not refused.
/// @param recipient  without angle brackets.
/// @param tenants    nullptr: they cannot be asked for. Where an answer that did not come could say whose the domain is, that is unknown.
std::optional<Refusal> examine_recipient(std::string_view recipient, RecipientIs known, const tenant::Index* tenants,
                                         const InboundRules& rules);

/// The mode of an inbound door.
tenant::Mode inbound_mode(const Rules& rules) noexcept;

/// One recipient that is refused suffices to refuse the message: in mode quarantine, which lets it through at RCPT where there is a hold
/// queue, and has only the whole message to hold. In modes enforce and defer such a recipient is not among the envelope's, and in mode
/// monitor would not be.
bool one_recipient_suffices(const Rules& rules) noexcept;

/// A message is refused for its recipients where each of them is; for good only where each of them is for good. Where one suffices, it is
/// for good where one of them is.
std::optional<Refusal> examine_recipients(const evidence::Envelope& envelope, const InboundFacts& facts, const tenant::Index* tenants,
                                          const Rules& rules);

}  // namespace exota::decision
