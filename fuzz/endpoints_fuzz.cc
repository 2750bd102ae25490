// Endpoint lists: a list is never empty, holds each prefix once and bounded, and every prefix reads back from its own text. What the rules
// let take the place of another list keeps both of its families, about as large, and holds no prefix that is too short or reaches around
// IPv4. A version document: digits, or an error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "config/endpoint_rules.h"
#include "config/endpoints.h"

namespace {

using namespace exota;

void demand(bool holds) {
    if (!holds) std::abort();
}

/// Microsoft's, as of 2026.
const config::EndpointList& in_use() {
    static const config::EndpointList list = [] {
        config::EndpointList made;
        made.records = 1;
        for (const char* prefix :
             {"40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17", "2a01:111:f400::/48", "2a01:111:f403::/48"})
            made.prefixes.push_back(base::IpPrefix::parse(prefix).value());
        return made;
    }();
    return list;
}

void check_rules(const config::EndpointList& list) {
    const config::EndpointExtent had = config::extent_of(in_use()), has = config::extent_of(list);
    demand(has.ipv4 > 0 || has.ipv6 > 0);
    demand(config::objections_to(list, &list).size() == config::objections_to(list, nullptr).size());  // no list is too unlike itself
    if (!config::objections_to(list, &in_use()).empty()) return;
    demand(has.ipv4 > 0 && has.ipv6 > 0);
    demand(2 * has.ipv4 >= had.ipv4 && has.ipv4 <= 2 * had.ipv4 && 2 * has.ipv6 >= had.ipv6 && has.ipv6 <= 2 * had.ipv6);
    const base::IpAddress any_ipv4 = base::IpAddress::parse("192.0.2.1").value();
    for (const base::IpPrefix& prefix : list.prefixes) {
        const bool ipv4 = prefix.network().is_v4() && prefix.bits() >= 96;
        demand(prefix.bits() >= (ipv4 ? 96 + config::shortest_ipv4_prefix : config::shortest_ipv6_prefix));
        demand(ipv4 || !prefix.contains(any_ipv4));
    }
    const config::EndpointDifference changed = config::difference(in_use(), list);
    demand(list.prefixes.size() + changed.removed.size() == in_use().prefixes.size() + changed.added.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto version = config::parse_endpoint_version(text, "Worldwide"))
        demand(!version->empty() && version->size() <= config::max_version_digits && std::ranges::all_of(*version, base::is_digit));
    const auto list = config::parse_endpoints(text);
    if (!list) {
        demand(!list.error().detail.empty());
        return 0;
    }
    demand(!list->prefixes.empty() && list->records > 0 && list->prefixes.size() <= config::max_endpoint_prefixes);
    for (std::size_t i = 0; i < list->prefixes.size(); ++i) {
        const auto again = base::IpPrefix::parse(list->prefixes[i].text());
        demand(again && *again == list->prefixes[i]);
        const auto end = list->prefixes.begin() + static_cast<std::ptrdiff_t>(i);
        demand(std::find(list->prefixes.begin(), end, list->prefixes[i]) == end);
    }
    check_rules(*list);
    return 0;
}
