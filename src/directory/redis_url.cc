#include "directory/redis_url.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "directory/host_port.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

std::optional<unsigned> number_in(std::string_view text, unsigned least, unsigned most) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) return std::nullopt;
    return number;
}

}  // namespace

base::Result<RedisUrl> RedisUrl::parse(std::string_view text) {
    RedisUrl url;
    const std::size_t colon = text.find("://");
    const std::string_view scheme = text.substr(0, colon == std::string_view::npos ? 0 : colon);
    if (base::iequals(scheme, "rediss"))
        url.tls = true;
    else if (!base::iequals(scheme, "redis"))
        return fail(Errc::invalid_data, "must begin with redis:// or rediss://");
    std::string_view rest = text.substr(colon + 3);
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        const std::string_view user = rest.substr(0, at);
        if (user.find(':') != std::string_view::npos)
            return fail(Errc::invalid_data, "has a password in it: that belongs into the file that password_file names");
        if (user.empty() || user.size() > 255 || user.find_first_of("@/?#%[]") != std::string_view::npos ||
            std::ranges::any_of(user, [](char c) { return c <= ' ' || c > '~'; }))
            return fail(Errc::invalid_data, "has no name of a user before its @");
        url.user = user;
        rest.remove_prefix(at + 1);
    }
    if (rest.find_first_of("?#") != std::string_view::npos) return fail(Errc::invalid_data, "has more than a server and a database");
    if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
        const std::string_view database = rest.substr(slash + 1);
        const auto number = database.empty() ? 0 : number_in(database, 0, max_database);
        if (!number) return fail(Errc::invalid_data, "has no number of a database (0 to " + std::to_string(max_database) + ") at its end");
        url.database = *number;
        rest = rest.substr(0, slash);
    }
    auto server = parse_host_port(rest, url.port);
    if (!server) return std::unexpected(std::move(server.error()));
    if (std::ranges::any_of(server->host, [](char c) { return c <= ' ' || c > '~'; }))
        return fail(Errc::invalid_data, "its host is no name");
    url.host = std::move(server->host);
    url.port = server->port;
    return url;
}

std::optional<net::Address> RedisUrl::address() const {
    const auto ip = base::IpAddress::parse(host);
    return ip ? std::optional(net::Address::of(*ip, port)) : std::nullopt;
}

std::string RedisUrl::text() const {
    const bool bracket = host.find(':') != std::string::npos;
    return (tls ? "rediss://" : "redis://") + (bracket ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace exota::directory
