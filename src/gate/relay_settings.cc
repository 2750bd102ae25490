#include "gate/relay_settings.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace exota::gate {
namespace {

using base::Errc;
using base::fail;

constexpr int octet_form_bits = 128, v4_bits_before = 96;

std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

/// A name in its canonical form, or an address without brackets.
base::Result<std::string> read_host(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) {
        const auto address = base::IpAddress::parse(text.substr(1, text.size() - 2));
        if (!address || address->is_v4()) return fail(Errc::invalid_data, "no IPv6 address in the brackets");
        return address->text();
    }
    if (const auto address = base::IpAddress::parse(text)) {
        if (!address->is_v4()) return fail(Errc::invalid_data, "an IPv6 address stands in brackets");
        return address->text();
    }
    const auto name = mail::Domain::parse(text);
    if (!name) return fail(Errc::invalid_data, "no host name: " + name.error().detail);
    return name->text();
}

}  // namespace

base::Result<NextHop> NextHop::parse(std::string_view text) {
    if (text == "mx") return NextHop{};
    if (text.starts_with("mx:")) {
        const auto domain = mail::Domain::parse(text.substr(3));
        if (!domain) return fail(Errc::invalid_data, "no domain behind mx: – " + domain.error().detail);
        return NextHop{Kind::mx_of, domain->text(), smtp_port};
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return fail(Errc::invalid_data, "neither mx, mx:DOMAIN nor HOST:PORT");
    const auto port = read_port(text.substr(colon + 1));
    if (!port) return fail(Errc::invalid_data, "a port is a number from 1 to 65535");
    auto host = read_host(text.substr(0, colon));
    if (!host) return std::unexpected(std::move(host.error()));
    return NextHop{Kind::fixed, *std::move(host), *port};
}

base::Result<XoorgFor> XoorgFor::parse(std::string_view text) {
    std::string_view rest = base::trim(text);
    const std::string_view prefix_text = base::take_until(rest, ' ');
    auto prefix = base::IpPrefix::parse(prefix_text);
    if (!prefix) return std::unexpected(std::move(prefix.error()));
    auto organization = mail::Domain::parse(base::trim(rest));
    if (!organization) return fail(Errc::invalid_data, "no domain name behind the prefix: " + organization.error().detail);
    int bits = octet_form_bits;
    if (const std::size_t slash = prefix_text.find('/'); slash != std::string_view::npos) {
        const std::string_view digits = prefix_text.substr(slash + 1);
        std::from_chars(digits.data(), digits.data() + digits.size(), bits);  // a prefix, so it is a number
        if (prefix_text.find(':') == std::string_view::npos) bits += v4_bits_before;
    }
    return XoorgFor{*std::move(prefix), *std::move(organization), bits};
}

const mail::Domain* organization_for(const std::vector<XoorgFor>& entries, const base::IpAddress& client) noexcept {
    const XoorgFor* best = nullptr;
    for (const XoorgFor& entry : entries)
        if (entry.clients.contains(client) && (best == nullptr || entry.bits > best->bits)) best = &entry;
    return best != nullptr ? &best->organization : nullptr;
}

}  // namespace exota::gate
