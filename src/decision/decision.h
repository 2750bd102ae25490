// What was decided of a message, and the complete trace of why. Reply, header edits, log line, metric, JSON and dashboard all render
// this one value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/fact.h"
#include "mail/header_edit.h"
#include "mail/reply.h"
#include "tenant/factor.h"
#include "tenant/index.h"
#include "tenant/policy.h"

namespace exota::decision {

enum class Verdict : std::uint8_t { accept, tempfail, reject };  // best first
enum class Finding : std::uint8_t { holds, absent, contradicts, unavailable };

/// Stable codes: logs, metrics and other programs know them by name; docs/reference/reasons.md explains each.
enum class Reason : std::uint8_t {
    authorised,
    bypassed,
    too_complex,
    from_missing,
    from_ambiguous,
    unavailable,
    no_policy,
    forwarding_not_allowed,
    contradiction,
    not_proven,
    limit_exceeded,
};
inline constexpr std::size_t reason_count = 11;
std::string_view name_of(Verdict verdict) noexcept;
std::string_view name_of(Finding finding) noexcept;
std::string_view name_of(Reason reason) noexcept;  // "not-proven"

struct FactorFinding {
    Finding finding = Finding::absent;
    /// Stable code ("not-asked", "spf-only") or the value seen. Sender text is as it came: writers encode it.
    std::string detail;
    evidence::Source source = evidence::Source::mta;
    /// A sentence for people, where the code needs one.
    std::string hint = {};
    /// The value speaks against the tenant, and whether its writer may be believed could not be found out.
    bool would_contradict = false;
};
using Findings = std::array<FactorFinding, tenant::factor_count>;  // by tenant::Factor

struct ProofOutcome {
    std::string text;  // "client-cert + dkim"
    bool holds = false;
    std::vector<tenant::Factor> missing;  // in the proof's order
};

/// Decision::detail of a forward whose author is an unlisted subdomain of another customer: listing it is the remedy.
inline constexpr std::string_view customer_subdomain = "customer-subdomain";

/// … of an authorised message that could not be counted.
inline constexpr std::string_view limits_unknown = "limits-unknown";

struct Decision {
    Verdict verdict = Verdict::tempfail;  // what the MTA is told
    Verdict judged = Verdict::tempfail;   // what `enforce` would have said
    bool quarantine = false;              // verdict accept, into the hold queue
    Reason reason = Reason::unavailable;
    std::string detail;  // a stable code that says more than the reason ("customer-subdomain"); mostly empty
    std::string why;     // one sentence for people; names domain and first missing factor, never internals
    tenant::Mode mode = tenant::Mode::enforce;
    std::string author_domain;  // canonical; empty when there is none
    std::string author_address;
    std::optional<tenant::Number> tenant;
    std::string tenant_name;
    bool forward = false;
    bool peer_proven = false;
    bool judged_at_all = true;         // false: bypassed, no findings
    std::optional<std::size_t> proof;  // which of `proofs` held
    std::vector<ProofOutcome> proofs;
    Findings findings;
    bool may_change = false;           // what is unavailable now could change verdict or mode when it is known
    std::uint32_t believed_field = 0;  // number of the Authentication-Results field that was read and counts; 0: none
    std::optional<mail::Reply> reply;  // none on accept
    std::vector<mail::HeaderEdit> header_edits;
    const tenant::Policy* policy = nullptr;  // of the tenant; lives as long as the Index that was asked
};

}  // namespace exota::decision
