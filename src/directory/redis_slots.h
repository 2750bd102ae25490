// A Redis Cluster's hash slots: which slot a tenant's keys have, who has which slots (CLUSTER SLOTS), and where a node sends us (MOVED,
// ASK). No I/O. Tested by redis_slots_test.cc and fuzz/redis_replies_fuzz.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/redis_place.h"
#include "directory/redis_replies.h"

namespace exota::directory {

inline constexpr std::size_t redis_slot_count = 16384;

/// Of all keys with this hash tag ("{contoso}").
std::uint16_t slot_of(std::string_view tag) noexcept;

/// The masters of all slots.
struct RedisSlots {
    static constexpr std::size_t max_masters = 1'000;
    static constexpr std::uint16_t nobody = 0xffff;

    std::vector<RedisPlace> masters;
    std::array<std::uint16_t, redis_slot_count> master_of{};  // index into masters
};
/// @return  protocol: it is no answer to CLUSTER SLOTS; invalid_data: an error, or nobody has any slot. Slots that nobody has are `nobody`.
base::Result<RedisSlots> read_slots(const RedisReply& reply);

struct Redirection {
    enum class Is : std::uint8_t { moved, ask } is = Is::moved;  // for good, or for this question
    std::uint16_t slot = 0;
    RedisPlace place;
};
/// nullopt: the reply sends us nowhere.
std::optional<Redirection> read_redirection(const RedisReply& reply);

}  // namespace exota::directory
