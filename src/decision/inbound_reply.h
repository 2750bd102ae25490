// What the sender is told at an inbound door: steps 2 and 3 in whole lines (there is no message yet), the rest through the operator's
// templates.
//
// Tested by judge_inbound_test.cc.
#pragma once

#include <string_view>

#include "decision/inbound_facts.h"
#include "decision/reply.h"

namespace exota::decision {

/// A refusal of steps 2 and 3, and how it is told.
struct Refusal {
    Verdict judged = Verdict::reject;
    Reason reason = Reason::unavailable;
    Explanation explanation;
};

Refusal client_refused(const evidence::Session& session, const ClientStanding& client, const InboundRules& rules);
Refusal recipient_foreign();
Refusal recipient_unknown(const InboundRules& rules);
Refusal too_many_unknown();
Refusal recipients_unavailable();

/// Of what was decided of the author, by EOP or by us.
Explanation explain_author(const Decision& decision);

}  // namespace exota::decision
