#include "evidence/inbound_fields.h"

#include <algorithm>
#include <utility>

#include "authn/tag_list.h"
#include "base/octets.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mail/unfold.h"

namespace exota::evidence {
namespace {

using base::is_name;

/// An ARC set but Microsoft's first, with which it seals whatever its own users write.
bool is_set_of_an_intermediary(std::string_view seal) {
    const std::string line = mail::unfold(seal);
    const auto tags = authn::TagList::parse(line);
    const auto instance = tags ? tags->value("i") : std::nullopt, sealer = tags ? tags->value("d") : std::nullopt;
    if (!instance || !sealer) return false;
    const bool is_microsoft = base::iequals(*sealer, "microsoft.com") || base::iends_with(*sealer, ".microsoft.com");
    return *instance != "1" || !is_microsoft;
}

std::string shown(std::string_view value) { return std::string(base::truncate_utf8(base::trim(value), max_eop_octets)); }

}  // namespace

bool is_forward_mark(std::string_view name, std::string_view value, bool may_look) noexcept {
    name = base::trim(name);
    if (name.empty()) return false;
    switch (base::to_lower(name.front())) {
        case 'a':
            return is_name(name, "ARC-Seal") && (!may_look || is_set_of_an_intermediary(value));
        case 'l':
            return base::istarts_with(name, "List-");
        case 'r':
            return base::istarts_with(name, "Resent-");
        case 'x':
            return base::istarts_with(name, "X-Forwarded-") || is_name(name, "X-BeenThere") ||
                   is_name(name, "X-MS-Exchange-Inbox-Rules-Loop") || is_name(name, "X-MS-Exchange-ForwardingLoop");
        default:
            return false;
    }
}

void InboundFields::eop_field(std::string_view name, std::string_view value, bool may_look) {
    name = base::trim(name);
    if (is_name(name, "X-Forefront-Antispam-Report")) {
        if (std::exchange(has_report_, true)) return;
        auto report = may_look ? parse_antispam_report(value) : base::fail(base::Errc::too_long, "above a limit");
        if (report)
            eop_.report = *std::move(report);
        else
            eop_.report_unreadable = report.error().detail + ": " + shown(value);
    } else if (is_name(name, "X-Microsoft-Antispam")) {
        if (std::exchange(has_antispam_, true) || !may_look) return;
        if (auto antispam = parse_antispam_report(value)) eop_.antispam = *std::move(antispam);
    } else if (is_name(name, "X-MS-Exchange-Authentication-Results")) {
        if (std::exchange(has_outbound_, true)) return;
        eop_.outbound_results = shown(value);
    }
}

void InboundFields::mark(std::string_view name) {
    if (std::ranges::find(header_.indirect_marks, name) == header_.indirect_marks.end()) header_.indirect_marks.emplace_back(name);
}

void InboundFields::indirect_field(std::string_view name, std::string_view value, bool may_look) {
    name = base::trim(name);
    if (name.empty()) return;
    switch (base::to_lower(name.front())) {
        case 'l':
            if (is_name(name, "List-Id")) mark("List-Id");
            if (is_name(name, "List-Post")) mark("List-Post");
            break;
        case 'r':
            if (is_name(name, "Resent-From")) mark("Resent-From");
            break;
        case 'a':
            if (is_name(name, "ARC-Seal") && may_look && is_set_of_an_intermediary(value)) mark("ARC-Seal");
            break;
        case 'x':
            if (is_name(name, "X-BeenThere")) mark("X-BeenThere");
            if (is_name(name, "X-Forwarded-To")) mark("X-Forwarded-To");
            if (is_name(name, "X-ExOTA-Disposition")) ++header_.disposition_count;
            break;
        default:
            break;
    }
}

std::optional<Eop> InboundFields::eop(const std::vector<AuthresField>& results) {
    const auto topmost = std::ranges::find_if(results, [](const AuthresField& field) { return !has_authserv_id(field.value); });
    if (topmost != results.end()) {
        eop_.field = topmost->index;
        auto parsed = parse_eop_results(topmost->value);
        if (parsed)
            eop_.results = *std::move(parsed);
        else
            eop_.unreadable = parsed.error().detail;
    }
    if (eop_ == Eop{}) return std::nullopt;
    return std::move(eop_);
}

}  // namespace exota::evidence
