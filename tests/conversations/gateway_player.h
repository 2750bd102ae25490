// Plays a conversation through a gateway from Exchange, as a client that talks SMTP to it, before a backend that takes everything.
#pragma once

#include <memory>
#include <string>

#include "conversation.h"
#include "gate/judge.h"
#include "milter_player.h"

namespace exota::conversations {

/// Why no client could say this to a gateway, or a gateway could not answer so; empty: it can. A stable sentence for a list.
std::string why_not_by_gateway(const Conversation& conversation);

/// What came back for each `eom`, in order, as from play_as_milter(). What reached the backend is compared with what was said and the
/// edits.
Played play_as_gateway(const Conversation& conversation, std::shared_ptr<const gate::Snapshot> snapshot);

}  // namespace exota::conversations
