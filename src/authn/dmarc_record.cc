#include "authn/dmarc_record.h"

#include <array>

#include "base/text.h"

namespace exota::authn {
namespace {

constexpr std::array<std::string_view, 3> policy_names{"none", "quarantine", "reject"};

std::optional<DmarcPolicy> policy_named(std::string_view text) noexcept {
    for (std::size_t i = 0; i < policy_names.size(); ++i)
        if (base::iequals(text, policy_names[i])) return static_cast<DmarcPolicy>(i);
    return std::nullopt;
}

/// percent-decodes; nullopt where a '%' has no two hexadecimal digits behind it.
std::optional<std::string> percent_decoded(std::string_view text) {
    const auto digit = [](char c) {
        return base::is_digit(c) ? c - '0' : base::to_lower(c) >= 'a' && base::to_lower(c) <= 'f' ? base::to_lower(c) - 'a' + 10 : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
        out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
        i += 2;
    }
    return out;
}

/// The addresses of a list of mailto: URIs; a size limit behind '!' (RFC 7489) is dropped, other schemes are passed over.
std::vector<std::string> report_addresses(std::string_view list) {
    std::vector<std::string> addresses;
    while (!list.empty()) {
        std::string_view uri = base::trim(base::take_until(list, ','));
        if (!base::istarts_with(uri, "mailto:")) continue;
        uri.remove_prefix(7);
        const auto address = percent_decoded(base::trim(uri.substr(0, uri.find('!'))));
        if (address && address->find('@') != std::string::npos) addresses.push_back(*address);
    }
    return addresses;
}

/// dmarc-percent (RFC 7489 section 6.4); what is none is as if it were not there.
unsigned percent_of(std::string_view text) noexcept {
    constexpr unsigned all = 100;
    if (text.empty() || text.size() > 3) return all;
    unsigned value = 0;
    for (const char c : text) {
        if (!base::is_digit(c)) return all;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value <= all ? value : all;
}

/// One tag: "name = value"; false where there is no '='.
bool take_tag(std::string_view& rest, std::string_view& name, std::string_view& value) noexcept {
    value = base::take_until(rest, ';');
    const bool has_equals = value.find('=') != std::string_view::npos;
    name = base::trim(base::take_until(value, '='));
    value = base::trim(value);
    return has_equals;
}

}  // namespace

std::string_view name_of(DmarcPolicy policy) noexcept { return policy_names[static_cast<std::size_t>(policy)]; }

bool is_dmarc_record(std::string_view text) noexcept {
    std::string_view name, value;
    return take_tag(text, name, value) && base::iequals(name, "v") && value == "DMARC1";  // the value is case-sensitive
}

std::optional<DmarcRecord> parse_dmarc_record(std::string_view text, DmarcRfc rfc) {
    if (text.size() > max_dmarc_record_octets || !is_dmarc_record(text)) return std::nullopt;
    DmarcRecord record;
    std::optional<DmarcPolicy> p, sp, np;
    bool understood = true;  // each of them that is there
    const auto policy = [&understood](std::string_view value) {
        const std::optional<DmarcPolicy> named = policy_named(value);
        understood = understood && named.has_value();
        return named;
    };
    std::string_view rest = text;
    base::take_until(rest, ';');
    while (!rest.empty()) {
        std::string_view name, value;
        if (!take_tag(rest, name, value)) continue;
        if (base::iequals(name, "p")) {
            p = policy(value);
        } else if (base::iequals(name, "sp")) {
            sp = policy(value);
        } else if (base::iequals(name, "np") && rfc == DmarcRfc::rfc9989) {
            np = policy(value);
        } else if (base::iequals(name, "adkim")) {
            record.adkim = base::iequals(value, "s") ? DmarcAlignment::strict : DmarcAlignment::relaxed;
        } else if (base::iequals(name, "aspf")) {
            record.aspf = base::iequals(value, "s") ? DmarcAlignment::strict : DmarcAlignment::relaxed;
        } else if (base::iequals(name, "psd")) {
            record.psd = base::iequals(value, "y") ? DmarcPsd::yes : base::iequals(value, "n") ? DmarcPsd::no : DmarcPsd::unstated;
        } else if (base::iequals(name, "t")) {
            record.testing = base::iequals(value, "y");
        } else if (base::iequals(name, "pct")) {
            record.percent = percent_of(value);
        } else if (base::iequals(name, "rua")) {
            record.rua = report_addresses(value);
        } else if (base::iequals(name, "ruf")) {
            record.ruf = report_addresses(value);
        } else if (base::iequals(name, "fo")) {
            record.fo = value;
        }
    }
    // RFC 9989 section 4.10.1, RFC 7489 section 6.6.3. No p= at all is p=none by section 4.7 of the first, and as one that nobody
    // understands by the second.
    if (!understood || (!p && rfc == DmarcRfc::rfc7489)) {
        record.has_policy = !record.rua.empty();
        p = DmarcPolicy::none;
        sp.reset();
        np.reset();
    }
    record.p = p.value_or(DmarcPolicy::none);
    record.sp = sp.value_or(record.p);
    record.np = np.value_or(record.sp);
    return record;
}

}  // namespace exota::authn
