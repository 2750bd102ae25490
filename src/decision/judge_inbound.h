// May this mail come in to our own recipients? The judgement of an inbound door, beside decide(), over the same evidence (docs/inbound.md;
// the steps are numbered there and here alike). It authorises no relaying.
//
// Pure and total, as decide() is: what the perimeter says of the client and the directory of the recipients comes in as values.
// Tested by judge_inbound_test.cc, inbound_recipients_test.cc, judge_inbound_author_test.cc, judge_inbound_eop_test.cc,
// inbound_table_test.cc, unanswered_inbound_test.cc and fuzz/inbound_fuzz.cc.
#pragma once

#include <optional>
#include <string_view>

#include "decision/decide.h"
#include "decision/inbound_facts.h"
#include "tenant/keys.h"

namespace exota::decision {

/// The whole judgement of a message: steps 1 to 6, mode, clean-up, reply. A recipient that is refused (refuse_recipient) is not among the
/// envelope's, except where the mode let it pass: then a message is refused for it in mode quarantine, and in mode monitor only where every
/// recipient is so.
/// @param tenants  nullptr: the directory cannot be asked, so the verdict is `unavailable`. Where names got no answer, it is that unless
///                 the message comes in whoever has them.
/// @param rules    rules.inbound is set.
Decision judge_inbound(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts);
/// The same, where the decision is to stay. @param decision  as it was made.
void judge_inbound(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts,
                   Decision& decision);

/// Step 2, before any message: nullopt: the client is not refused, by what is known of it or by the mode (which a message's judgement
/// tells of then). A gateway asks before its banner, a milter at the first RCPT.
std::optional<Decision> refuse_client(const evidence::Session& session, const Rules& rules, const ClientStanding& client);

/// Step 3, of one recipient at RCPT. nullopt: nothing that is known of it speaks against it. Verdict accept: the mode lets it through.
/// @param recipient  without angle brackets.
/// @param before     recipients of the session before this one.
std::optional<Decision> refuse_recipient(const evidence::Session& session, std::string_view recipient, RecipientIs known,
                                         RecipientCounts before, const tenant::Index* tenants, const Rules& rules);

/// One whose address no DNS list is asked about, and whom unknown recipients do not cost the session: Exchange Online (the relay pool
/// excepted) and trusted forwarders.
bool is_trusted_client(const evidence::Session& session, const Rules& rules) noexcept;

/// As wanted(), of an inbound door: what its judgement still needs to be asked.
Wanted wanted_inbound(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, const InboundFacts& facts);

/// As keys_of(), of an inbound door: the recipients' domains, too.
tenant::Keys keys_of_inbound(const evidence::Evidence& evidence, const Rules& rules);
/// What a directory is asked at RCPT: whose domain it is.
/// @param recipient  without angle brackets.
tenant::Keys keys_of_recipient(std::string_view recipient);

/// As decision::defer_unfound(), of an inbound door: the directory is away, so a domain that nobody has may be somebody's by now.
void defer_foreign_recipients(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

/// As decision::refuse_without_hold_queue(), of an inbound door. Where an action says `hold`, that is what was judged, too; a monitored
/// message passes all the same.
void hold_without_queue(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

}  // namespace exota::decision
