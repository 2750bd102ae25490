// Step 3: which tenant is the message judged by? The one that covers the author domain; for a forward the one that proven evidence
// names, or that covers every Resent-From where the operator allows that.
//
// Tested by decide_test.cc and mode_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "decision/claims.h"
#include "decision/findings.h"
#include "decision/peer.h"
#include "mail/author.h"

namespace exota::decision {

struct Selection {
    enum class Outcome : std::uint8_t {
        found,
        no_policy,
        forwarding_not_allowed,
        names_differ,  // proven evidence names two tenants
        undecided,     // only an unavailable client-cert keeps a tenant from being named
    };
    Outcome outcome = Outcome::no_policy;
    Subject subject;
    bool forward = false;
    /// The tenant's own mode counts: it covers the author domain, or all proven evidence that names a tenant names this one.
    bool own_mode = false;
};

/// The author of a forward is not foreign, or may be not: its domain is an organisation or DKIM domain of another tenant than this one,
/// lies below one or below a literal domain, or shares the organisational domain of a literal domain. Such a forward needs evidence of the
/// author as well. Where the neighbours of the author's domain are not known, they count against it.
/// @return  empty: it is foreign; else Decision::detail: customer_subdomain, neighbours_unknown.
std::string_view doubt_of_foreign_author(const Case& message, const Subject& subject);

/// Whose policy the predecessor looks up when the author's domain has none: of several Resent-From fields the last that has a domain.
std::optional<mail::Mailbox> last_resent_from(const evidence::Header& header);

/// `message.tenants` is not null.
/// @param named  what the claims name.
Selection select_tenant(const Case& message, const Named& named, Belief belief);

/// The other customer of "between two customers": all proven evidence names exactly this tenant, and it may forward.
std::optional<Selection> select_forwarder(const Case& message, const Named& named, Belief belief);

}  // namespace exota::decision
