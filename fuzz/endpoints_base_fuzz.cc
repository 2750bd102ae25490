// FILE.base, from which a row of endpoint lists began: whatever lies there is none, or a base that is bounded, is written and read again as
// it is, and that lists can be compared with. And what is written of any list is read again as that.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "config/endpoint_rules.h"
#include "draw.h"
#include "programs/endpoints_base.h"
#include "property.h"

namespace {

using namespace exota;

void reads_again(const programs::EndpointsBase& base) {
    const auto again = programs::endpoints_base_of(programs::text_of(base));
    fuzz::require(again.has_value(), "what was written is read");
    fuzz::require(again->list.prefixes == base.list.prefixes && again->written == base.written && again->changed == base.changed,
                  "it is what was written");
}

/// An address, or what holds the 8, 16 … 128 bits before the rest of it.
base::IpPrefix prefix_of(fuzz::Draw& draw) {
    std::array<std::uint8_t, 16> octets{};
    const std::size_t given = 1 + draw.below(octets.size());
    std::generate_n(octets.begin(), given, [&] { return draw.octet(); });
    const base::IpAddress network = base::IpAddress::from_octets(octets);
    // IPv4 has its own lengths: there it is the address alone.
    const std::string length = network.is_v4() ? "" : '/' + std::to_string(8 * given);
    return base::IpPrefix::parse(network.text() + length).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto base = programs::endpoints_base_of({reinterpret_cast<const char*>(data), size})) {
        fuzz::require(!base->list.prefixes.empty() && base->list.prefixes.size() <= config::max_endpoint_prefixes, "bounded prefixes");
        fuzz::require(!base->written.empty() && base->written.find('\n') == std::string::npos, "a word for what was written");
        fuzz::require(base->changed.count() >= 0, "no time from which the way to now has no number");
        reads_again(*base);
        fuzz::require(config::objections_to(base->list, &base->list).size() == config::objections_to(base->list, nullptr).size(),
                      "no list is too unlike itself");
    }
    fuzz::Draw draw(data, size);
    programs::EndpointsBase made{.list = {}, .written = "0123", .changed = std::chrono::seconds(1'764'000'000 + draw.octet())};
    for (std::size_t left = 1 + draw.below(8); left > 0; --left) made.list.prefixes.push_back(prefix_of(draw));
    reads_again(made);
    return 0;
}
