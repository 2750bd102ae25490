// Findings for the log: short stable codes in `findings`, and what they mean for an operator in `hint`.
//
// A finding's detail is a code ("not-asked"), a value ("relay.test"), or a sentence for people. A sentence is unreadable within a list of
// words and cannot be searched for, so the log has its code there, and the sentence once, behind all.
//
// Tested by log_hints_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decision/decision.h"

namespace exota::app {

/// What the log says of one detail.
struct DetailForLog {
    std::string_view code;  // empty: the detail itself is one, or a value
    std::string_view hint;  // empty: there is nothing more to say
};
/// @param factor  whose detail it is: a name in a certificate may look like a sentence.
/// @return        views into `detail` or of static storage.
DetailForLog detail_for_log(tenant::Factor factor, std::string_view detail) noexcept;

/// Every code that stands for a sentence, in no order, some twice (docs/reference/log.md has them).
std::vector<std::string_view> codes_of_details();

/// `findings` as decision::findings_text, with codes for sentences; `hint`: "client-cert: …; dkim: …" of what `findings` shows.
void findings_for_log(const decision::Decision& decision, std::string& findings, std::string& hint);

}  // namespace exota::app
