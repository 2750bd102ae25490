// What `explain` and `verify` share: the options that tell of session and world, and reading the message.
//
// Tested by tests/cli_explain_test.py and tests/authn/verify_test.py.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "evidence/evidence.h"
#include "mail/header_block.h"
#include "programs/options.h"
#include "programs/session_facts.h"
#include "programs/verifying.h"

namespace exota::programs {

void add_session_options(Command& command, SessionFacts& session);
void add_world_options(Command& command, WorldOptions& world);

inline constexpr std::size_t max_message_octets = 256 * 1024 * 1024;

/// @param path  "-" is standard input.
base::Result<std::string> read_message(const std::string& path);

struct SeenMessage {
    std::string text;
    mail::MessageParts parts;  // points into `text`
    evidence::Evidence evidence;
};
/// Text and parts.
/// @return  not_found, io, too_long of the file; invalid_data: no message.
base::Result<std::unique_ptr<SeenMessage>> read_parts(const std::string& path);
/// Makes the evidence of the parts. @return  invalid_data: a fact that cannot be.
base::Result<void> see_parts(SeenMessage& seen, const SessionFacts& session, const gate::Snapshot& snapshot);
/// Both.
base::Result<std::unique_ptr<SeenMessage>> see_message(const std::string& path, const SessionFacts& session,
                                                       const gate::Snapshot& snapshot);

/// Says what is wrong. @return no_input or bad_data.
Exit failed(const base::Error& error);

}  // namespace exota::programs
