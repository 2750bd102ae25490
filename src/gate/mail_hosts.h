// Which hosts take the mail for a destination, and at which addresses (RFC 5321 section 5.1, RFC 7505).
//
// A pure function of the DNS answers known so far, as verification is (authn/dns.h): what is missing is noted as pending.
//
// Nothing that DNS says lets us dial ourselves: where an MX host has an address of ours, or loopback, it and all that are not better than
// it are left out. Only a next hop that the operator names himself may be anywhere, but for the sockets that we listen on: a name may lead
// to another host today than when the configuration was read.
//
// Tested by mail_hosts_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dns.h"
#include "base/ip.h"
#include "base/result.h"
#include "gate/relay_settings.h"
#include "wire/smtp/reply.h"

namespace exota::gate {

inline constexpr std::size_t max_mail_hosts = 20;      // of one destination that are asked for, the best first
inline constexpr std::size_t max_host_addresses = 16;  // of one host that are tried

namespace reply {
inline constexpr smtp::FixedReply null_mx{556, "5.1.10", "This domain takes no mail (null MX)"};
inline constexpr smtp::FixedReply no_such_domain{550, "5.1.2", "No such domain"};
inline constexpr smtp::FixedReply no_mail_host{550, "5.1.2", "This domain has no mail server"};
inline constexpr smtp::FixedReply dns_failed{451, "4.4.3", "DNS failed; try again"};
inline constexpr smtp::FixedReply mx_without_address{451, "4.4.4", "No mail server of this domain has an address; try again"};
inline constexpr smtp::FixedReply mail_loop{554, "5.4.6", "Mail for this domain would come back to us"};
}  // namespace reply

struct MailHost {
    std::string name;            // lower case; an address in the form of NextHop::host
    std::string canonical_name;  // to which its CNAMEs lead; else the name
    bool secure = false;         // the addresses were validated by DNSSEC
    std::vector<base::IpAddress> addresses;
};

/// Where a recipient's mail goes. Two recipients go the same way if these are equal.
struct Destination {
    enum class Kind : std::uint8_t { mx, fixed };
    Kind kind = Kind::mx;
    std::string name{};  // a domain or host name, canonical, or an address
    std::uint16_t port = smtp_port;
    friend bool operator==(const Destination&, const Destination&) = default;
};
/// @param recipient_domain  of a forward path: a name, an address literal with its brackets, or empty (Postmaster).
/// @return                  nullopt: a recipient that names no domain has no MX.
std::optional<Destination> destination_of(const NextHop& next_hop, std::string_view recipient_domain);

/// @param record  of type A or AAAA, as DnsAnswer::records has it.
base::IpAddress address_of(std::string_view record) noexcept;
/// False: no name of others may lead us there: loopback, unspecified, link-local, multicast, or one of `own`.
bool may_be_dialled(const base::IpAddress& address, std::span<const base::IpAddress> own) noexcept;

/// Where mail would come back to us.
struct OwnPlaces {
    std::span<const base::IpAddress> addresses;  // by MX
    std::span<const OwnSocket> sockets;          // whoever names them
};

using MailHosts = std::expected<std::vector<MailHost>, smtp::FixedReply>;
/// @param own   of this host.
/// @param turn  varies from one delivery to the next: which of several hosts of one preference is the first.
/// @return      nullopt: questions are pending. The hosts, in the order in which they are to be tried; each has an address.
std::optional<MailHosts> find_mail_hosts(const Destination& destination, authn::Dns& dns, const OwnPlaces& own, std::uint32_t turn);

}  // namespace exota::gate
