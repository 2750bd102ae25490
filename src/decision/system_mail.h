// Exchange's own mail: non-delivery reports, automatic replies, journal reports, and the message that validates a connector. It is not
// signed, so it needs a proof of its own; this factor keeps that proof from letting everything unsigned through.
//
// The marks are the sender's text. They only narrow a proof, which still rests on what names the tenant.
//
// Tested by system_mail_test.cc.
#pragma once

#include "decision/findings.h"
#include "evidence/evidence.h"

namespace exota::decision {

/// A null envelope sender and Exchange's journal mark.
bool is_journal_report(const evidence::Evidence& evidence) noexcept;

/// The factor system-mail, if the peer may be believed.
/// @param hosted  the finding of that factor: where the tenant names its connectors' clients, mail of others is none of Exchange's own.
FactorFinding examine_system_mail(const Case& message, const Subject& subject, const FactorFinding& hosted);

}  // namespace exota::decision
