// What Exchange Online Protection said when a message entered the tenant: when that counts, and what it then means.
//
// EOP's fields are text that anyone can write. They count of mail that one's own EOP passed on: from a proven peer, of one hybrid tenant,
// with the report of the way in beside them, for this author. A tenant's mail on its way out bears fields that look alike, and honest mail
// fails in them.
//
// Tested by eop_forgery_test.cc and judge_inbound_eop_test.cc.
#pragma once

#include <optional>
#include <string_view>

#include "decision/claims.h"
#include "decision/compauth.h"
#include "decision/findings.h"
#include "decision/inbound_rules.h"
#include "decision/peer.h"

namespace exota::decision {

/// Whether EOP's results count (docs/inbound.md, "Behind Exchange Online Protection").
struct EopStanding {
    Finding counts = Finding::absent;      // unavailable: all but the peer's proof is there, and that could not be found out
    std::string_view why;                  // a code where they do not count: "no-results", "eop-unreadable", "not-inbound" …
    std::optional<tenant::Number> tenant;  // whose EOP it was
};

/// @param subject   the tenant of whom it is asked.
/// @param findings  of this tenant's claims, filled in already.
EopStanding eop_standing(const Case& message, const Subject& subject, const Named& named, const Peer& peer, const Findings& findings);

/// The factor `eop`: they count and say dmarc=pass or compauth=pass. After all claims.
void examine_eop(const Case& message, const Subject& subject, const Named& named, const Peer& peer, Findings& findings);

/// The tenant covers every recipient, and there is one.
bool covers_every_recipient(const Case& message, tenant::Number tenant);

/// The message says that it entered a tenant from outside, or that EOP judged it: AuthAs: Anonymous, DIR:INB, or results with a sender's
/// address or compauth, or that cannot be read. (A mailbox's own mail bears results that say nothing of a sender.)
bool bears_marks_of_entry(const evidence::Header& header);

inline constexpr std::string_view eop_own_domain_setting = "eop.own_domain";

/// What [eop] says of a message that was handed over with these results.
struct EopVerdict {
    Action action = Action::none;
    std::string_view setting;  // the key that says so: "eop.oreject"; empty: none applies
};
EopVerdict eop_verdict(const evidence::EopReading& eop, const EopRules& rules);

/// EOP's own word and number.
Compauth eop_compauth(const evidence::EopReading& eop) noexcept;

}  // namespace exota::decision
