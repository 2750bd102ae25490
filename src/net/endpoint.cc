#include "net/endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace exota::net {

namespace {

using base::Errc;
using base::fail;
using base::Result;

Result<std::uint16_t> parse_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, base::is_digit))
        return fail(Errc::invalid_data, "'" + std::string(text) + "' is no port (0 to 65535)");
    unsigned value = 0;
    for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65535) return fail(Errc::invalid_data, "'" + std::string(text) + "' is no port (0 to 65535)");
    return static_cast<std::uint16_t>(value);
}

/// "[::1]" → "::1"; anything else as it is. Characters that no address and no host name has are refused here, not by the resolver.
Result<std::string> parse_host(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    const auto fits = [](char c) { return base::is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%'; };
    if (!std::ranges::all_of(text, fits)) return fail(Errc::invalid_data, "'" + std::string(text) + "' is no host");
    return std::string(text);
}

Result<Endpoint> parse_unix(std::string_view path) {
    if (!path.starts_with('/')) return fail(Errc::invalid_data, "the path of a Unix socket begins with '/'");
    if (path.size() > max_socket_path_octets) return fail(Errc::too_long, "the path of a Unix socket has at most 107 octets");
    if (path.find('\0') != std::string_view::npos) return fail(Errc::invalid_data, "the path of a Unix socket has no NUL");
    Endpoint endpoint;
    endpoint.path = path;
    return endpoint;
}

Result<Endpoint> parse_tcp(std::string_view rest, Endpoint::Kind kind) {
    std::string_view host, port;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        port = rest.substr(0, at);
        host = rest.substr(at + 1);
    } else if (std::ranges::all_of(rest, base::is_digit)) {
        port = rest;
    } else {
        const std::size_t colon = rest.rfind(':');
        if (colon == std::string_view::npos) return fail(Errc::invalid_data, "a port is missing");
        host = rest.substr(0, colon);
        port = rest.substr(colon + 1);
        if (host.find(':') != std::string_view::npos && !host.starts_with('['))
            return fail(Errc::invalid_data, "an IPv6 address stands in brackets: [::1]:PORT");
    }
    const Result<std::uint16_t> number = parse_port(port);
    if (!number) return std::unexpected(number.error());
    Result<std::string> name = parse_host(host);
    if (!name) return std::unexpected(name.error());
    const bool has_colon = name->find(':') != std::string::npos;
    if (kind == Endpoint::Kind::inet && has_colon) return fail(Errc::invalid_data, "an IPv6 address goes with inet6:");
    Endpoint endpoint;
    endpoint.kind = kind;
    endpoint.host = std::move(*name);
    endpoint.port = *number;
    return endpoint;
}

/// The address that the system reads in `endpoint.host` ("0" is 0.0.0.0), or the name in lower case.
std::string numeric_host(const Endpoint& endpoint) {
    const int family = endpoint.kind == Endpoint::Kind::inet ? AF_INET : AF_INET6;
    in6_addr address{};  // has room for both
    const std::string host = endpoint.host.empty() ? (family == AF_INET ? "0.0.0.0" : "::") : endpoint.host;
    in_addr v4{};
    if (family == AF_INET ? inet_aton(host.c_str(), &v4) == 0 : inet_pton(AF_INET6, host.c_str(), &address) != 1) return base::lower(host);
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* octets = family == AF_INET ? static_cast<const void*>(&v4) : &address;
    return inet_ntop(family, octets, text.data(), text.size());
}

}  // namespace

bool Endpoint::is_every_address() const {
    if (!is_tcp()) return false;
    const std::string numeric = numeric_host(*this);
    return numeric == "0.0.0.0" || numeric == "::";
}

bool Endpoint::excludes(const Endpoint& other) const {
    if (kind != other.kind) return false;
    if (!is_tcp()) return *this == other;
    if (port == 0 || port != other.port) return false;  // 0: the system finds another one
    return is_every_address() || other.is_every_address() || numeric_host(*this) == numeric_host(other);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
    if (text.starts_with('/')) return parse_unix(text);
    if (text.starts_with("unix:")) return parse_unix(text.substr(5));
    if (text.starts_with("local:")) return parse_unix(text.substr(6));
    if (text.starts_with("inet:")) return parse_tcp(text.substr(5), Kind::inet);
    if (text.starts_with("inet6:")) return parse_tcp(text.substr(6), Kind::inet6);
    if (text == "systemd" || text.starts_with("systemd:")) {
        Endpoint endpoint;
        endpoint.kind = Kind::activated;
        endpoint.name = text.size() > 8 ? text.substr(8) : std::string_view{};
        if (text == "systemd:") return fail(Errc::invalid_data, "a name is missing behind 'systemd:'");
        return endpoint;
    }
    return fail(
        Errc::invalid_data,
        "'" + std::string(text) + "' is none of unix:/path, inet:HOST:PORT, inet6:[HOST]:PORT, inet:PORT@HOST, systemd, systemd:NAME");
}

Result<Endpoint> Endpoint::parse_http(std::string_view text) {
    for (const std::string_view scheme : {"/", "unix:", "local:", "inet:", "inet6:", "systemd"})
        if (text.starts_with(scheme)) return parse(text);
    return parse_tcp(text, text.starts_with('[') ? Kind::inet6 : Kind::inet);
}

std::string Endpoint::text() const {
    switch (kind) {
        case Kind::unix_socket:
            return "unix:" + path;
        case Kind::inet:
            return "inet:" + (host.empty() ? "0.0.0.0" : host) + ':' + std::to_string(port);
        case Kind::inet6:
            return "inet6:[" + (host.empty() ? "::" : host) + "]:" + std::to_string(port);
        case Kind::activated:
            return name.empty() ? "systemd" : "systemd:" + name;
    }
    return {};
}

}  // namespace exota::net
