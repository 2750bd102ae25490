// What was decided of a message, and the complete trace of why. Reply, header edits, log line, metric, JSON and dashboard all render
// this one value.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decision/inbound_rules.h"
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
    // Of an inbound door:
    passed,
    client_blocked,
    client_listed,
    no_reverse_name,
    recipient_foreign,
    recipient_unknown,
    too_many_unknown,
    dmarc_failed,
    own_domain,
    eop_verdict,
};
inline constexpr std::size_t reason_count = 21;
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

/// … of a forward whose author may be such a subdomain: the source of the tenants is asked for single names and cannot tell.
inline constexpr std::string_view neighbours_unknown = "neighbours-unknown";

/// … of a message for which some names could not be looked up, and whose they are may decide.
inline constexpr std::string_view tenants_unanswered = "tenants-unanswered";

/// … of an authorised message that could not be counted.
inline constexpr std::string_view limits_unknown = "limits-unknown";
/// … of a message whose tenant is found nowhere while the source of tenants is stale: it may be a new one.
inline constexpr std::string_view tenants_stale = "tenants-stale";

/// Why a message is not accepted, for people, and the enhanced status code of a refusal that fits best (RFC 7372, else 5.7.1).
struct Explanation {
    std::string text;  // "not-proven: dkim is missing, no valid DKIM signature of the tenant"
    std::string_view enhanced = "5.7.1";
    bool whole_line = false;  // the text is the whole reply, no template applies
    int code = 0;             // of a temporary refusal, where it is another than the configured one
    std::string_view enhanced_for_now = "4.7.1";
};

/// Composite authentication (compauth.h).
enum class CompauthResult : std::uint8_t { pass, softpass, none, fail };
std::string_view name_of(CompauthResult result) noexcept;
struct Compauth {
    CompauthResult result = CompauthResult::none;
    std::optional<std::uint16_t> reason;  // three digits; none: EOP named none
    int row = 0;                          // of the table
    friend bool operator==(const Compauth&, const Compauth&) = default;
};

/// What an inbound door decided besides.
struct InboundOutcome {
    std::optional<Compauth> compauth;  // where the author was judged, by EOP or by us
    Action action = Action::none;      // what the settings say; never `direct`
    std::string_view setting;          // the key that says so ("inbound.on_reject"); empty: none
    bool handed_over = false;          // judged by what one's own EOP said
    bool handover_unknown = false;     // whether it was handed over could not be found out
    bool marked = false;               // it passes with X-ExOTA-Disposition
    Explanation explanation;           // for the reply
};

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
    const tenant::Policy* policy = nullptr;     // of the tenant; lives as long as the Index that was asked
    std::optional<std::chrono::seconds> again;  // of a passed limit: when it will not be any more; nullopt: nobody can say, or never
    std::optional<InboundOutcome> inbound;      // of an inbound door; none: judged for relaying
};

}  // namespace exota::decision
