#include "gate/mail_hosts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "mail/domain.h"

namespace exota::gate {
namespace {

using authn::DnsAnswer;
using authn::DnsStatus;
using authn::RecordType;

struct Mx {
    unsigned preference = 0;
    std::string name;
    friend auto operator<=>(const Mx&, const Mx&) = default;
};

bool is_unspecified(const base::IpAddress& address) noexcept {
    const auto& octets = address.octets();
    return address.is_v4() ? octets[12] == 0 : std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

bool is_loopback(const base::IpAddress& address) noexcept {
    const auto& octets = address.octets();
    return address.is_v4() ? octets[12] == 127
                           : octets.back() == 1 && std::all_of(octets.begin(), octets.end() - 1, [](std::uint8_t o) { return o == 0; });
}

/// Mail that is sent there comes back to us.
bool is_ourselves(const base::IpAddress& address, std::span<const base::IpAddress> own) noexcept {
    return is_loopback(address) || is_unspecified(address) || std::ranges::find(own, address) != own.end();
}

/// No host of the internet has such an address: link-local, multicast, broadcast.
bool leads_nowhere(const base::IpAddress& address) noexcept {
    const auto& octets = address.octets();
    if (address.is_v4()) return (octets[12] == 169 && octets[13] == 254) || octets[12] >= 224;
    return (octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80) || octets[0] == 0xff;
}

bool failed(const DnsAnswer& answer) noexcept { return answer.status == DnsStatus::temporary_failure || answer.status == DnsStatus::bogus; }

/// The better ones first; of several with one preference, that whose turn it is.
std::vector<Mx> in_order(const DnsAnswer& answer, std::uint32_t turn) {
    std::vector<Mx> all;
    for (const std::string& record : answer.records) {
        const auto octet = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(record[at])); };
        if (record.size() < 2) continue;
        all.push_back({octet(0) << 8 | octet(1), record.substr(2)});
    }
    std::ranges::sort(all);
    for (auto group = all.begin(); group != all.end();) {
        const auto end = std::ranges::find_if(group, all.end(), [&](const Mx& mx) { return mx.preference != group->preference; });
        std::rotate(group, group + static_cast<std::ptrdiff_t>(turn % static_cast<std::uint32_t>(end - group)), end);
        group = end;
    }
    return all;
}

/// A host as DNS knows it. Both families by turns, IPv6 first: where there is no route for it that is found out at once.
struct Looked {
    MailHost host;
    bool pending = false, failed = false;
};
Looked look_up(std::string name, authn::Dns& dns) {
    const DnsAnswer* const six = dns.ask(name, RecordType::aaaa);
    const DnsAnswer* const four = dns.ask(name, RecordType::a);
    Looked looked{.host = {.name = name, .canonical_name = name, .secure = true, .addresses = {}}};
    looked.pending = six == nullptr || four == nullptr;
    if (looked.pending) return looked;
    for (const DnsAnswer* answer : {six, four}) {
        looked.failed = looked.failed || failed(*answer);
        if (answer->status != DnsStatus::data) continue;
        looked.host.secure = looked.host.secure && answer->secure;
        if (!answer->canonical_name.empty()) looked.host.canonical_name = answer->canonical_name;
    }
    for (std::size_t i = 0; i < std::max(six->records.size(), four->records.size()); ++i)
        for (const DnsAnswer* answer : {six, four})
            if (answer->status == DnsStatus::data && i < answer->records.size() && looked.host.addresses.size() < max_host_addresses)
                looked.host.addresses.push_back(address_of(answer->records[i]));
    looked.host.secure = looked.host.secure && !looked.host.addresses.empty();
    return looked;
}

/// A host that is an address.
MailHost literal(const base::IpAddress& address) { return {address.text(), address.text(), false, {address}}; }

std::optional<MailHosts> find_fixed(const Destination& destination, authn::Dns& dns, std::span<const OwnSocket> own) {
    const auto address = base::IpAddress::parse(destination.name);
    Looked looked = address ? Looked{.host = literal(*address)} : look_up(destination.name, dns);
    if (looked.pending) return std::nullopt;
    const std::size_t ours = std::erase_if(looked.host.addresses, [&](const base::IpAddress& one) {
        return std::ranges::find(own, OwnSocket{one, destination.port}) != own.end();
    });
    if (!looked.host.addresses.empty()) return std::vector{std::move(looked.host)};
    if (ours != 0) return std::unexpected(reply::mail_loop);
    return std::unexpected(looked.failed ? reply::dns_failed : reply::mx_without_address);
}

/// @param sorted  by preference. Without an MX: the domain itself.
std::optional<MailHosts> find_usable(const std::vector<Mx>& sorted, authn::Dns& dns, std::span<const base::IpAddress> own, bool is_mx) {
    std::vector<Looked> looked;
    for (const Mx& mx : sorted) looked.push_back(look_up(mx.name, dns));
    if (std::ranges::any_of(looked, &Looked::pending)) return std::nullopt;

    const auto ours = std::ranges::find_if(looked, [&](const Looked& one) {
        return std::ranges::any_of(one.host.addresses, [&](const base::IpAddress& address) { return is_ourselves(address, own); });
    });
    const unsigned limit = ours != looked.end() ? sorted[static_cast<std::size_t>(ours - looked.begin())].preference : UINT32_MAX;
    std::vector<MailHost> hosts;
    bool some_failed = false, some_left_out = ours != looked.end();
    for (std::size_t i = 0; i < looked.size() && sorted[i].preference < limit; ++i) {
        some_failed = some_failed || looked[i].failed;
        some_left_out = std::erase_if(looked[i].host.addresses, leads_nowhere) != 0 || some_left_out;
        if (!looked[i].host.addresses.empty()) hosts.push_back(std::move(looked[i].host));
    }
    if (!hosts.empty()) return hosts;
    if (some_failed) return std::unexpected(reply::dns_failed);
    if (some_left_out) return std::unexpected(reply::mail_loop);
    return std::unexpected(is_mx ? reply::mx_without_address : reply::no_mail_host);
}

std::optional<MailHosts> find_mx(const std::string& domain, authn::Dns& dns, std::span<const base::IpAddress> own, std::uint32_t turn) {
    if (const auto address = base::IpAddress::parse(domain)) {
        if (!may_be_dialled(*address, own)) return std::unexpected(reply::mail_loop);
        return std::vector{literal(*address)};
    }
    const DnsAnswer* const answer = dns.ask(domain, RecordType::mx);
    if (answer == nullptr) return std::nullopt;
    if (failed(*answer)) return std::unexpected(reply::dns_failed);
    if (answer->status == DnsStatus::nxdomain) return std::unexpected(reply::no_such_domain);
    if (answer->status == DnsStatus::no_data) return find_usable({{0, domain}}, dns, own, false);
    std::vector<Mx> sorted = in_order(*answer, turn);
    // Among others a null MX means nothing (RFC 7505 section 3 forbids it).
    std::erase_if(sorted, [](const Mx& mx) { return mx.name.empty(); });
    if (sorted.empty()) return std::unexpected(reply::null_mx);
    if (sorted.size() > max_mail_hosts) sorted.resize(max_mail_hosts);
    return find_usable(sorted, dns, own, true);
}

}  // namespace

base::IpAddress address_of(std::string_view record) noexcept {
    std::array<std::uint8_t, 16> octets{};
    if (record.size() == 4) octets[10] = octets[11] = 0xff;
    std::copy(record.begin(), record.end(), octets.end() - static_cast<std::ptrdiff_t>(record.size()));
    return base::IpAddress::from_octets(octets);
}

bool may_be_dialled(const base::IpAddress& address, std::span<const base::IpAddress> own) noexcept {
    return !is_ourselves(address, own) && !leads_nowhere(address);
}

std::optional<Destination> destination_of(const NextHop& next_hop, std::string_view recipient_domain) {
    if (next_hop.kind == NextHop::Kind::fixed) return Destination{Destination::Kind::fixed, next_hop.host, next_hop.port};
    if (next_hop.kind == NextHop::Kind::mx_of) return Destination{Destination::Kind::mx, next_hop.host, smtp_port};
    if (recipient_domain.starts_with('[') && recipient_domain.ends_with(']')) {
        const auto address = base::IpAddress::parse(recipient_domain.substr(1, recipient_domain.size() - 2));
        if (!address) return std::nullopt;
        return Destination{Destination::Kind::mx, address->text(), smtp_port};
    }
    const auto domain = mail::Domain::parse(recipient_domain);
    if (!domain) return std::nullopt;
    return Destination{Destination::Kind::mx, domain->text(), smtp_port};
}

std::optional<MailHosts> find_mail_hosts(const Destination& destination, authn::Dns& dns, const OwnPlaces& own, std::uint32_t turn) {
    return destination.kind == Destination::Kind::fixed ? find_fixed(destination, dns, own.sockets)
                                                        : find_mx(destination.name, dns, own.addresses, turn);
}

}  // namespace exota::gate
