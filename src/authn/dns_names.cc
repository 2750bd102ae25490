#include "authn/dns_names.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "mail/domain.h"

namespace exota::authn {

bool is_dns_name(std::string_view name, std::size_t least_labels) noexcept {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > mail::Domain::max_octets || name.front() == '[') return false;
    if (std::ranges::any_of(name, [](char c) { return c < ' ' || c > '~' || c == '\\'; })) return false;
    std::size_t labels = 0;
    for (std::string_view rest = name;;) {
        const std::size_t dot = rest.find('.');
        const std::size_t length = dot == std::string_view::npos ? rest.size() : dot;
        if (length == 0 || length > mail::Domain::max_label_octets) return false;
        ++labels;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    return labels >= least_labels;
}

std::string reverse_name(const base::IpAddress& address) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto& octets = address.octets();
    std::string name;
    for (std::size_t i = octets.size(); i-- > (address.is_v4() ? 12U : 0U);) {
        if (address.is_v4()) {
            name.append(std::to_string(octets[i])).append(1, '.');
        } else {
            const unsigned octet = octets[i];
            for (const unsigned nibble : {octet & 0xfU, octet >> 4U}) name.append({digits[nibble], '.'});
        }
    }
    return name.append(address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

std::optional<base::IpAddress> address_of(std::string_view record) noexcept {
    std::array<std::uint8_t, 16> octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (record.size() != 4 && record.size() != 16) return std::nullopt;
    std::ranges::transform(record, octets.end() - static_cast<std::ptrdiff_t>(record.size()),
                           [](char c) { return static_cast<std::uint8_t>(c); });
    return base::IpAddress::from_octets(octets);
}

}  // namespace exota::authn
