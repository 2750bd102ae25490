// Where an LDAP server is (RFC 4516, as far as it says that): ldap://HOST[:PORT], ldaps://HOST[:PORT], ldapi://%2Frun%2Fslapd%2Fldapi.
//
// Tested by ldap_url_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"

namespace exota::directory {

struct LdapUrl {
    enum class Scheme : std::uint8_t { ldap, ldaps, ldapi } scheme = Scheme::ldap;
    std::string host;  // a name or an address, without brackets; empty: a socket
    std::uint16_t port = 389;
    std::string path;  // of a socket

    /// @return  invalid_data: why it is none. A base, filter or extension behind the server is refused: it would be another setting.
    static base::Result<LdapUrl> parse(std::string_view text);
    /// nullopt: the host is a name.
    std::optional<net::Address> address() const;
    /// In the form above.
    std::string text() const;
};

}  // namespace exota::directory
