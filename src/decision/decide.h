// Evidence × tenants × rules → Decision (docs/life-of-a-message.md; the steps are numbered there and here alike).
//
// Pure and total: no I/O, no time, every input has an answer, every factor is examined. Tested by decide_test.cc, refuse_at_mail_test.cc,
// every_outcome_test.cc, uncounted_test.cc, unfound_test.cc, forgery_test.cc, tests/cases and fuzz/decide_fuzz.cc.
#pragma once

#include <chrono>
#include <optional>

#include "decision/decision.h"
#include "decision/rules.h"
#include "evidence/evidence.h"
#include "tenant/index.h"

namespace exota::decision {

/// The whole judgement: steps 1 to 6, mode, clean-up, reply. Limits (step 7) are counted by the caller, see apply_limit.
/// @param tenants  nullptr: the directory cannot be asked, so the verdict is `unavailable`.
Decision decide(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);
/// The same, where the decision is to stay. @param decision  as it was made.
void decide(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules, Decision& decision);

/// What is certain at MAIL already, before anything of the message is there: the peer is proven, its XOORG names an organisation that no
/// tenant lists or covers, and every tenant lists organisations, so that whoever the author is, no tenant could be told to be the sender's.
/// Refused as by `no-policy`, under the configuration's mode. For operators who say that their lists are complete: at the end of the
/// message a tenant id could still have named a tenant.
/// @param evidence  session and envelope (Collector::at_mail); nothing else is looked at.
/// @param tenants   nullptr: the directory cannot be asked.
/// @return  nullopt: nothing is certain; judge at the end. Always so for bypassed clients, an envelope over a limit, without tenants, in
///          other modes than enforce and defer, and where some tenant has a milder mode than the configuration.
std::optional<Decision> refuse_at_mail(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

/// Step 7: the caller counted an authorised message and the tenant is above its limit. Turns `decision` into limit-exceeded and
/// renders it anew.
/// @param again  when a message like it will be within its limits; nullopt: nobody can say, or never.
void apply_limit(Decision& decision, const tenant::Limit& passed, std::optional<std::chrono::seconds> again,
                 const evidence::Evidence& evidence, const Rules& rules);

/// Step 7 where nobody can say whether the tenant is above its limits: deferred as unavailable, and rendered anew.
void defer_uncounted(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

/// Step 3 where the tenants are what they were a while ago: one that is found nowhere (`no-policy`) may be a new one, so the message is
/// deferred as unavailable, and rendered anew. Any other decision stays.
void defer_unfound(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

/// Step 8 where the MTA offers no hold queue: a decision to quarantine becomes a temporary failure, and is rendered anew. Any other stays.
void refuse_without_hold_queue(Decision& decision, const evidence::Evidence& evidence, const Rules& rules);

/// Which network look-ups could still change the outcome ("the network is asked only while some proof can still hold"). Called before
/// verification; what it does not name is found `absent` with the detail `not-asked`.
struct Wanted {
    bool dkim = false, spf = false, dmarc = false, arc = false, iprev = false;
    bool published = false;  // of DMARC: what the author's owner published, and what is aligned where that is nothing
    bool any() const noexcept { return dkim || spf || dmarc || arc || iprev; }
};
Wanted wanted(const evidence::Evidence& evidence, const tenant::Index* tenants, const Rules& rules);

}  // namespace exota::decision
