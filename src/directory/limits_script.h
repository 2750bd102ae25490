// Limits that several nodes count together in Redis: the script that counts a message there, on the store's own clock, and what is said
// and heard of it. The rule is that of gate/limits.h, slot for slot.
//
//   PREFIX{TENANT}:messages:3600    a hash: slot number → messages in it, of the last 16 slots and the running one;
//                                   wAMOUNT → slot in which the warning of a limit of this amount was given
//
// All keys of a tenant have the hash tag {TENANT}, so that a cluster keeps them together. They expire when nothing of them counts any more.
// No I/O. Tested by limits_script_test.cc and app/limits_rule_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/redis_replies.h"
#include "tenant/policy.h"

namespace exota::directory {

/// An authorised message that is to be counted.
struct MessageToCount {
    std::string tenant_name;
    std::vector<tenant::Limit> limits;  // not empty
    std::uint32_t recipients = 0;
};

/// What the store says of it. Indices into its limits.
struct StoreCount {
    std::optional<std::size_t> exceeded;        // the first limit that it would pass; then nothing of it is counted
    std::optional<std::chrono::seconds> again;  // when a message like it is possible again; nullopt: never
    std::optional<std::size_t> near;            // counted, and the first of its window with which four fifths of this limit are reached
    friend bool operator==(const StoreCount&, const StoreCount&) = default;
};

/// The Lua text. @param clock  what gives {seconds, microseconds} of the store; for tests, which have a clock of their own.
std::string limits_script(std::string_view clock = "redis.call('TIME')");
/// By what EVALSHA names it: 40 hexadecimal digits.
const std::string& limits_script_name();

/// "{TENANT}" with every character escaped that would end or break it: what a cluster hashes, one for each tenant.
std::string hash_tag(std::string_view tenant_name);

/// The words of EVALSHA, or of EVAL with the whole script, that count the message.
enum class Script : std::uint8_t { by_name, whole };
std::vector<std::string> limits_command(std::string_view prefix, const MessageToCount& message, Script script);
/// @return  protocol: the reply is none of the script's, or says "never" of a message that is within each limit by itself; invalid_data: it
///          is an error.
base::Result<StoreCount> read_count(const RedisReply& reply, const MessageToCount& message);

}  // namespace exota::directory
