// Which Redis server counts what: one server, the master that Sentinels name, or that node of a Cluster which has the tenant's slot. Each
// is a connection with a circuit of its own.
//
// Lives on its loop. Tested by limits_store_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/circuit.h"
#include "directory/limits_store_settings.h"
#include "directory/redis_connection.h"
#include "directory/redis_slots.h"

namespace exota::directory {

/// What is read once and checked.
struct RedisServers {
    std::vector<RedisUrl> urls;                           // at least one
    std::shared_ptr<const net::TlsContext> context = {};  // null: none is asked under TLS
};
/// @return  io, not_found, invalid_data: a certificate file; invalid_data: a server.
base::Result<RedisServers> read_servers(const LimitsStoreSettings& settings);

struct RedisNode {
    /// @param rest  for so long nobody is asked after a failure.
    RedisNode(net::Loop& loop, RedisServer server, RedisConnection::Heard heard, std::chrono::milliseconds rest)
        : connection(loop, std::move(server), std::move(heard)), circuit(rest) {}
    RedisConnection connection;
    Circuit circuit;
};

class RedisRoute {
public:
    virtual ~RedisRoute() = default;
    /// Connects. Once.
    virtual void start() = 0;
    /// Who counts the keys of this hash tag; nullptr: nobody is known.
    virtual std::shared_ptr<RedisNode> node_of(std::string_view tag) = 0;
    /// Whom a node sends us to; nullptr: nobody is to be asked for that.
    virtual std::shared_ptr<RedisNode> redirected(const Redirection&, const RedisNode&) { return nullptr; }
    /// A question got no answer, or a wrong one: who has what may be another by now.
    virtual void doubt() {}
    /// Why nobody is known, for people; empty: nothing is wrong yet.
    virtual std::string why() const = 0;
};

std::unique_ptr<RedisRoute> make_route(net::Loop& loop, const LimitsStoreSettings& settings, const RedisServers& servers);

}  // namespace exota::directory
