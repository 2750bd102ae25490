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

/// Why a message is not accepted, for people, and the enhanced status code of a refusal that fits best (RFC 7372, else 5.7.1).
struct Explanation {
    std::string text;  // "not-proven: dkim is missing, no valid DKIM signature of the tenant"
    std::string_view enhanced = "5.7.1";
    bool whole_line = false;  // drop-in: the text is the whole reply, no template applies
};
Explanation explain_refusal(const Decision& decision);

/// Sets `decision.reply` for its verdict (none on accept).
void render_reply(Decision& decision, const Explanation& explanation, const evidence::Evidence& evidence, const Rules& rules);

/// Fills {text} {reason} {domain} {queue_id} into a template, each once and not in what was filled in; other braces stay as they are.
std::string fill_template(std::string_view pattern, std::string_view text, std::string_view reason, std::string_view domain,
                          std::string_view queue_id);

}  // namespace exota::decision
