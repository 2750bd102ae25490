// The operations `eop` and `compauth` of `exota eval`, and what `decide` is told of an inbound door.
//
// Tested by eval_inbound_test.cc and tests/corpora_test.py.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "decision/decision.h"
#include "evidence/evidence.h"
#include "gate/judge.h"
#include "mail/header_block.h"
#include "programs/eval_input.h"
#include "programs/verifying.h"

namespace exota::programs {

/// {field, report, antispam} → what the field says, method by method; {"error"} where it says nothing that counts.
Answer evaluate_eop(const boost::json::object& in);
/// {from_domain, spf, dkim, zone, rfc, own, own_tenant, exchange_online, exception, domains, reverse_name} → {"result", "reason", "row"}.
Answer evaluate_compauth(const boost::json::object& in);

/// `session.door` and `session.known_recipients`.
struct DoorFacts {
    bool inbound = false;
    std::optional<std::vector<std::string>> known_recipients;  // none: nobody is asked about recipients
};
base::Result<DoorFacts> door_of(const boost::json::object& in);

/// As an inbound door does it: recipients that are refused are taken out of the envelope, unless all are; then the message is verified and
/// judged.
/// @param snapshot  has Rules::inbound.
decision::Decision judge_at_inbound_door(evidence::Evidence& evidence, const mail::MessageParts& message, const gate::Snapshot& snapshot,
                                         const DoorFacts& door, Names& names, std::chrono::sys_seconds now, std::size_t max_questions);

}  // namespace exota::programs
