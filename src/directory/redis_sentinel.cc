#include "directory/redis_sentinel.h"

#include <utility>

namespace exota::directory {

using base::Errc;
using base::fail;
using Is = RedisReply::Is;

base::Result<RedisPlace> read_master_place(const RedisReply& reply) {
    if (reply.is == Is::error) return fail(Errc::invalid_data, error_text(reply));
    if (reply.is == Is::nil) return fail(Errc::not_found, "it knows no master of this name");
    const auto is_text = [](const RedisReply& element) { return element.is == Is::text; };
    std::optional<RedisPlace> place;
    if (reply.is == Is::array && reply.elements.size() == 2 && is_text(reply.elements[0]) && is_text(reply.elements[1]))
        place = RedisPlace::of(reply.elements[0].text, reply.elements[1].text);
    if (!place || place->host.empty()) return fail(Errc::protocol, "its answer names no server");
    return *std::move(place);
}

SentinelRoute::SentinelRoute(net::Loop& loop, Options options) : loop_(loop), options_(std::move(options)), timer_(loop) {}

void SentinelRoute::connect() {
    moving_on_ = false;
    sentinel_ = std::make_unique<RedisConnection>(
        loop_, options_.sentinels[asked_],
        RedisConnection::Heard{.ready = [this] { ask(); }, .lost = [this](const std::string& why) { next_sentinel(why); }});
    sentinel_->start();
}

/// By the timer: not within a call of the connection that is let go of.
void SentinelRoute::next_sentinel(const std::string& why) {
    if (std::exchange(moving_on_, true)) return;
    why_ = why;
    asked_ = (asked_ + 1) % options_.sentinels.size();
    // After all of them a pause; else the next at once.
    timer_.start(asked_ == 0 ? options_.rest : std::chrono::milliseconds(1), [this] { connect(); });
}

void SentinelRoute::ask() {
    if (moving_on_) return;
    doubted_ = false;
    sentinel_->ask(redis_command({"SENTINEL", "get-master-addr-by-name", options_.master_name}),
                   [this](const base::Result<RedisReply>& reply) { heard(reply); });
}

void SentinelRoute::heard(const base::Result<RedisReply>& reply) {
    if (moving_on_ || !reply) return;  // a connection that is lost says so
    const auto place = read_master_place(*reply);
    if (!place) return next_sentinel(sentinel_->url().text() + ": " + place.error().detail);
    follow(*place);
    timer_.start(options_.rest, [this] {
        if (doubted_ && options_.sentinels.size() > 1)
            next_sentinel(why_);
        else if (sentinel_->is_ready())
            ask();
    });
}

void SentinelRoute::follow(const RedisPlace& place) {
    if (master_ && master_->connection.url().host == place.host && master_->connection.url().port == place.port) return;
    RedisServer server = options_.master;
    server.url.host = place.host;
    server.url.port = place.port;
    server.must_be_master = true;
    master_ = std::make_shared<RedisNode>(loop_, std::move(server),
                                          RedisConnection::Heard{.ready = [] {}, .lost = [this](const std::string&) { doubted_ = true; }},
                                          options_.rest);
    master_->connection.start();
}

}  // namespace exota::directory
