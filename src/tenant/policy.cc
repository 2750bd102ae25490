#include "tenant/policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "mail/domain.h"

namespace exota::tenant {
namespace {

constexpr std::array<std::string_view, 4> mode_names{"enforce", "defer", "quarantine", "monitor"};
constexpr std::array<std::string_view, 3> recipient_type_names{"authoritative", "internal-relay", "external-relay"};
constexpr std::array<std::string_view, 2> unit_names{"messages", "recipients"};
constexpr std::uint64_t max_amount = 1'000'000'000'000;

struct Window {
    std::string_view name;
    std::chrono::seconds length;
};
constexpr std::array<Window, 4> windows{{
    {"second", std::chrono::seconds(1)},
    {"minute", std::chrono::minutes(1)},
    {"hour", std::chrono::hours(1)},
    {"day", std::chrono::hours(24)},
}};

/// What recipients_of is in the order of.
std::pair<std::string_view, bool> place_of(const DomainRecipients& entry) noexcept { return {entry.domain, entry.wildcard}; }

base::Result<Limit> no_limit(std::string_view why) {
    return base::fail(base::Errc::invalid_data,
                      std::string(why) + ": write \"1000 messages / hour\" (messages or recipients; second, minute, hour or day)");
}

}  // namespace

std::string_view name_of(Mode mode) noexcept { return mode_names[static_cast<std::size_t>(mode)]; }

std::optional<Mode> mode_named(std::string_view name) noexcept {
    const auto found = std::ranges::find(mode_names, name);
    if (found == mode_names.end()) return std::nullopt;
    return static_cast<Mode>(found - mode_names.begin());
}

std::string_view name_of(RecipientType type) noexcept { return recipient_type_names[static_cast<std::size_t>(type)]; }

std::optional<RecipientType> recipient_type_named(std::string_view name) noexcept {
    const auto found = std::ranges::find(recipient_type_names, name);
    if (found == recipient_type_names.end()) return std::nullopt;
    return static_cast<RecipientType>(found - recipient_type_names.begin());
}

RecipientType Policy::recipients_at(std::string_view canonical_domain) const noexcept {
    const auto entry = [this](std::string_view domain, bool wildcard) -> const DomainRecipients* {
        const auto found = std::ranges::lower_bound(recipients_of, std::pair(domain, wildcard), {}, place_of);
        return found != recipients_of.end() && found->domain == domain && found->wildcard == wildcard ? &*found : nullptr;
    };
    if (recipients_of.empty()) return recipients;
    if (const DomainRecipients* literal = entry(canonical_domain, false)) return literal->type;
    for (std::string_view base = mail::parent_of(canonical_domain); !base.empty(); base = mail::parent_of(base))
        if (const DomainRecipients* wildcard = entry(base, true)) return wildcard->type;
    return recipients;
}

base::Result<Limit> Limit::parse(std::string_view text) {
    std::string_view rest = base::trim(text);
    Limit limit;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), limit.amount);
    if (error == std::errc::result_out_of_range) return no_limit("the amount is too large");
    if (error != std::errc{}) return no_limit("no amount");
    if (limit.amount == 0 || limit.amount > max_amount) return no_limit("the amount is not 1 to 1000000000000");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.find('/') == std::string_view::npos) return no_limit("no '/'");
    const std::string_view unit = base::trim(base::take_until(rest, '/'));
    const std::string_view window = base::trim(rest);
    const auto known_unit = std::ranges::find(unit_names, unit);
    if (known_unit == unit_names.end()) return no_limit("neither messages nor recipients");
    limit.unit = static_cast<LimitUnit>(known_unit - unit_names.begin());
    const auto known_window = std::ranges::find(windows, window, &Window::name);
    if (known_window == windows.end()) return no_limit("unknown length of time");
    limit.window = known_window->length;
    return limit;
}

std::string Limit::text() const {
    std::string out = std::to_string(amount);
    out += ' ';
    out += unit_names[static_cast<std::size_t>(unit)];
    out += " / ";
    const auto known = std::ranges::find(windows, window, &Window::length);
    if (known != windows.end())
        out += known->name;
    else
        out += std::to_string(window.count()) + " seconds";
    return out;
}

}  // namespace exota::tenant
