// What the sender is told: one safe line that names the reason, the domain and the queue id, and never an internal detail.
//
// Tested by reply_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "decision/decision.h"
#include "decision/rules.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// What a reply and `why` say behind their reason where a message was to be held and cannot be.
inline constexpr std::string_view no_hold_queue = "; it was to be held, but the MTA offers no hold queue";

Explanation explain_refusal(const Decision& decision);

/// Sets `decision.reply` for its verdict (none on accept).
void render_reply(Decision& decision, const Explanation& explanation, const evidence::Evidence& evidence, const Rules& rules);

/// Fills {text} {reason} {domain} {queue_id} into a template, each once and not in what was filled in; other braces stay as they are.
std::string fill_template(std::string_view pattern, std::string_view text, std::string_view reason, std::string_view domain,
                          std::string_view queue_id);

}  // namespace exota::decision
