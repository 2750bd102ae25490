// The rule of limits stands twice: in memory (gate/limits.cc) and in Lua (directory/limits_script.cc). The same scenarios go through both,
// by a clock of the test; the script runs in a real redis-server.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "directory/limits_script.h"
#include "gate/limits.h"
#include "net/address.h"
#include "net/descriptor.h"
#include "net/socket_address.h"
#include "net/testing_house.h"

extern char** environ;

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using directory::MessageToCount;
using directory::RedisReply;
using gate::CountResult;
using gate::Instant;
using tenant::Limit;
using tenant::LimitUnit;

/// A redis-server of the test's own on a Unix socket, and a connection to it that waits for each answer.
class RealRedis {
public:
    RealRedis() {
        const std::string socket = directory_.path("redis");
        std::vector<std::string> words{
            "/usr/bin/redis-server", "--port", "0",     "--unixsocket",      socket,       "--save",  "",
            "--appendonly",          "no",     "--dir", directory_.path(""), "--loglevel", "warning", "--logfile",
            directory_.path("log")};
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        if (::posix_spawn(&process_, words[0].c_str(), nullptr, nullptr, arguments.data(), environ) != 0) return;
        const auto to = net::SocketAddress::of(net::Address::of_socket(socket));
        socket_ = net::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        static_cast<void>(net::testing::eventually([&] {  // running() says whether
            running_ = ::connect(socket_.get(), to->get(), to->octets) == 0;
            if (!running_ && ::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
            return running_ || process_ < 0;
        }));
    }
    ~RealRedis() {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    RealRedis(const RealRedis&) = delete;
    RealRedis& operator=(const RealRedis&) = delete;

    bool running() const noexcept { return running_; }
    RedisReply ask(const std::vector<std::string>& words) {
        const std::vector<std::string_view> views(words.begin(), words.end());
        const std::string command = directory::redis_command(views);
        EXPECT_EQ(::send(socket_.get(), command.data(), command.size(), MSG_NOSIGNAL), static_cast<ssize_t>(command.size()));
        for (;;) {
            auto reply = replies_.next();
            if (!reply || *reply) return reply ? **reply : RedisReply{.is = RedisReply::Is::error, .text = reply.error().detail};
            char octets[4096];
            const ssize_t got = ::recv(socket_.get(), octets, sizeof octets, 0);
            if (got <= 0) return {.is = RedisReply::Is::error, .text = "it is gone"};
            replies_.feed({octets, static_cast<std::size_t>(got)});
        }
    }

private:
    net::testing::TemporaryDirectory directory_;
    pid_t process_ = -1;
    net::Descriptor socket_;
    directory::RedisReplies replies_;
    bool running_ = false;
};

class LimitsRule : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (::access("/usr/bin/redis-server", X_OK) == 0) redis_ = std::make_unique<RealRedis>();
    }
    static void TearDownTestSuite() { redis_.reset(); }
    void SetUp() override {
        if (!redis_) GTEST_SKIP() << "redis-server is not installed (scripts/setup installs it)";
        ASSERT_TRUE(redis_->running());
        ASSERT_EQ(redis_->ask({"FLUSHALL"}).text, "OK");
        memory_ = {};
    }

    /// By the script, on the test's clock.
    CountResult in_store(const MessageToCount& message, std::chrono::microseconds now) {
        auto words = directory::limits_command("t:", message, directory::Script::whole);
        words[1] =
            directory::limits_script("{" + std::to_string(now.count() / 1'000'000) + "," + std::to_string(now.count() % 1'000'000) + "}");
        const auto count = directory::read_count(redis_->ask(words), message);
        EXPECT_TRUE(count) << count.error().detail;
        CountResult result;
        if (!count) return result;
        if (count->exceeded) result.exceeded = {message.limits[*count->exceeded], count->again};
        if (count->near) result.near = message.limits[*count->near];
        return result;
    }
    /// By both, which say the same.
    CountResult count(const MessageToCount& message, std::chrono::microseconds now) {
        const CountResult here = memory_.count(message.tenant_name, message.limits, message.recipients, Instant(now)),
                          there = in_store(message, now);
        EXPECT_EQ(here.exceeded.has_value(), there.exceeded.has_value()) << now.count();
        EXPECT_EQ(here.exceeded, there.exceeded) << now.count() << ": " << text(here) << " and " << text(there);
        EXPECT_EQ(here.near, there.near) << now.count();
        return there;
    }
    static std::string text(const CountResult& result) {
        if (!result.exceeded) return "within";
        return result.exceeded->limit.text() +
               (result.exceeded->again ? " again in " + std::to_string(result.exceeded->again->count()) : "");
    }

    static inline std::unique_ptr<RealRedis> redis_;
    gate::NamedLimits memory_;
};

constexpr std::chrono::microseconds start = std::chrono::seconds(1'800'000'000);

TEST_F(LimitsRule, at_the_edges_of_slots_and_windows) {
    const MessageToCount message{
        .tenant_name = "contoso",
        .limits = {{3, LimitUnit::messages, 60s}, {10, LimitUnit::recipients, 3600s}, {20, LimitUnit::messages, 3600s}},
        .recipients = 2};
    for (const std::chrono::microseconds at :
         {0us, 1us, 3749999us, 3750000us, 59999999us, 60000000us, 63749999us, 63750000us, 63750001us, 67500000us, 120000000us, 3600000000us,
          3824999999us, 3825000000us, 7649999999us, 7650000000us})
        count(message, start + at);
    MessageToCount large = message;
    large.recipients = 11;
    const CountResult never = count(large, start + 4h);
    ASSERT_TRUE(never.exceeded);
    EXPECT_EQ(never.exceeded->again, std::nullopt);
    large.recipients = 10;
    EXPECT_FALSE(count(large, start + 4h).exceeded);
}

TEST_F(LimitsRule, never_more_than_the_amount_and_at_most_a_sixteenth_too_strict) {
    // At full speed: a message each 100 ms against 100 a minute, for ten minutes.
    const MessageToCount message{.tenant_name = "contoso", .limits = {{100, LimitUnit::messages, 60s}}, .recipients = 1};
    std::vector<std::chrono::microseconds> passed;
    for (auto now = start; now < start + 600s; now += 100ms)
        if (!count(message, now).exceeded) passed.push_back(now);
    std::size_t most = 0;
    for (std::size_t i = 0, j = 0; i < passed.size(); ++i) {
        while (passed[i] - passed[j] >= 60s) ++j;
        most = std::max(most, i - j + 1);
    }
    EXPECT_EQ(most, 100U);
    EXPECT_GE(passed.size(), 600U * 100 / 64) << "a window of 60 s is at most 63.75 s long";
}

TEST_F(LimitsRule, whatever_comes_both_say_the_same) {
    std::mt19937 random(7);
    const std::vector<Limit> all{{5, LimitUnit::messages, 1s},      {40, LimitUnit::recipients, 1s},  {60, LimitUnit::messages, 60s},
                                 {200, LimitUnit::recipients, 60s}, {9, LimitUnit::messages, 3600s},  {900, LimitUnit::recipients, 86400s},
                                 {30, LimitUnit::messages, 60s},    {100, LimitUnit::recipients, 60s}};
    for (int tenant = 0; tenant < 12; ++tenant) {
        MessageToCount message{.tenant_name = "t" + std::to_string(tenant) + "}{%", .limits = {}, .recipients = 1};
        for (const Limit& limit : all)
            if (random() % 3 == 0 &&
                std::ranges::none_of(message.limits, [&](const Limit& l) { return l.unit == limit.unit && l.window == limit.window; }))
                message.limits.push_back(limit);
        if (message.limits.empty()) message.limits.push_back(all[0]);
        auto now = start + std::chrono::microseconds(random() % 100'000'000);
        for (int i = 0; i < 250; ++i) {
            constexpr std::uint32_t steps[] = {1, 1000, 62'500, 1'000'000, 3'750'000, 70'000'000};
            now += std::chrono::microseconds(random() % steps[random() % 6]);
            message.recipients = static_cast<std::uint32_t>(random() % 20);
            count(message, now);
            if (HasFailure()) return;
        }
    }
}

TEST_F(LimitsRule, a_clock_that_goes_back_lets_nobody_through_twice) {
    const MessageToCount message{.tenant_name = "contoso", .limits = {{10, LimitUnit::messages, 60s}}, .recipients = 1};
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(in_store(message, start + 24h).exceeded);
    const CountResult back = in_store(message, start);  // another server took over, a day behind
    ASSERT_TRUE(back.exceeded);
    EXPECT_EQ(back.exceeded->again, 64s) << "what was counted counts as of now";
    EXPECT_TRUE(in_store(message, start + 63749999us).exceeded);
    EXPECT_FALSE(in_store(message, start + 63750000us).exceeded) << "and for no longer than a window";
}

TEST_F(LimitsRule, keys_expire_and_what_is_wrong_in_them_does_no_harm) {
    const MessageToCount message{.tenant_name = "contoso", .limits = {{3, LimitUnit::messages, 60s}}, .recipients = 1};
    EXPECT_FALSE(in_store(message, start).exceeded);
    const std::string key = "t:{contoso}:messages:60";
    EXPECT_EQ(redis_->ask({"KEYS", "*"}).elements.size(), 1U);
    EXPECT_EQ(redis_->ask({"TTL", key}).integer, 124);
    redis_->ask({"HSET", key, "nonsense", "5", "wx", "y", "17", "zzz"});
    EXPECT_FALSE(in_store(message, start).exceeded);
    EXPECT_EQ(redis_->ask({"HLEN", key}).integer, 1) << "slots alone";
    for (int slot = 0; slot < 40; ++slot) in_store(message, start + slot * 3750ms);
    EXPECT_LE(redis_->ask({"HLEN", key}).integer, 18) << "17 slots and a warning";
    redis_->ask({"SET", key, "somebody else's"});
    auto words = directory::limits_command("t:", message, directory::Script::whole);
    const auto wrong = directory::read_count(redis_->ask(words), message);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().detail.find("WRONGTYPE"), std::string::npos) << wrong.error().detail;
}

TEST_F(LimitsRule, the_script_has_the_name_that_the_store_gives_it) {
    EXPECT_EQ(redis_->ask({"SCRIPT", "FLUSH"}).text, "OK");
    const MessageToCount message{.tenant_name = "contoso", .limits = {{3, LimitUnit::messages, 86400s}}, .recipients = 1};
    EXPECT_TRUE(redis_->ask(directory::limits_command("t:", message, directory::Script::by_name)).is_error("NOSCRIPT"));
    EXPECT_TRUE(directory::read_count(redis_->ask(directory::limits_command("t:", message, directory::Script::whole)), message));
    EXPECT_TRUE(directory::read_count(redis_->ask(directory::limits_command("t:", message, directory::Script::by_name)), message));
    EXPECT_EQ(redis_->ask({"HVALS", "t:{contoso}:messages:86400"}).elements.at(0).text, "2") << "on the store's own clock";
}

}  // namespace
}  // namespace exota::app
