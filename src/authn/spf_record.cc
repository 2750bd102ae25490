#include "authn/spf_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "authn/spf_macro.h"
#include "base/text.h"
#include "base/utf8.h"

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::string_view version = "v=spf1";

constexpr std::array<std::pair<std::string_view, SpfMechanism>, 8> mechanisms{{
    {"all", SpfMechanism::all},
    {"include", SpfMechanism::include},
    {"a", SpfMechanism::a},
    {"mx", SpfMechanism::mx},
    {"ptr", SpfMechanism::ptr},
    {"ip4", SpfMechanism::ip4},
    {"ip6", SpfMechanism::ip6},
    {"exists", SpfMechanism::exists},
}};

/// name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
bool is_modifier_name(std::string_view name) noexcept {
    return !name.empty() && base::is_alpha(name.front()) &&
           std::ranges::all_of(name, [](char c) { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

/// "0" or a number without leading zeros, at most `most`.
std::optional<int> prefix_length(std::string_view digits, int most) noexcept {
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0') || !std::ranges::all_of(digits, base::is_digit))
        return std::nullopt;
    int value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value <= most ? std::optional(value) : std::nullopt;
}

constexpr bool ends_in_number(std::string_view text, std::size_t& slash) noexcept {
    std::size_t digits = text.size();
    while (digits > 0 && base::is_digit(text[digits - 1])) --digits;
    if (digits == 0 || text[digits - 1] != '/') return false;
    slash = digits - 1;
    return true;
}

/// Takes [ "/" ip4-length ] [ "//" ip6-length ] off the end of `text` (dual-cidr-length of section 5.6).
bool take_dual_cidr(std::string_view& text, SpfTerm& term) noexcept {
    std::size_t slash = 0;
    if (ends_in_number(text, slash) && slash > 0 && text[slash - 1] == '/') {
        const auto bits = prefix_length(text.substr(slash + 1), 128);
        if (!bits) return false;
        term.ip6_bits = *bits;
        text = text.substr(0, slash - 1);
    }
    if (ends_in_number(text, slash)) {
        const auto bits = prefix_length(text.substr(slash + 1), 32);
        if (!bits) return false;
        term.ip4_bits = *bits;
        text = text.substr(0, slash);
    }
    return true;
}

/// ip4 and ip6: an address with one prefix length.
bool read_network(std::string_view text, SpfTerm& term) {
    const bool four = term.mechanism == SpfMechanism::ip4;
    std::string_view length = text;
    const std::string_view address = base::take_until(length, '/');
    if (address.size() != text.size()) {
        const auto bits = prefix_length(length, four ? 32 : 128);
        if (!bits) return false;
        (four ? term.ip4_bits : term.ip6_bits) = *bits;
    }
    const auto parsed = base::IpAddress::parse(address);
    if (!parsed || base::istarts_with(address, "ipv6:")) return false;
    if (four != (address.find(':') == std::string_view::npos)) return false;
    term.network = *parsed;
    return true;
}

/// What follows the mechanism's name: nothing, ":" domain-spec, cidr lengths, as the mechanism wants it.
bool read_argument(std::string_view argument, SpfTerm& term) {
    const bool has_colon = argument.starts_with(':');
    const bool optional_domain =
        term.mechanism == SpfMechanism::a || term.mechanism == SpfMechanism::mx || term.mechanism == SpfMechanism::ptr;
    switch (term.mechanism) {
        case SpfMechanism::all:
            return argument.empty();
        case SpfMechanism::ip4:
        case SpfMechanism::ip6:
            return has_colon && read_network(argument.substr(1), term);
        case SpfMechanism::a:
        case SpfMechanism::mx:
            if (!take_dual_cidr(argument, term)) return false;
            break;
        default:
            break;
    }
    if (argument.empty()) return optional_domain;
    if (!has_colon) return false;
    argument.remove_prefix(1);
    if (!is_domain_spec(argument)) return false;
    term.domain_spec = argument;
    return true;
}

std::optional<SpfTerm> read_mechanism(std::string_view text) {
    SpfTerm term;
    term.text = text;
    constexpr std::string_view qualifiers = "+-~?";
    if (const std::size_t q = text.empty() ? std::string_view::npos : qualifiers.find(text.front()); q != std::string_view::npos) {
        term.qualifier = static_cast<SpfQualifier>(q);
        text.remove_prefix(1);
    }
    const std::string_view name = text.substr(0, text.find_first_of(":/"));
    const auto known = std::ranges::find_if(mechanisms, [&](const auto& entry) { return base::iequals(entry.first, name); });
    if (known == mechanisms.end()) return std::nullopt;
    term.mechanism = known->second;
    if (!read_argument(text.substr(name.size()), term)) return std::nullopt;
    return term;
}

}  // namespace

bool is_spf_record(std::string_view text) noexcept {
    return base::istarts_with(text, version) && (text.size() == version.size() || text[version.size()] == ' ');
}

Result<SpfRecord> parse_spf_record(std::string_view text) {
    if (!is_spf_record(text)) return fail(Errc::invalid_data, "does not begin with v=spf1");
    if (text.size() > max_spf_record_octets) return fail(Errc::too_long, "SPF record of more than 16 KiB");
    SpfRecord record;
    bool has_redirect = false, has_explanation = false;
    for (std::string_view rest = text.substr(version.size()); !rest.empty();) {
        const std::string_view word = base::take_until(rest, ' ');
        if (word.empty()) continue;
        if (!std::ranges::all_of(word, [](char c) { return c > 0x20 && c < 0x7f; }))
            return fail(Errc::invalid_data, "SPF record is not plain ASCII");
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        if (equals != std::string_view::npos && is_modifier_name(name)) {
            const std::string_view value = word.substr(equals + 1);
            const bool redirect = base::iequals(name, "redirect"), explanation = base::iequals(name, "exp");
            if (redirect || explanation) {
                if (std::exchange(redirect ? has_redirect : has_explanation, true))
                    return fail(Errc::invalid_data, "modifier twice: " + std::string(name));
                if (!is_domain_spec(value)) return fail(Errc::invalid_data, "bad domain-spec: " + std::string(word));
                (redirect ? record.redirect : record.explanation) = value;
            } else if (!is_macro_string(value, SpfMacroUse::explanation)) {  // any macro letter is right in a modifier nobody knows
                return fail(Errc::invalid_data, "bad macro: " + std::string(word));
            }
            continue;
        }
        std::optional<SpfTerm> term = read_mechanism(word);
        if (!term) return fail(Errc::invalid_data, "bad term: " + std::string(base::truncate_utf8(word, 80)));
        if (record.terms.size() == max_spf_terms) return fail(Errc::too_long, "SPF record of more than 512 terms");
        record.terms.push_back(std::move(*term));
    }
    return record;
}

}  // namespace exota::authn
