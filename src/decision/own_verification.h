// What our own verification of ARC and DMARC says means for the judgement: a pass with room for a forger is none, and what could not be
// checked is not a failure.
//
// Tested by own_verification_test.cc.
#pragma once

#include "authn/arc.h"
#include "authn/dmarc.h"
#include "authn/iprev.h"
#include "decision/rules.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// A chain that is valid, but whose newest signature does not cover the message as it is, fails. One that waits for DNS is a temporary
/// error for now.
evidence::ArcVerification meaning_of(authn::ArcOutcome outcome);

/// What DMARC is asked about a message of this author: its signatures and SPF as we verified them. A signature that could not be checked,
/// and that names nobody, may be the author's. Points into `rules`.
authn::DmarcQuery dmarc_query(const mail::Domain& author, const evidence::Verification& verified, const Rules& rules);

struct DmarcSayings {
    bool body_came = true;   // false: nobody listened to the body, and that is why no signature could be checked
    bool published = false;  // say what was published, too
};
/// A pass by SPF alone proves nothing here, so whether there is one by DKIM that could not be checked is a temporary error.
evidence::DmarcVerification meaning_of(const authn::DmarcResult& result, DmarcSayings how);

evidence::IprevVerification meaning_of(const authn::IprevResult& result);

/// A result that no answer could change. @param more_pending  something that it rests on waits for DNS: then only a pass is certain.
bool is_certain(const authn::DmarcResult& result, bool more_pending) noexcept;

}  // namespace exota::decision
