// Findings for the log: short stable codes in `findings`, and what they mean for an operator in `hint`.
//
// Tested by log_hints_test.cc.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "decision/decision.h"

namespace exota::telemetry {

/// A text of ours in which documents ("docs/….md") are named as they can be opened where we run.
using NameDocuments = std::function<std::string(std::string_view)>;

/// The sentences of decision::detail_codes as operators are told them. Made once; not per message.
class HintSentences {
public:
    HintSentences() = default;  // as they are
    explicit HintSentences(const NameDocuments& name_documents);

    /// The finding's hint, of which what the message has of it stays as it is.
    /// @param room  where the text lies if it is another; valid as long as `found` and `room`.
    std::string_view of(const decision::FactorFinding& found, std::string& room) const;

private:
    struct Renamed {
        std::string_view code, was;
        std::string now;
    };
    std::vector<Renamed> renamed_;
};

/// @param findings  as decision::findings_text.
/// @param hint      "client-cert: …; dkim: …" of what `findings` shows; a sentence that several share is said once. At most 300 octets
///                  of each factor, and 1,000 of all.
void findings_for_log(const decision::Decision& decision, std::string& findings, std::string& hint, const HintSentences& sentences = {});

}  // namespace exota::telemetry
