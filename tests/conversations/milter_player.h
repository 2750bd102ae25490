// Plays a conversation through a milter session, as Postfix or another MTA would, and says what came back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conversation.h"
#include "gate/judge.h"

namespace exota::conversations {

/// What came back for each `eom`, in order. A protocol error or a reply that no MTA could read is a problem.
struct Played {
    std::vector<Expectation> outcomes;
    std::vector<std::string> problems;
};

Played play_as_milter(const Conversation& conversation, std::shared_ptr<const gate::Snapshot> snapshot);

}  // namespace exota::conversations
