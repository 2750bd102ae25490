// A Redis Cluster: each tenant is counted by the master that has his slot. Who has which slots is asked at the start, after a trouble, and
// learned from those that send us on (MOVED); ASK is followed for the question that it answers.
//
// Lives on its loop. Tested by redis_cluster_test.cc and tests/system/test_limits_store_ha.py.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "directory/redis_route.h"
#include "directory/redis_slots.h"

namespace exota::directory {

class ClusterRoute final : public RedisRoute {
public:
    static constexpr std::size_t max_nodes = 1'000;  // that are connected to

    /// @param servers  at least one: from whom the slots are learned first, and how all are logged in to. Host and port of the others are
    ///                 the cluster's word.
    /// @param rest     so often at most, all slots are asked for; and see RedisNode.
    ClusterRoute(net::Loop& loop, std::vector<RedisServer> servers, std::chrono::milliseconds rest);

    void start() override;
    std::shared_ptr<RedisNode> node_of(std::string_view tag) override { return by_slot_[slot_of(tag)]; }
    std::string why() const override { return why_; }
    std::shared_ptr<RedisNode> redirected(const Redirection& to, const RedisNode& by) override;
    void doubt() override;

private:
    std::shared_ptr<RedisNode> node_at(const RedisPlace& place);
    void ask();
    void heard(const RedisPlace& by, const base::Result<RedisReply>& reply);
    void take(const RedisPlace& by, const RedisSlots& slots);
    void forget_the_idle();

    net::Loop& loop_;
    const std::vector<RedisServer> servers_;
    const std::chrono::milliseconds rest_;
    std::map<std::string, std::shared_ptr<RedisNode>, std::less<>> nodes_;  // by HOST:PORT
    std::vector<std::shared_ptr<RedisNode>> by_slot_;                       // nullptr: nobody that we know has it
    net::Timer timer_;
    bool resting_ = false;  // until the timer says so, nobody is asked for the slots
    bool wanted_ = false;   // they are to be asked for as soon as possible
    std::size_t asked_ = 0;
    std::string why_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace exota::directory
