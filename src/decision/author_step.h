// Step 6 of the inbound judgement: the author. What was verified is asked the questions of composite authentication, and the settings say
// what becomes of the answer.
//
// Tested by judge_inbound_author_test.cc and inbound_table_test.cc.
#pragma once

#include <string_view>

#include "decision/compauth.h"
#include "decision/judgement.h"

namespace exota::decision {

/// What was decided of the author.
struct AuthorVerdict {
    Compauth compauth;
    Action action = Action::none;  // never `direct`
    std::string_view setting;      // the key that says so: "inbound.on_reject"; empty: none was asked
    Reason reason = Reason::passed;
};

/// Every question of the table, of a message whose author is known, whose tenants can be asked.
/// @param findings  of the tenant that covers the author domain, or of none.
CompauthCase compauth_case(const Examination& examination, const Findings& findings);

AuthorVerdict judge_author(const Examination& examination, const Findings& findings);

/// What inbound.domains says of an author domain; nullopt: nothing.
std::optional<Action> domain_rule(const InboundRules& rules, std::string_view canonical_domain);

/// SRS (SRS0=, SRS1=) and PRVS (prvs=) envelope senders: somebody passed the message on and takes its bounces.
bool is_rewritten(std::string_view reverse_path) noexcept;

/// The message shows that it came by an indirect way: a list, a forwarder, an intermediary's seal, a rewritten envelope sender.
bool shows_indirect_flow(const evidence::Evidence& evidence) noexcept;

}  // namespace exota::decision
