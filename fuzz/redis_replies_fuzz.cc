// Replies of a Redis server, cut into pieces: the same comes of them whole and in pieces, within their limits, and whatever the script is
// said to have answered names a limit of the message, or is refused. What they say of slots and masters names places that can be.
#include <cstdint>
#include <string_view>
#include <vector>

#include "directory/limits_script.h"
#include "directory/redis_replies.h"
#include "directory/redis_sentinel.h"
#include "directory/redis_slots.h"
#include "property.h"

namespace {

using namespace exota::directory;

using exota::fuzz::require;

struct Outcome {
    std::vector<RedisReply> replies;
    bool broken = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::string_view octets, std::size_t piece) {
    Outcome outcome;
    RedisReplies replies;
    for (std::size_t at = 0; at < octets.size() && !outcome.broken; at += piece) {
        replies.feed(octets.substr(at, piece));
        for (;;) {
            auto next = replies.next();
            if (!next) outcome.broken = true;
            if (!next || !*next) break;
            outcome.replies.push_back(*std::move(*next));
        }
    }
    return outcome;
}

void require_place(const RedisPlace& place) {
    require(place.port != 0 && place.host.size() <= RedisPlace::max_host_octets);
    for (const char c : place.host) require(c > ' ' && c <= '~');
}

void read_places(const RedisReply& reply) {
    if (const auto slots = read_slots(reply)) {
        require(!slots->masters.empty() && slots->masters.size() <= RedisSlots::max_masters);
        for (const std::uint16_t master : slots->master_of) require(master == RedisSlots::nobody || master < slots->masters.size());
        for (const RedisPlace& place : slots->masters) require_place(place);
    }
    if (const auto to = read_redirection(reply)) {
        require(to->slot < redis_slot_count);
        require_place(to->place);
    }
    if (const auto place = read_master_place(reply)) {
        require(!place->host.empty());
        require_place(*place);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = read(octets, octets.size() + 1);
    require(whole == read(octets, 1 + data[0] % 16));
    const MessageToCount message{.tenant_name = "t",
                                 .limits = {{1, exota::tenant::LimitUnit::messages, std::chrono::seconds(1)},
                                            {2, exota::tenant::LimitUnit::recipients, std::chrono::seconds(60)}},
                                 .recipients = 1};
    for (const RedisReply& reply : whole.replies) {
        read_places(reply);
        const auto count = read_count(reply, message);
        if (!count) continue;
        require(!count->exceeded || (*count->exceeded < 2 && !count->near));
        require(!count->near || *count->near < 2);
        require(!count->again || count->again->count() >= 1);
    }
    return 0;
}
