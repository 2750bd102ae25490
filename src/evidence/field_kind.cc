// From a field's name to what it is: first letter, then length, then one comparison. Most names end at the second.
//
// Tested by field_kind_test.cc.
#include "evidence/field_kind.h"

#include <cstddef>

#include "base/octets.h"

namespace exota::evidence {
namespace {

using base::begins_with_name;
using base::is_name;
using Kind = FieldKind;
using Single = mail::SingleField;

/// Nearly no name has blanks around it.
std::string_view bare(std::string_view name) noexcept {
    const bool is_bare = !name.empty() && name.front() > ' ' && name.back() > ' ';
    return is_bare ? name : base::trim(name);
}

template <std::size_t size>
[[gnu::always_inline]] inline FieldClass if_named(std::string_view name, const char (&wanted)[size], Kind kind) noexcept {
    return is_name(name, wanted) ? FieldClass{kind} : FieldClass{};
}

template <std::size_t size>
[[gnu::always_inline]] inline FieldClass if_single(std::string_view name, const char (&wanted)[size], Single single,
                                                   Kind kind = Kind::other) noexcept {
    return is_name(name, wanted) ? FieldClass{kind, single} : FieldClass{};
}

/// Names that begin with C.
[[gnu::noinline]] FieldClass classify_content(std::string_view name) noexcept {
    switch (name.size()) {
        case 2:
            return if_single(name, "Cc", Single::cc);
        case 10:
            return if_single(name, "Content-ID", Single::content_id);
        case 12:
            return if_single(name, "Content-Type", Single::content_type, Kind::content_type);
        case 19:
            return if_single(name, "Content-Disposition", Single::content_disposition);
        case 25:
            return if_single(name, "Content-Transfer-Encoding", Single::content_transfer_encoding);
        default:
            return {};
    }
}

/// Names that begin with R.
[[gnu::noinline]] FieldClass classify_r(std::string_view name) noexcept {
    switch (name.size()) {
        case 8: {
            const FieldClass received = if_named(name, "Received", Kind::received);
            return received.kind == Kind::received ? received : if_single(name, "Reply-To", Single::reply_to);
        }
        case 10:
            return if_single(name, "References", Single::references);
        default:
            return if_named(name, "Resent-From", Kind::resent_from);
    }
}

template <std::size_t size>
consteval std::size_t octets_of(const char (&)[size]) {
    return size - 1;
}

/// Names that begin with "X-".
[[gnu::noinline]] FieldClass classify_extension(std::string_view name) noexcept {
    switch (name.size()) {
        case octets_of("X-OriginatorOrg"):
            return if_named(name, "X-OriginatorOrg", Kind::originator_org);
        case octets_of("X-MS-Journal-Report"):
            return if_named(name, "X-MS-Journal-Report", Kind::journal_report);
        case octets_of("X-Auto-Response-Suppress"):
            return if_named(name, "X-Auto-Response-Suppress", Kind::response_suppress);
        case octets_of("X-MS-Exchange-CrossTenant-Id"):
            return if_named(name, "X-MS-Exchange-CrossTenant-Id", Kind::tenant_id);
        case octets_of("X-ExOTA-Authentication-Results"):
            static_assert(octets_of("X-ExOTA-Authentication-Results") == octets_of("X-MS-Exchange-Inbox-Rules-Loop"));
            if (is_name(name, "X-ExOTA-Authentication-Results")) return {Kind::own_result};
            return if_named(name, "X-MS-Exchange-Inbox-Rules-Loop", Kind::inbox_rules_loop);
        case octets_of("X-MS-Exchange-CrossTenant-AuthAs"):
            return if_named(name, "X-MS-Exchange-CrossTenant-AuthAs", Kind::auth_as);
        case octets_of("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp"):
            return if_named(name, "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp", Kind::attributed_connection);
        default:
            return {};
    }
}

}  // namespace

FieldClass classify_known(std::string_view name) noexcept {
    name = bare(name);
    if (name.size() < 2) return {};
    switch (base::to_lower(name.front())) {
        case 'x':
            return classify_extension(name);
        case 'f':
            return if_named(name, "From", Kind::from);
        case 'r':
            return classify_r(name);
        case 's':
            return name.size() == 6 ? if_single(name, "Sender", Single::sender, Kind::sender) : if_single(name, "Subject", Single::subject);
        case 'd':
            return name.size() == 4 ? if_single(name, "Date", Single::date) : if_named(name, "DKIM-Signature", Kind::dkim_signature);
        case 'a':
            if (name.size() == 14) return if_named(name, "Auto-Submitted", Kind::auto_submitted);
            return if_named(name, "Authentication-Results", Kind::authentication_results);
        case 'b':
            return if_single(name, "Bcc", Single::bcc);
        case 'c':
            return classify_content(name);
        case 'i':
            return if_single(name, "In-Reply-To", Single::in_reply_to);
        case 'm':
            return name.size() == 10 ? if_single(name, "Message-ID", Single::message_id)
                                     : if_single(name, "MIME-Version", Single::mime_version);
        case 't':
            return if_single(name, "To", Single::to);
        default:
            return {};
    }
}

bool is_firewall_field(std::string_view name) noexcept {
    name = bare(name);
    if (!begins_with_name(name, "X-") || name.size() < 4) return false;
    switch (base::to_lower(name[2])) {
        case 'm':
            if (!begins_with_name(name, "X-MS-Exchange-")) return begins_with_name(name, "X-Microsoft-Antispam");
            name.remove_prefix(octets_of("X-MS-Exchange-"));
            return begins_with_name(name, "CrossTenant-") || begins_with_name(name, "Organization-") || begins_with_name(name, "Forest-") ||
                   begins_with_name(name, "CrossPremises-") || begins_with_name(name, "Transport-CrossTenant");
        case 'o':
            return is_name(name, "X-OriginatorOrg");
        case 'f':
            return is_name(name, "X-Forefront-Antispam-Report");
        case 'e':
            return is_name(name, "X-EOPTenantAttributedMessage") || is_name(name, "X-EOPAttributedMessage");
        default:
            return false;
    }
}

}  // namespace exota::evidence
