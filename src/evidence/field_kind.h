// Which header fields are looked at. A message has some 35 fields, of which six matter: the name decides, in a few comparisons.
//
// Tested by field_kind_test.cc.
#pragma once

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

/// For people: "From", "X-OriginatorOrg" …
std::string_view name_of(FieldKind kind) noexcept;

struct FieldClass {
    FieldKind kind = FieldKind::other;
    mail::SingleField single = mail::SingleField::none;
    friend bool operator==(const FieldClass&, const FieldClass&) = default;
};

// Names are without the colon; blanks around them do not matter (obs-optional, RFC 5322 section 4.5.8), nor does letter case.

FieldClass classify(std::string_view name) noexcept;
/// Only Exchange Online may write it: the header firewall removes it from anybody else.
bool is_firewall_field(std::string_view name) noexcept;

}  // namespace exota::evidence
