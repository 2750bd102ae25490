#include "config/endpoint_rules.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "base/joined.h"

namespace exota::config {
namespace {

using base::IpPrefix;

constexpr int ipv4_bits = 96;  // of the form of 16 octets, before an IPv4 address

bool is_ipv4(const IpPrefix& prefix) noexcept { return prefix.bits() >= ipv4_bits && prefix.network().is_v4(); }

/// One of IPv6 that reaches around the place of IPv4 addresses among those of 16 octets.
bool holds_all_of_ipv4(const IpPrefix& prefix) { return !is_ipv4(prefix) && prefix.overlaps(*IpPrefix::parse("0.0.0.0/0")); }

std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept {
    return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

std::uint64_t power_of_two(int exponent) noexcept {
    return exponent >= 64 ? std::numeric_limits<std::uint64_t>::max() : std::uint64_t{1} << exponent;
}

bool same_network_of_64_bits(const IpPrefix& a, const IpPrefix& b) noexcept {
    const auto &first = a.network().octets(), &second = b.network().octets();
    return std::equal(first.begin(), first.begin() + 8, second.begin());
}

/// Not of the internet, by RFC 6890; what is for documents (192.0.2.0/24 ...) is nobody's and does no harm.
bool is_of_no_internet(const IpPrefix& prefix) {
    static const auto ranges = [] {
        std::array<IpPrefix, 14> out;
        constexpr std::array<std::string_view, 14> texts{
            "0.0.0.0/8",   "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
            "224.0.0.0/3", "::/96",      "64:ff9b::/96",  "64:ff9b:1::/48", "fc00::/7",       "fe80::/10",     "ff00::/8"};
        std::ranges::transform(texts, out.begin(), [](std::string_view text) { return *IpPrefix::parse(text); });
        return out;
    }();
    return std::ranges::any_of(ranges, [&](const IpPrefix& range) { return range.overlaps(prefix); });
}

/// Those that lie in no other, by address: apart from each other.
std::vector<IpPrefix> outermost(std::vector<IpPrefix> prefixes) {
    std::ranges::sort(prefixes, [](const IpPrefix& a, const IpPrefix& b) {
        return a.network() != b.network() ? a.network() < b.network() : a.bits() < b.bits();
    });
    // Two prefixes are one within the other, or apart: so each needs to be compared with the last that was kept only.
    std::vector<IpPrefix> out;
    for (const IpPrefix& prefix : prefixes)
        if (out.empty() || !out.back().contains(prefix.network())) out.push_back(prefix);
    return out;
}

/// What both lists hold.
EndpointExtent common_extent(const EndpointList& a, const EndpointList& b) {
    const std::vector<IpPrefix> first = outermost(a.prefixes), second = outermost(b.prefixes);
    EndpointList common;
    const auto take_within = [&common](const std::vector<IpPrefix>& these, const std::vector<IpPrefix>& those) {
        for (const IpPrefix& prefix : these) {
            const auto after = std::ranges::upper_bound(those, prefix.network(), {}, &IpPrefix::network);
            if (after == those.begin()) continue;
            const IpPrefix& before = *std::prev(after);
            if (before.bits() <= prefix.bits() && before.contains(prefix.network())) common.prefixes.push_back(prefix);
        }
    };
    take_within(first, second);
    take_within(second, first);
    return extent_of(common);
}

void object_to_extent(const std::string& unit, std::uint64_t before, std::uint64_t after, std::uint64_t kept, std::uint64_t most,
                      std::vector<std::string>& objections) {
    if (before <= most && after > most)
        objections.push_back("it has " + std::to_string(after) + ' ' + unit + ", more than " + std::to_string(most) + " in all");
    if (before == 0) return;
    if (after == 0) return objections.push_back("it has no " + unit + " any more");
    const auto of = [&] { return std::to_string(after) + ' ' + unit + " instead of " + std::to_string(before); };
    // Without 2 * n, which might not fit.
    if (after < before - before / 2)
        objections.push_back("it has " + of() + ", less than half");
    else if (before < after - after / 2)
        objections.push_back("it has " + of() + ", more than twice as many");
    else if (kept < before - before / 2)
        objections.push_back("of " + std::to_string(before) + ' ' + unit + " it keeps " + std::to_string(kept) + ", less than half");
}

}  // namespace

EndpointExtent extent_of(const EndpointList& list) {
    EndpointExtent extent;
    const std::vector<IpPrefix> prefixes = outermost(list.prefixes);
    const IpPrefix* last = nullptr;
    for (const IpPrefix& prefix : prefixes) {
        const bool counted_already =
            last && !is_ipv4(*last) && !is_ipv4(prefix) && prefix.bits() > 64 && same_network_of_64_bits(*last, prefix);
        last = &prefix;
        if (is_ipv4(prefix))
            extent.ipv4 = sum(extent.ipv4, power_of_two(128 - prefix.bits()));
        else if (!counted_already)
            extent.ipv6 = sum(extent.ipv6, power_of_two(std::max(0, 64 - prefix.bits())));
    }
    return extent;
}

std::vector<std::string> objections_to(const EndpointList& list, const EndpointList* before) {
    std::vector<std::string> objections;
    for (const IpPrefix& prefix : list.prefixes) {
        const int shortest = is_ipv4(prefix) ? ipv4_bits + shortest_ipv4_prefix : shortest_ipv6_prefix;
        if (prefix.bits() < shortest)
            objections.push_back(prefix.text() + " is shorter than /" +
                                 std::to_string(is_ipv4(prefix) ? shortest_ipv4_prefix : shortest_ipv6_prefix));
        else if (holds_all_of_ipv4(prefix))
            objections.push_back(prefix.text() + " holds every IPv4 address");
    }
    if (!before) return objections;
    if (std::ranges::none_of(before->prefixes, &is_of_no_internet))
        for (const IpPrefix& prefix : list.prefixes)
            if (is_of_no_internet(prefix)) objections.push_back(prefix.text() + " is not of the public internet");
    const EndpointExtent had = extent_of(*before), has = extent_of(list), kept = common_extent(*before, list);
    object_to_extent("IPv4 addresses", had.ipv4, has.ipv4, kept.ipv4, most_ipv4_addresses, objections);
    object_to_extent("IPv6 networks (/64)", had.ipv6, has.ipv6, kept.ipv6, most_ipv6_networks, objections);
    return objections;
}

std::string text_of_objections(const std::vector<std::string>& objections) {
    constexpr std::size_t most = 5;
    const std::size_t shown = std::min(objections.size(), most);
    const std::string text = base::joined(std::span(objections).first(shown), "; ");
    return shown == objections.size() ? text : text + "; and " + std::to_string(objections.size() - shown) + " more";
}

EndpointDifference difference(const EndpointList& before, const EndpointList& after) {
    const auto without = [](const EndpointList& list, const EndpointList& other) {
        std::vector<IpPrefix> out;
        for (const IpPrefix& prefix : list.prefixes)
            if (std::ranges::find(other.prefixes, prefix) == other.prefixes.end()) out.push_back(prefix);
        return out;
    };
    return {.added = without(after, before), .removed = without(before, after)};
}

}  // namespace exota::config
