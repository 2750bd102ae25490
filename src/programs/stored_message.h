// A message as a mailbox or a queue has it, taken back to what a milter saw of it, and what its own MTA wrote above it about the session.
//
// Above what the sender wrote stand, from the top: what delivery wrote (Return-Path, Delivered-To, X-Original-To), what filters before us
// wrote (Authentication-Results), and the Received field of the MTA that asked us. The first and the last no milter sees, and neither does
// the field of ours that was added when the message was let through.
//
// Tested by stored_message_test.cc and tests/system/test_explain_stored.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decision/decision.h"
#include "decision/rules.h"
#include "mail/header_block.h"
#include "programs/received.h"
#include "programs/session_facts.h"

namespace exota::programs {

struct StoredTop {
    base::Result<Received> received = base::fail(base::Errc::not_found, "the message has no Received field");  // the topmost one
    std::optional<std::string> return_path;                                                                    // above it
};
StoredTop look_at_top(const mail::MessageParts& parts);

/// Takes away what was written after the milter was asked: the topmost Received field, what delivery wrote above it, and our own
/// X-ExOTA-Authentication-Results (forged ones were removed when it was added).
void remove_what_came_later(mail::MessageParts& parts);

/// What the field and the delivery say, where `facts` says nothing yet.
void take_facts(const StoredTop& top, SessionFacts& facts);

/// The facts that a judgement can rest on.
struct WantedFacts {
    bool client_ip = false, client_cert = false, xoorg = false, helo = false, mail_from = false, recipients = false, queue_id = false;
};
/// Those that every message comes with (XOORG is Exchange Online's alone).
inline constexpr WantedFacts usual_facts{
    .client_ip = true, .client_cert = true, .helo = true, .mail_from = true, .recipients = true, .queue_id = true};
/// Those on which the findings rest that keep the message from being accepted: none for one that is.
/// @param peer_proof  what proved the peer, and so made Microsoft's fields believed.
WantedFacts facts_behind(const decision::Decision& decision, decision::PeerProof peer_proof);

/// The wanted facts that are not given, with their options: "client address (--client-ip)".
std::vector<std::string> not_given(const SessionFacts& facts, const WantedFacts& wanted = usual_facts);

/// Facts as options of the command line, quoted for a shell.
std::string as_options(const SessionFacts& facts);

}  // namespace exota::programs
