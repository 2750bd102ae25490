// Where somebody says that a Redis server is: a Sentinel of its master, a node of a Cluster of others. Their word, so checked. No I/O.
//
// Tested by redis_slots_test.cc, redis_sentinel_test.cc and fuzz/redis_replies_fuzz.cc.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace exota::directory {

struct RedisPlace {
    static constexpr std::size_t max_host_octets = 253;

    std::string host;  // a name or an address, without brackets; empty: that of the one who says so
    std::uint16_t port = 0;

    /// nullopt: the host is longer than a name can be or has other characters than visible ones, or the port is not 1 to 65535.
    static std::optional<RedisPlace> of(std::string_view host, std::int64_t port) {
        if (host.size() > max_host_octets || port < 1 || port > 65535) return std::nullopt;
        for (const char c : host)
            if (c <= ' ' || c > '~') return std::nullopt;
        return RedisPlace{std::string(host), static_cast<std::uint16_t>(port)};
    }
    /// Likewise, with the port as text.
    static std::optional<RedisPlace> of(std::string_view host, std::string_view port) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
        return of(host, number);
    }
    friend bool operator==(const RedisPlace&, const RedisPlace&) = default;
};

}  // namespace exota::directory
