// Composite authentication: what of all that was verified says of the author (docs/inbound.md has the table). No history, no reputation:
// the same message gets the same answer.
//
// Tested by compauth_test.cc and compauth_messages_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decision/decision.h"
#include "decision/inbound_rules.h"

namespace exota::decision {

/// The rows of the table in docs/inbound.md, by their numbers there (`Compauth::row`).
namespace row {
inline constexpr int handed_over = 1;  // EOP judged it, not we
inline constexpr int own_mailbox = 2;
inline constexpr int proven = 3;
inline constexpr int spf_through_exchange = 4;
inline constexpr int unresolved = 5;
inline constexpr int exception = 6;
inline constexpr int domain_setting = 7;
inline constexpr int enforced_policy = 8;
inline constexpr int proven_without_policy = 9;
inline constexpr int own_unenforced = 10;
inline constexpr int reverse_name = 11;
inline constexpr int policy_of_none = 12;
inline constexpr int nothing = 13;
}  // namespace row

/// Nothing can be said of the author for want of an answer.
inline constexpr Compauth author_unresolved{CompauthResult::none, 301, row::unresolved};

/// Why mail counts although its author is not proven.
enum class Exception : std::uint8_t { none, arc, forwarder, domain };
std::string_view name_of(Exception exception) noexcept;

/// What the table asks. Each member is a question that was answered before.
struct CompauthCase {
    bool own = false;                       // a tenant covers the author domain
    Finding own_tenant = Finding::absent;   // of an own domain: written in a mailbox of its proven tenant
    bool has_record = false;                // the author's organisation publishes a DMARC policy
    bool enforces = false;                  // which is more than none for this domain, after t
    bool aligned_dkim = false;              // a valid signature is aligned
    bool aligned_spf = false;               // SPF passes, aligned
    bool spf_from_exchange = false;         // … from an address of Exchange Online, where any tenant may
    bool unresolved = false;                // the policy, or what could have passed aligned, could not be looked up
    Exception exception = Exception::none;  // the first that applies
    std::optional<Action> domain;           // what inbound.domains says: reject or mark
    bool reverse_name = false;              // the client's confirmed name is in the author's organisation
};

/// By what no other tenant of Microsoft 365 can achieve.
constexpr bool is_proven_by_alignment(const CompauthCase& asked) noexcept {
    return asked.aligned_dkim || (asked.aligned_spf && !asked.spf_from_exchange);
}

/// The first row of the table that fits; never `row::handed_over`. There is always one: the last asks nothing.
Compauth compauth_of(const CompauthCase& asked) noexcept;

/// "601"; empty where there is no number.
std::string reason_text(const Compauth& compauth);

}  // namespace exota::decision
