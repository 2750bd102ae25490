// What a Redis server says (RESP 2), taken apart by hiredis' reader, and what is said to it, by hiredis' formatter. No I/O.
//
// A reply is as long and as deep as whoever speaks likes, so both are limited: nothing is reserved because a number announces it.
//
// Tested by redis_replies_test.cc and fuzz/redis_replies_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReader;

namespace exota::directory {

struct RedisReply {
    enum class Is : std::uint8_t { nil, text, status, error, integer, array } is = Is::nil;
    std::string text = {};     // of text, status and error
    std::int64_t integer = 0;  // of an integer
    std::vector<RedisReply> elements = {};

    /// An error of this code: "NOSCRIPT", "MOVED".
    bool is_error(std::string_view code) const noexcept;
    friend bool operator==(const RedisReply&, const RedisReply&) = default;
};

/// Why a reply is an error, as one line without what could be in the way of a log. It may quote a command: a RedisConnection has taken its
/// password out.
std::string error_text(const RedisReply& reply);

class RedisReplies {
public:
    static constexpr std::size_t max_reply_octets = std::size_t{1024} * 1024;
    static constexpr std::size_t max_elements = 100'000;  // of one reply, in all its arrays

    RedisReplies();
    ~RedisReplies();
    RedisReplies(const RedisReplies&) = delete;
    RedisReplies& operator=(const RedisReplies&) = delete;

    /// Octets in the order in which they came, cut anywhere.
    void feed(std::string_view octets);
    /// The next whole reply. @return  nullopt: more octets are needed. protocol: they are no RESP; too_long: a limit above. After an error
    /// nothing comes any more.
    base::Result<std::optional<RedisReply>> next();

private:
    std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
    std::size_t elements_left_ = max_elements;  // of the reply that is being read
    std::size_t octets_ = 0;                    // that came since it began
    std::optional<base::Error> broken_;
};

/// A command of these words, whatever octets they are.
std::string redis_command(std::span<const std::string_view> words);
inline std::string redis_command(std::initializer_list<std::string_view> words) {
    return redis_command(std::span<const std::string_view>(words.begin(), words.size()));
}

}  // namespace exota::directory
