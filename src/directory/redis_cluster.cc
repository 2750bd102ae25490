#include "directory/redis_cluster.h"

#include <algorithm>
#include <utility>

namespace exota::directory {
namespace {

std::string name_of(std::string_view host, std::uint16_t port) { return std::string(host) + ':' + std::to_string(port); }

}  // namespace

ClusterRoute::ClusterRoute(net::Loop& loop, std::vector<RedisServer> servers, std::chrono::milliseconds rest)
    : loop_(loop), servers_(std::move(servers)), rest_(rest), by_slot_(redis_slot_count), timer_(loop) {}

void ClusterRoute::start() {
    for (const RedisServer& server : servers_) node_at({server.url.host, server.url.port});
}

/// The node there, which is connected to from now on. nullptr: there are too many.
std::shared_ptr<RedisNode> ClusterRoute::node_at(const RedisPlace& place) {
    const std::string name = name_of(place.host, place.port);
    if (const auto known = nodes_.find(name); known != nodes_.end()) return known->second;
    if (nodes_.size() >= max_nodes) return nullptr;
    RedisServer server = servers_.front();
    server.url.host = place.host;
    server.url.port = place.port;
    const auto lost = [this](const std::string& why) {
        why_ = why;
        doubt();
    };
    auto node =
        std::make_shared<RedisNode>(loop_, std::move(server), RedisConnection::Heard{.ready = [this] { doubt(); }, .lost = lost}, rest_);
    nodes_.emplace(name, node);
    node->connection.start();
    return node;
}

std::shared_ptr<RedisNode> ClusterRoute::redirected(const Redirection& to, const RedisNode& by) {
    auto node = node_at({to.place.host.empty() ? by.connection.url().host : to.place.host, to.place.port});
    if (to.is == Redirection::Is::moved) {
        if (node) by_slot_[to.slot] = node;
        doubt();
    }
    return node;
}

/// Something is not as it was: all slots are asked for, soon and not too often.
void ClusterRoute::doubt() {
    wanted_ = true;
    if (!resting_) ask();
}

/// Any node that is connected, another one each time. While there is none, doubt() comes again with the first.
void ClusterRoute::ask() {
    std::vector<std::shared_ptr<RedisNode>> ready;
    for (const auto& [name, node] : nodes_)
        if (node->connection.is_ready()) ready.push_back(node);
    if (ready.empty()) return;
    wanted_ = false;
    resting_ = true;
    timer_.start(rest_, [this] {
        resting_ = false;
        if (wanted_) ask();
    });
    const auto node = ready[asked_++ % ready.size()];
    const RedisPlace by{node->connection.url().host, node->connection.url().port};
    node->connection.ask(redis_command({"CLUSTER", "SLOTS"}),
                         [this, by, alive = std::weak_ptr(alive_)](const base::Result<RedisReply>& reply) {
                             if (!alive.expired()) heard(by, reply);
                         });
}

void ClusterRoute::heard(const RedisPlace& by, const base::Result<RedisReply>& reply) {
    const auto slots = reply ? read_slots(*reply) : base::Result<RedisSlots>(std::unexpected(reply.error()));
    if (slots) return take(by, *slots);
    why_ = reply ? name_of(by.host, by.port) + ": " + slots.error().detail : slots.error().detail;
    doubt();
}

void ClusterRoute::take(const RedisPlace& by, const RedisSlots& slots) {
    std::vector<std::shared_ptr<RedisNode>> masters;
    for (const RedisPlace& place : slots.masters) masters.push_back(node_at({place.host.empty() ? by.host : place.host, place.port}));
    for (std::size_t slot = 0; slot < redis_slot_count; ++slot) {
        const std::uint16_t master = slots.master_of[slot];
        by_slot_[slot] = master == RedisSlots::nobody ? nullptr : masters[master];
    }
    why_ = "nobody of the cluster has the slot of this tenant";
    // Not within a call of a node that may be let go of.
    loop_.post([this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) forget_the_idle();
    });
}

/// Nodes that have no slot any more, but for those that the operator named. Questions under way keep theirs.
void ClusterRoute::forget_the_idle() {
    const auto is_needed = [this](const auto& entry) {
        return std::ranges::any_of(servers_,
                                   [&](const RedisServer& server) { return entry.first == name_of(server.url.host, server.url.port); }) ||
               std::ranges::find(by_slot_, entry.second) != by_slot_.end();
    };
    std::erase_if(nodes_, [&](const auto& entry) { return !is_needed(entry); });
}

}  // namespace exota::directory
