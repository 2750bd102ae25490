// Where a Redis server is: redis://[USER@]HOST[:PORT][/DATABASE], and rediss:// under TLS. A password has no place in it: it would stand in
// the configuration, in messages and in logs.
//
// Tested by redis_url_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/address.h"

namespace exota::directory {

struct RedisUrl {
    static constexpr unsigned max_database = 65535;

    bool tls = false;
    std::string user;  // of Redis' ACL; empty: the default one
    std::string host;  // a name or an address, without brackets
    std::uint16_t port = 6379;
    unsigned database = 0;

    /// @return  invalid_data, too_long: why it is none. What stands before '@' is never quoted.
    static base::Result<RedisUrl> parse(std::string_view text);
    /// nullopt: the host is a name.
    std::optional<net::Address> address() const;
    /// The server, for people: "redis://192.0.2.1:6379".
    std::string text() const;
    friend bool operator==(const RedisUrl&, const RedisUrl&) = default;
};

}  // namespace exota::directory
