// Where to listen, as operators write it.
//
//   unix:/path   local:/path   /path          a Unix socket
//   inet:HOST:PORT     inet6:[::1]:PORT       TCP
//   inet:PORT@HOST     inet6:PORT@[::1]       the same as libmilter and the predecessor write it; "inet:PORT" is every address
//   systemd   systemd:NAME                    sockets that systemd opened: all that no other entry names, or those of that name
//   HOST:PORT                                 TCP, in http.listen only
//
// HOST is an address or a name that the system resolves (when the socket is opened); port 0 lets the system choose.
// Tested by endpoint_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::net {

struct Endpoint {
    enum class Kind : std::uint8_t { unix_socket, inet, inet6, activated } kind = Kind::unix_socket;
    std::string path;        // unix_socket
    std::string host;        // inet, inet6: without brackets; empty: every address
    std::uint16_t port = 0;  // inet, inet6
    std::string name;        // activated: empty is all

    /// @return  invalid_data that says what is wrong with the text.
    static base::Result<Endpoint> parse(std::string_view text);
    /// The same, and HOST:PORT without a scheme.
    static base::Result<Endpoint> parse_http(std::string_view text);

    /// TCP on every address of its kind: no host, or the one that is all zeros.
    bool is_every_address() const;
    /// Who listens on this one cannot listen on `other` as well. Names of hosts are not resolved: they differ if their texts do.
    bool excludes(const Endpoint& other) const;
    bool is_tcp() const noexcept { return kind == Kind::inet || kind == Kind::inet6; }
    /// In the first of the forms above.
    std::string text() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// sun_path of Linux, less its final NUL.
inline constexpr std::size_t max_socket_path_octets = 107;

}  // namespace exota::net
