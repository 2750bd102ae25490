// What an operator says of an inbound door (docs/inbound.md): sections [inbound] and [eop], and what replies need of [perimeter] and
// [recipients]. Plain data with the defaults of the reference; read and checked by config/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "tenant/policy.h"

namespace exota::decision {

/// What becomes of a message whose author is not proven. Not every setting takes every word: each says which.
enum class Action : std::uint8_t {
    none,      // it passes
    mark,      // it passes with X-ExOTA-Disposition
    hold,      // into the MTA's hold queue; 451 where there is none
    tempfail,  // 451
    direct,    // reject, unless it shows that it came by an indirect way: then mark (RFC 9989 section 7.4)
    reject,    // 550
};
inline constexpr std::size_t action_count = 6;
/// "none", "mark", "hold", "tempfail", "direct", "reject".
std::string_view name_of(Action action) noexcept;
std::optional<Action> action_named(std::string_view name) noexcept;

/// Whose mail counts as sent on honestly: client addresses, and the domains of "dkim:DOMAIN".
struct TrustedForwarders {
    std::vector<base::IpPrefix> clients;
    std::vector<std::string> signers;  // canonical domains; each is meant literally, nothing below it
};

/// What the results of one's own Exchange Online Protection are used for, of mail that it passed on ([eop]).
enum class EopUse : std::uint8_t {
    ignore,  // such mail is judged as any other
    report,  // what `enforce` would say stands in log and header, and the mail passes
    enforce,
};
std::string_view name_of(EopUse use) noexcept;
std::optional<EopUse> eop_use_named(std::string_view name) noexcept;

/// Each action is one of none, mark, hold, reject.
struct EopRules {
    EopUse results = EopUse::report;
    Action own_domain = Action::reject;   // compauth 010 and 6xx
    Action oreject = Action::reject;      // DMARC said reject, and EOP did not
    Action quarantine = Action::mark;     // … quarantine
    Action bypassed = Action::mark;       // DMARC fails, and nothing was asked of composite authentication
    Action implicit_fail = Action::none;  // composite authentication fails otherwise
    std::vector<base::IpPrefix> clients;  // senders to EOP (CIP) of whom nothing is asked
};

struct InboundRules {
    tenant::Mode mode = tenant::Mode::monitor;    // required where there is an inbound door
    Action on_reject = Action::direct;            // reject, direct, mark, none
    Action on_quarantine = Action::mark;          // hold, mark, none
    Action own_domain = Action::reject;           // reject, hold, mark, none: own domains under an enforcing policy
    Action own_domain_unenforced = Action::mark;  // the same: own domains under none
    Action implicit_fail = Action::none;          // the same: others without a policy
    Action spf_through_exchange = Action::none;   // the same: others who pass by SPF from Exchange Online alone
    Action unresolved = Action::tempfail;         // tempfail, mark, none: DNS did not answer; own domains always 451
    TrustedForwarders trusted_forwarders;
    /// Author domain → reject, mark or none. The domain itself; "*.example.com" is every name below. The most specific one counts.
    std::map<std::string, Action, std::less<>> domains;
    EopRules eop;

    std::string delist;                   // [perimeter]: what a refused client is told to turn to; empty: nothing
    std::uint32_t max_unknown = 20;       // [recipients]: unknown ones of a session, while none was accepted
    std::string unknown_reply = "5.1.1";  // "5.1.1", or "5.4.1" with EOP's text
};

}  // namespace exota::decision
