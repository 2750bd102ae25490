// What the operator says of a tenant beyond its names: what must be proven, what it may do, what becomes of a refusal.
//
// Tested by policy_test.cc and recipients_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "tenant/proof.h"

namespace exota::tenant {

enum class Mode : std::uint8_t { enforce, defer, quarantine, monitor };
enum class Alignment : std::uint8_t { strict, relaxed };
/// Which mail of foreign authors a tenant may send on. journal: Exchange's journal reports only.
enum class Forwarding : std::uint8_t { none, journal, all };
/// How the recipients of a domain are known. Only authoritative ones are asked about.
enum class RecipientType : std::uint8_t { authoritative, internal_relay, external_relay };
std::string_view name_of(RecipientType type) noexcept;
std::optional<RecipientType> recipient_type_named(std::string_view name) noexcept;
enum class LimitAction : std::uint8_t { tempfail, reject };
enum class LimitUnit : std::uint8_t { messages, recipients };

std::string_view name_of(Mode mode) noexcept;
std::optional<Mode> mode_named(std::string_view name) noexcept;

/// "1000 messages / hour": at most `amount` of `unit` in any window of that length.
struct Limit {
    std::uint64_t amount = 0;
    LimitUnit unit = LimitUnit::messages;
    std::chrono::seconds window{3600};
    /// amount ("messages" | "recipients") "/" ("second" | "minute" | "hour" | "day").
    static base::Result<Limit> parse(std::string_view text);
    std::string text() const;
    friend bool operator==(const Limit&, const Limit&) = default;
};

/// Of one domain of a tenant ("*.contoso.com": of every name below).
struct DomainRecipients {
    std::string domain;     // canonical
    bool wildcard = false;  // of the names below it instead
    RecipientType type = RecipientType::external_relay;
    friend bool operator==(const DomainRecipients&, const DomainRecipients&) = default;
};

/// Shared by many tenants and domains: an Index keeps each distinct Policy once.
struct Policy {
    std::vector<Proof> proofs;
    Alignment alignment = Alignment::strict;
    Forwarding forwarding = Forwarding::none;
    bool hybrid = false;
    std::vector<base::IpPrefix> connector_clients;
    std::vector<Limit> limits;
    LimitAction limit_action = LimitAction::tempfail;
    Mode mode = Mode::enforce;
    RecipientType recipients = RecipientType::external_relay;  // of domains that recipients_of does not name
    std::vector<DomainRecipients> recipients_of;               // in ascending order of domain and wildcard, each once
    /// Version-1 entries keep their own flags (drop-in replies and headers print them).
    bool v1_dkim_enabled = true;
    bool v1_dkim_alignment_required = true;
    /// Of this recipient domain, which the tenant covers: the most specific entry's, as of `domains`.
    RecipientType recipients_at(std::string_view canonical_domain) const noexcept;
    friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace exota::tenant
