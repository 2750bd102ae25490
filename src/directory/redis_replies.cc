#include "directory/redis_replies.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <algorithm>
#include <new>

namespace exota::directory {
namespace {

using base::Errc;
using Is = RedisReply::Is;

/// Of what a server says in an error.
constexpr std::size_t max_error_octets = 200;

/// Where the reader wants the next one: in the array that it is reading, or by itself. nullptr: there are too many.
RedisReply* place_for(const redisReadTask* task) noexcept {
    auto& left = *static_cast<std::size_t*>(task->privdata);
    if (left == 0) return nullptr;
    --left;
    if (task->parent == nullptr) return new RedisReply;
    return &static_cast<RedisReply*>(task->parent->obj)->elements.emplace_back();
}

void* create_text(const redisReadTask* task, char* octets, std::size_t size) noexcept {
    RedisReply* const reply = place_for(task);
    if (reply == nullptr) return nullptr;
    reply->is = task->type == REDIS_REPLY_ERROR ? Is::error : task->type == REDIS_REPLY_STATUS ? Is::status : Is::text;
    reply->text.assign(octets, size);
    return reply;
}
void* create_array(const redisReadTask* task, int) noexcept {
    RedisReply* const reply = place_for(task);
    if (reply != nullptr) reply->is = Is::array;
    return reply;
}
void* create_integer(const redisReadTask* task, long long value) noexcept {
    RedisReply* const reply = place_for(task);
    if (reply == nullptr) return nullptr;
    reply->is = Is::integer;
    reply->integer = value;
    return reply;
}
void* create_nil(const redisReadTask* task) noexcept { return place_for(task); }
void free_reply(void* reply) noexcept { delete static_cast<RedisReply*>(reply); }

redisReplyObjectFunctions functions{create_text, create_array, create_integer, create_nil, free_reply};

}  // namespace

bool RedisReply::is_error(std::string_view code) const noexcept {
    return is == Is::error && text.starts_with(code) && (text.size() == code.size() || text[code.size()] == ' ');
}

std::string error_text(const RedisReply& reply) {
    std::string text = reply.text.substr(0, max_error_octets);
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

RedisReplies::RedisReplies() : reader_(redisReaderCreateWithFunctions(&functions), redisReaderFree) {
    if (!reader_) throw std::bad_alloc();
    reader_->privdata = &elements_left_;
}
RedisReplies::~RedisReplies() = default;

void RedisReplies::feed(std::string_view octets) {
    if (broken_ || octets.empty()) return;
    octets_ += octets.size();
    if (redisReaderFeed(reader_.get(), octets.data(), octets.size()) != REDIS_OK) broken_ = {Errc::too_long, "there is no memory for it"};
}

base::Result<std::optional<RedisReply>> RedisReplies::next() {
    if (broken_) return std::unexpected(*broken_);
    void* whole = nullptr;
    if (redisReaderGetReply(reader_.get(), &whole) != REDIS_OK) {
        if (elements_left_ == 0)
            broken_ = {Errc::too_long, "a reply of more than " + std::to_string(max_elements) + " elements"};
        else
            broken_ = {Errc::protocol, "what it says is no reply of Redis"};
        return std::unexpected(*broken_);
    }
    if (whole == nullptr) {
        if (octets_ > max_reply_octets) {
            broken_ = {Errc::too_long, "a reply of more than " + std::to_string(max_reply_octets) + " octets"};
            return std::unexpected(*broken_);
        }
        return std::nullopt;
    }
    const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(whole));
    elements_left_ = max_elements;
    octets_ = reader_->len - reader_->pos;
    return std::move(*reply);
}

std::string redis_command(std::span<const std::string_view> words) {
    std::vector<const char*> begins;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
        begins.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* text = nullptr;
    const int size = redisFormatCommandArgv(&text, static_cast<int>(words.size()), begins.data(), sizes.data());
    if (size < 0) throw std::bad_alloc();
    std::string command(text, static_cast<std::size_t>(size));
    redisFreeCommand(text);
    return command;
}

}  // namespace exota::directory
