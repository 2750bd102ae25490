// Which header fields are looked at. A message has some 35 fields, of which six matter: the name decides, in a few comparisons.
//
// Tested by field_kind_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mail/single_field.h"

namespace exota::evidence {

enum class FieldKind : std::uint8_t {
    other,
    from,
    resent_from,
    sender,
    received,
    dkim_signature,
    authentication_results,
    own_result,  // X-ExOTA-Authentication-Results
    originator_org,
    tenant_id,
    auth_as,
    attributed_connection,
    auto_submitted,
    content_type,
    journal_report,
    inbox_rules_loop,
    response_suppress,
};
inline constexpr std::size_t field_kinds = 17;

inline constexpr std::array<std::string_view, field_kinds> field_kind_names{
    "other",
    "From",
    "Resent-From",
    "Sender",
    "Received",
    "DKIM-Signature",
    "Authentication-Results",
    "X-ExOTA-Authentication-Results",
    "X-OriginatorOrg",
    "X-MS-Exchange-CrossTenant-Id",
    "X-MS-Exchange-CrossTenant-AuthAs",
    "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp",
    "Auto-Submitted",
    "Content-Type",
    "X-MS-Journal-Report",
    "X-MS-Exchange-Inbox-Rules-Loop",
    "X-Auto-Response-Suppress",
};
/// For people: "From", "X-OriginatorOrg" …
constexpr std::string_view name_of(FieldKind kind) noexcept { return field_kind_names[static_cast<std::size_t>(kind)]; }

struct FieldClass {
    FieldKind kind = FieldKind::other;
    mail::SingleField single = mail::SingleField::none;
    friend bool operator==(const FieldClass&, const FieldClass&) = default;
};

// Names are without the colon; blanks around them do not matter (obs-optional, RFC 5322 section 4.5.8), nor does letter case.

/// By comparing with the names that are known.
FieldClass classify_known(std::string_view name) noexcept;

/// Which lengths the known names have, a bit for each, by the last five bits of their first letter, which are those of either case.
/// Most other names differ from all of them in that.
inline constexpr std::size_t longest_known_name = 63;
constexpr std::size_t letter_of_name(std::string_view name) noexcept { return static_cast<unsigned char>(name.front()) & 0x1f; }
inline constexpr std::array<std::uint64_t, 32> known_lengths = [] {
    std::array<std::uint64_t, 32> lengths{};
    const auto add = [&lengths](std::string_view name) { lengths[letter_of_name(name)] |= std::uint64_t{1} << name.size(); };
    for (std::size_t kind = 1; kind < field_kind_names.size(); ++kind) add(field_kind_names[kind]);
    for (const std::string_view name : mail::single_fields) add(name);
    return lengths;
}();

inline FieldClass classify(std::string_view name) noexcept {
    const bool has_blanks_around = name.empty() || name.front() <= ' ' || name.back() <= ' ';
    if (has_blanks_around) return classify_known(name);
    const bool may_be_known = name.size() <= longest_known_name && (known_lengths[letter_of_name(name)] >> name.size() & 1) != 0;
    return may_be_known ? classify_known(name) : FieldClass{};
}
/// Only Exchange Online may write it: the header firewall removes it from anybody else.
bool is_firewall_field(std::string_view name) noexcept;

}  // namespace exota::evidence
