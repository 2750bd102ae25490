// A Redis server that Sentinels watch: they are asked who is the master, and again and again, and he is followed.
//
//   connect ──ready──▶ ask ──the master──▶ follow him, ask again after `rest`
//      ▲                │                              │
//      └──the next one──┴──no answer, or none that helps, or the master that it names is in doubt
//
// Any Sentinel's word is taken, but a server is asked only after it says itself that it is the master.
//
// Lives on its loop. Tested by redis_sentinel_test.cc and tests/system/test_limits_store_ha.py.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "directory/redis_place.h"
#include "directory/redis_route.h"

namespace exota::directory {

/// What a Sentinel says to SENTINEL get-master-addr-by-name.
/// @return  not_found: it knows none of this name; invalid_data: an error; protocol: its answer names no server.
base::Result<RedisPlace> read_master_place(const RedisReply& reply);

class SentinelRoute final : public RedisRoute {
public:
    struct Options {
        std::vector<RedisServer> sentinels;  // at least one; the next is asked where one does not help
        std::string master_name;
        RedisServer master;                     // as it is logged in to; its host and port are the Sentinels' word
        std::chrono::milliseconds rest{1'000};  // so long after an answer they are asked again; and see RedisNode
    };
    SentinelRoute(net::Loop& loop, Options options);

    void start() override { connect(); }
    std::shared_ptr<RedisNode> node_of(std::string_view) override { return master_; }
    std::string why() const override { return why_; }
    void doubt() override { doubted_ = true; }

private:
    void connect();
    void ask();
    void heard(const base::Result<RedisReply>& reply);
    void next_sentinel(const std::string& why);
    void follow(const RedisPlace& place);

    net::Loop& loop_;
    const Options options_;
    std::size_t asked_ = 0;  // which Sentinel
    std::unique_ptr<RedisConnection> sentinel_;
    std::shared_ptr<RedisNode> master_;
    net::Timer timer_;
    bool moving_on_ = false;  // to the next Sentinel, as soon as the timer says so
    bool doubted_ = false;    // the master failed since a Sentinel was asked last: another one may know more
    std::string why_;
};

}  // namespace exota::directory
