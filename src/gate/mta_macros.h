// What the macros of an MTA mean: the one place that knows how Postfix and Sendmail say things.
//
// Two facts about certificates differ. Postfix sends {cert_subject} as the common name alone, and only if it verified the chain.
// Sendmail (and whoever follows it) sends {cert_subject} as a distinguished name whether verified or not; there the name is
// {cn_subject} and counts only with {verify}=OK. Which one speaks is told by macro v ("Postfix 3.7.11").
//
// Tested by mta_macros_test.cc and tests/cases.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "decision/rules.h"
#include "evidence/collector.h"
#include "wire/milter/events.h"
#include "wire/milter/macros.h"

namespace exota::gate {

/// Who speaks where no macro v says so. The predecessor reads {cert_subject} as Postfix means it, whoever sends it: in its place we do
/// so for an MTA that neither names itself nor sends {verify}.
enum class Unnamed : bool { unknown, postfix };
inline Unnamed unnamed_under(const decision::Rules& rules) noexcept { return rules.drop_in ? Unnamed::postfix : Unnamed::unknown; }

/// Macro v begins with "Postfix": "Postfix 3.7.11".
bool is_postfix(std::string_view mta) noexcept;

/// The client of a CONNECT event. A local or unknown family, or an address that does not parse, is no error: Absent, Malformed.
/// Where {client_addr} names another address than CONNECT, the two conflict.
evidence::Client client_of(const milter::Connect& event, const milter::Macros& macros);

/// TLS facts as the macros have them now, those of the message's stages included (an MTA may send them with MAIL or RCPT only).
evidence::Tls tls_of(const milter::Macros& macros, std::string_view mta, Unnamed unnamed = Unnamed::unknown);

/// The client logged in to the MTA by SASL: {auth_type} (other than XCLIENT, which only repeats what a proxy said) and {auth_authen}.
bool authenticated_of(const milter::Macros& macros) noexcept;

/// All that CONNECT, HELO and macros say of the session, as it is now, and the queue id. To be noted once, before the message ends:
/// a macro of a later stage replaces an earlier one.
void note_mta_facts(const milter::Connect& event, std::string_view helo, const milter::Macros& macros, Unnamed unnamed,
                    evidence::Collector& collector);

}  // namespace exota::gate
