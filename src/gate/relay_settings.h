// What an operator sets of a gateway towards Exchange: a section [gateway.NAME] with direction = "to-exchange".
// docs/reference/settings.md has each key.
//
// Tested by relay_settings_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "gate/section_settings.h"
#include "mail/domain.h"

namespace exota::gate {

inline constexpr std::uint16_t smtp_port = 25;

/// Where mail goes: `next_hop`.
struct NextHop {
    enum class Kind : std::uint8_t {
        mx,     // to the MX hosts of the recipient's domain
        mx_of,  // to those of `host`
        fixed,  // to `host` itself
    };
    Kind kind = Kind::mx;
    std::string host{};  // a domain name in its canonical form; of `fixed` also an address, without brackets
    std::uint16_t port = smtp_port;

    /// "mx", "mx:DOMAIN", "HOST:PORT", "192.0.2.1:PORT", "[2001:db8::1]:PORT".
    static base::Result<NextHop> parse(std::string_view text);
    friend bool operator==(const NextHop&, const NextHop&) = default;
};

enum class RelayProtocol : std::uint8_t { smtp, lmtp };
/// What a connection to a next hop must show. dane: RFC 7672, and where a domain has no TLSA, `tls_fallback`. With each of them MTA-STS (if
/// on) asks for more where no TLSA can be used.
enum class TlsLevel : std::uint8_t { may, encrypt, verify, dane, dane_only };
/// What is done where we would say XOORG= and the next hop does not announce it.
enum class XoorgUnannounced : std::uint8_t { send, defer };

/// The organisation that is named for a client: one entry of `xoorg_for`.
struct XoorgFor {
    base::IpPrefix clients;
    mail::Domain organization;
    int bits = 0;  // of the prefix, in the form that both versions share: the longest match counts

    /// "CLIENT-PREFIX ORGANISATION".
    static base::Result<XoorgFor> parse(std::string_view text);
    friend bool operator==(const XoorgFor&, const XoorgFor&) = default;
};
/// nullptr: none.
const mail::Domain* organization_for(const std::vector<XoorgFor>& entries, const base::IpAddress& client) noexcept;

/// Whoever connects there reaches us. Every address of the host is one entry each.
struct OwnSocket {
    base::IpAddress address;
    std::uint16_t port = 0;
    friend bool operator==(const OwnSocket&, const OwnSocket&) = default;
};

/// `dial_timeout` is for each reply to EHLO and STARTTLS as well, and for the handshake.
struct RelaySettings : SectionSettings {
    RelayProtocol protocol = RelayProtocol::smtp;
    std::vector<base::IpPrefix> clients{base::IpPrefix::parse("127.0.0.0/8").value(), base::IpPrefix::parse("::1").value()};

    NextHop next_hop;
    bool has_certificate = false;  // there is one of ours
    TlsLevel tls_level = TlsLevel::dane;
    TlsLevel tls_fallback = TlsLevel::encrypt;  // may, encrypt, verify
    bool mta_sts = true;
    std::string mta_sts_directory = "/var/lib/exota/mta-sts";
    std::vector<XoorgFor> xoorg_for;
    XoorgUnannounced xoorg_unannounced = XoorgUnannounced::send;
    std::vector<base::IpAddress> own_addresses;  // the host's as well: never dialled by MX
    std::vector<OwnSocket> own_sockets;          // on which this program listens by TCP: never dialled at all

    std::chrono::milliseconds hop_timeout{300'000};  // for each reply of a next hop from MAIL on; twice that for the one to a message
    std::chrono::milliseconds data_reply_timeout{110'000};  // for that to DATA: clients wait two minutes (RFC 5321 section 4.5.3.2.4)
    /// For our reply to a recipient that is not held, whatever steps it takes: clients wait five minutes (RFC 5321 section 4.5.3.2.3).
    std::chrono::milliseconds recipient_timeout{270'000};
    std::chrono::milliseconds find_timeout{90'000};       // for DNS and the policy of one domain, and for tenants
    std::chrono::milliseconds connect_timeout{240'000};   // for finding a next hop and all connections that are tried, together
    std::chrono::milliseconds delivery_timeout{540'000};  // LMTP: for all next hops of a message together
    std::chrono::milliseconds reuse_timeout{30'000};      // a connection to a next hop without work
    std::size_t reuse_messages = 20;                      // that go over one
};

}  // namespace exota::gate
