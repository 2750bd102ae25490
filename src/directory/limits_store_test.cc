// Counting in servers of the test: scripts that are not there yet, answers that come late, wrong or never, and who is asked again.
#include "directory/limits_store.h"

#include <csignal>

#include "directory/testing_redis.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using testing::RedisLike;
using Words = RedisLike::Words;
using tenant::LimitUnit;

struct Store : ::testing::Test {
    net::Loop loop;
    std::optional<LimitsStore> store;

    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
    /// The answer of a good login is given; the rest is the test's.
    static RedisLike::Answer logged_in(RedisLike::Answer answer) {
        return [answer = std::move(answer)](int number, const Words& words) {
            return words[0] == "PING" ? "+PONG\r\n" : answer(number, words);
        };
    }
    void await(const std::function<bool()>& done) {
        net::Timer tick(loop);  // what passes with time alone is no work of the loop
        const std::function<void()> again = [&] { tick.start(2ms, again); };
        again();
        loop.run_until(done);
    }
    void open(const RedisLike& server, std::chrono::milliseconds timeout = 10s, std::chrono::milliseconds rest = 1s) {
        LimitsStoreSettings settings;
        settings.servers = {server.url};
        settings.timeout = timeout;
        settings.rest = rest;
        store.emplace(loop, settings, *read_servers(settings));
        store->start();
        await([this] { return store->lets_through("contoso"); });
    }
    base::Result<StoreCount> count(std::string_view tenant = "contoso") {
        std::optional<base::Result<StoreCount>> result;
        store->count({.tenant_name = std::string(tenant), .limits = {{10, LimitUnit::messages, 60s}}, .recipients = 1},
                     [&](base::Result<StoreCount> count) { result = std::move(count); });
        await([&] { return result.has_value(); });
        return *result;
    }
};

TEST_F(Store, gives_the_script_to_who_does_not_have_it) {
    std::atomic<int> whole = 0;
    RedisLike server(logged_in([&](int, const Words& words) -> std::string {
        if (words[0] == "EVAL") return ++whole, "*3\r\n:0\r\n:0\r\n:0\r\n";
        return whole == 0 ? "-NOSCRIPT No matching script.\r\n" : "*3\r\n:1\r\n:17\r\n:0\r\n";
    }));
    open(server);
    EXPECT_EQ(count(), StoreCount{});
    EXPECT_EQ(count(), (StoreCount{.exceeded = 0, .again = 17s, .near = {}}));
    EXPECT_EQ(whole, 1);
}

TEST_F(Store, who_fails_is_left_alone_for_a_while) {
    const struct {
        std::string answer, why;
    } cases[] = {
        {"-NOSCRIPT again\r\n", "NOSCRIPT again"}, {"-READONLY You can't write against a read only replica.\r\n", "READONLY"},
        {"-OOM command not allowed\r\n", "OOM"},   {"+OK\r\n", "none of the script's"},
        {"close", "it closed the connection"},     {"garbage\r\n", "no reply of Redis"},
    };
    for (const auto& c : cases) {
        RedisLike server(logged_in([&](int, const Words&) { return c.answer; }));
        open(server);
        const auto failed = count();
        ASSERT_FALSE(failed) << c.why;
        EXPECT_NE(failed.error().detail.find(c.why), std::string::npos) << failed.error().detail;
        EXPECT_TRUE(failed.error().detail.starts_with(server.url)) << failed.error().detail;
        EXPECT_FALSE(store->lets_through("contoso")) << c.why;
        EXPECT_NE(store->why_not("contoso"), "");
        const auto next = count();
        ASSERT_FALSE(next);
        EXPECT_EQ(next.error().code, base::Errc::unavailable) << "it is not asked";
        store.reset();
    }
}

TEST_F(Store, who_is_late_is_not_waited_for_and_asked_again_by_one) {
    std::atomic<bool> silent = true;
    RedisLike server(logged_in([&](int, const Words&) -> std::string { return silent ? "" : "*3\r\n:0\r\n:0\r\n:0\r\n"; }));
    open(server, 20ms, 20ms);
    int late = 0;
    for (int i = 0; i < 3; ++i)
        store->count({.tenant_name = "contoso", .limits = {{10, LimitUnit::messages, 60s}}, .recipients = 1},
                     [&](const base::Result<StoreCount>& count) { late += !count && count.error().code == base::Errc::timeout; });
    await([&] { return late == 3; });
    await([this] { return store->lets_through("contoso"); });
    bool tried = false;
    store->count({.tenant_name = "contoso", .limits = {{10, LimitUnit::messages, 60s}}, .recipients = 1},
                 [&](const base::Result<StoreCount>& count) { tried = !count; });
    EXPECT_FALSE(store->lets_through("contoso")) << "one is on its way";
    await([&] { return tried; });
}

TEST_F(Store, late_answers_are_nobodys) {
    // The first answer comes together with the second: each goes to whom it is for.
    std::atomic<int> asked = 0;
    RedisLike server(logged_in(
        [&](int, const Words&) -> std::string { return ++asked == 1 ? "" : "*3\r\n:1\r\n:99\r\n:0\r\n*3\r\n:0\r\n:0\r\n:0\r\n"; }));
    open(server, 1s, 1ms);  // half of the silence for which a connection is given up
    std::optional<base::Result<StoreCount>> first;
    store->count({.tenant_name = "contoso", .limits = {{10, LimitUnit::messages, 60s}}, .recipients = 1},
                 [&](base::Result<StoreCount> count) { first = std::move(count); });
    await([&] { return asked == 1; });
    loop.skip(1s);
    await([&] { return first.has_value(); });
    EXPECT_FALSE(*first);
    await([this] { return store->lets_through("contoso"); });
    EXPECT_EQ(count(), StoreCount{});
    EXPECT_TRUE(store->lets_through("contoso")) << "and the store is asked again";
}

TEST_F(Store, comes_back_when_the_server_does) {
    std::atomic<bool> broken = true;
    RedisLike server(logged_in([&](int, const Words&) -> std::string { return broken ? "close" : "*3\r\n:0\r\n:0\r\n:0\r\n"; }));
    open(server, 10s, 1ms);
    EXPECT_FALSE(count());
    broken = false;
    await([this] { return store->lets_through("contoso"); });
    EXPECT_EQ(count(), StoreCount{});
    EXPECT_TRUE(store->lets_through("contoso"));
}

TEST(RedisServers, are_read_once) {
    LimitsStoreSettings settings;
    EXPECT_EQ(read_servers(settings).error().detail, "names no server");
    settings.servers = {"redis://:hunter2@x"};
    EXPECT_EQ(read_servers(settings).error().detail.find("hunter2"), std::string::npos);
    settings.servers = {"redis://127.0.0.1"};
    settings.ca_file = "/nowhere/ca";
    EXPECT_TRUE(read_servers(settings)) << "nobody needs it";
    settings.servers = {"rediss://127.0.0.1"};
    EXPECT_EQ(read_servers(settings).error().code, base::Errc::not_found);
}

}  // namespace
}  // namespace exota::directory
