#include "directory/redis_route.h"

#include <algorithm>
#include <utility>

#include "directory/redis_cluster.h"
#include "directory/redis_sentinel.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

/// One server, always the same.
class OneServer final : public RedisRoute {
public:
    OneServer(net::Loop& loop, RedisServer server, std::chrono::milliseconds rest)
        : node_(std::make_shared<RedisNode>(loop, std::move(server),
                                            RedisConnection::Heard{.ready = [] {}, .lost = [](const std::string&) {}}, rest)) {}
    void start() override { node_->connection.start(); }
    std::shared_ptr<RedisNode> node_of(std::string_view) override { return node_; }
    std::string why() const override { return node_->connection.why(); }

private:
    const std::shared_ptr<RedisNode> node_;
};

}  // namespace

base::Result<RedisServers> read_servers(const LimitsStoreSettings& settings) {
    RedisServers servers;
    for (const std::string& text : settings.servers) {
        auto url = RedisUrl::parse(text);
        if (!url) return std::unexpected(url.error());  // not quoted: there may be a password in it
        servers.urls.push_back(*std::move(url));
    }
    if (servers.urls.empty()) return fail(Errc::invalid_data, "names no server");
    if (std::ranges::none_of(servers.urls, &RedisUrl::tls)) return servers;
    auto context = net::TlsContext::make(
        net::TlsRole::client,
        {.certificate_file = settings.certificate_file, .key_file = settings.key_file, .roots_file = settings.ca_file});
    if (!context) return std::unexpected(context.error());
    servers.context = *std::move(context);
    return servers;
}

std::unique_ptr<RedisRoute> make_route(net::Loop& loop, const LimitsStoreSettings& settings, const RedisServers& servers) {
    std::vector<RedisServer> all;
    for (const RedisUrl& url : servers.urls) all.push_back({.url = url, .password = settings.password, .context = servers.context});
    switch (settings.kind) {
        case LimitsStoreSettings::Kind::server:
            break;
        case LimitsStoreSettings::Kind::sentinel: {
            RedisServer master = all.front();
            for (RedisServer& sentinel : all) {  // they have no databases, and passwords and users of their own
                sentinel.url.database = 0;
                sentinel.url.user.clear();
                sentinel.password = settings.sentinel_password;
            }
            return std::make_unique<SentinelRoute>(
                loop,
                SentinelRoute::Options{
                    .sentinels = std::move(all), .master_name = settings.master_name, .master = std::move(master), .rest = settings.rest});
        }
        case LimitsStoreSettings::Kind::cluster:
            return std::make_unique<ClusterRoute>(loop, std::move(all), settings.rest);
    }
    return std::make_unique<OneServer>(loop, std::move(all.front()), settings.rest);
}

}  // namespace exota::directory
