// XCLIENT (Postfix, XCLIENT_README): tells a backend whose session this is in truth.
//
// LOGIN is never written: nobody logs in at a gateway, and a backend would trust it.
//
// Tested by xclient_test.cc and fuzz/smtp_reply_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace exota::smtp {

/// The attribute names that a server takes, from the line of its EHLO reply.
struct XclientNames {
    bool name = false, addr = false, port = false, proto = false, helo = false;
    /// @param words  behind the keyword: names in any letter case, parted by blanks. Others are of no interest.
    static XclientNames parse(std::string_view words) noexcept;
    friend bool operator==(const XclientNames&, const XclientNames&) = default;
};

struct XclientFacts {
    enum class NameState : std::uint8_t { known, unavailable, temporarily_unavailable };
    NameState name_state = NameState::unavailable;
    std::string_view name;                   // the forward-confirmed reverse name, where it is known
    std::optional<base::IpAddress> address;  // none: it came by a Unix socket
    std::uint16_t port = 0;
    bool extended = true;   // the client said EHLO
    std::string_view helo;  // its last; empty: none
};

inline constexpr std::size_t max_xclient_octets = 512;  // of a command with its CRLF, as the document asks

/// The commands with their CRLF, each to be sent when the one before was answered by 220: one, or two where one would be too long.
/// Attributes that the server does not name are left out. A name or HELO that takes more than 255 octets
/// as xtext is [UNAVAILABLE].
/// @return  empty if the server does not take ADDR: then our own address would stand for the client's, so it must not be used.
std::vector<std::string> xclient_commands(const XclientNames& taken, const XclientFacts& facts);

}  // namespace exota::smtp
