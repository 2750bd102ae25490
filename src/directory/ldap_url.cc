#include "directory/ldap_url.h"

#include <charconv>
#include <utility>

#include "base/text.h"
#include "directory/host_port.h"
#include "net/endpoint.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view default_socket = "/var/run/slapd/ldapi";

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned value = 0;
        if (i + 2 >= text.size()) return std::nullopt;
        const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
        if (error != std::errc() || end != text.data() + i + 3 || value == 0) return std::nullopt;
        out += static_cast<char>(value);
        i += 2;
    }
    return out;
}

}  // namespace

base::Result<LdapUrl> LdapUrl::parse(std::string_view text) {
    LdapUrl url;
    const std::size_t colon = text.find("://");
    const std::string_view scheme = text.substr(0, colon == std::string_view::npos ? 0 : colon);
    if (base::iequals(scheme, "ldaps"))
        url.scheme = Scheme::ldaps;
    else if (base::iequals(scheme, "ldapi"))
        url.scheme = Scheme::ldapi;
    else if (!base::iequals(scheme, "ldap"))
        return fail(Errc::invalid_data, "must begin with ldap://, ldaps:// or ldapi://");
    std::string_view rest = text.substr(colon + 3);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.find_first_of("/?# @") != std::string_view::npos)
        return fail(Errc::invalid_data, "has more than a server: the base and the filter are settings of their own");

    if (url.scheme == Scheme::ldapi) {
        url.port = 0;
        const auto path = percent_decoded(rest);
        if (!path) return fail(Errc::invalid_data, "the path of the socket is to be written with %2F for each slash");
        url.path = path->empty() ? std::string(default_socket) : *path;
        if (!url.path.starts_with('/')) return fail(Errc::invalid_data, "the path of the socket must be absolute");
        if (url.path.size() > net::max_socket_path_octets) return fail(Errc::too_long, "the path of the socket is too long");
        return url;
    }

    url.port = url.scheme == Scheme::ldaps ? 636 : 389;
    auto server = parse_host_port(rest, url.port);
    if (!server) return std::unexpected(std::move(server.error()));
    url.host = std::move(server->host);
    url.port = server->port;
    return url;
}

std::optional<net::Address> LdapUrl::address() const {
    if (scheme == Scheme::ldapi) return net::Address::of_socket(path);
    const auto ip = base::IpAddress::parse(host);
    return ip ? std::optional(net::Address::of(*ip, port)) : std::nullopt;
}

std::string LdapUrl::text() const {
    if (scheme == Scheme::ldapi) {
        std::string out = "ldapi://";
        for (const char c : path) out += c == '/' ? std::string("%2F") : std::string(1, c);
        return out;
    }
    const bool bracket = host.find(':') != std::string::npos;
    return (scheme == Scheme::ldaps ? "ldaps://" : "ldap://") + (bracket ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace exota::directory
