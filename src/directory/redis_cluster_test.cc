// Counting in a Cluster of the test: who is asked for which tenant, and where MOVED and ASK lead.
#include "directory/redis_cluster.h"

#include <csignal>
#include <mutex>

#include "directory/limits_store.h"
#include "directory/testing_redis.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using tenant::LimitUnit;
using testing::RedisLike;
using Words = RedisLike::Words;

constexpr std::string_view counted = "*3\r\n:0\r\n:0\r\n:0\r\n", refused = "*3\r\n:1\r\n:17\r\n:0\r\n";

std::string range(int first, int last, std::uint16_t port, const std::string& host = "127.0.0.1") {
    return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) + "\r\n*2\r\n$" + std::to_string(host.size()) + "\r\n" +
           host + "\r\n:" + std::to_string(port) + "\r\n";
}

/// A node that answers as the test says now.
class NodeLike {
public:
    void own(std::string slots) { set(slots_, std::move(slots)); }             // what it says to CLUSTER SLOTS
    void count(std::string_view answer) { set(count_, std::string(answer)); }  // and to a question
    std::atomic<int> asked{0}, asking{0}, slots_asked{0};
    std::function<void()> on_question = [] {};  // before it is answered, on a thread of the node

private:
    void set(std::string& what, std::string value) {
        const std::lock_guard lock(mutex_);
        what = std::move(value);
    }
    std::string answer(const Words& words) {
        if (words[0].starts_with("EVAL")) on_question();
        const std::lock_guard lock(mutex_);
        if (words[0] == "PING") return "+PONG\r\n";
        if (words[0] == "CLUSTER") return ++slots_asked, slots_;
        if (words[0] == "ASKING") return ++asking, "+OK\r\n";
        return ++asked, count_;
    }
    std::mutex mutex_;
    std::string slots_ = "*0\r\n", count_{counted};

public:
    RedisLike server{[this](int, const Words& words) { return answer(words); }};  // the last: it calls from its threads
    std::uint16_t port() const { return server.port; }
};

// Slots of these: contoso 6250, foo 12182.
struct Cluster : ::testing::Test {
    net::Loop loop;
    NodeLike first, second, third;
    std::optional<LimitsStore> store;

    void SetUp() override {
        std::signal(SIGPIPE, SIG_IGN);
        const std::string slots =
            "*3\r\n" + range(0, 5460, first.port()) + range(5461, 10922, second.port()) + range(10923, 16383, third.port());
        for (NodeLike* node : {&first, &second, &third}) node->own(slots);
    }
    void TearDown() override { store.reset(); }
    void await(const std::function<bool()>& done) {
        net::Timer tick(loop);  // what passes with time alone is no work of the loop
        const std::function<void()> again = [&] { tick.start(2ms, again); };
        again();
        loop.run_until(done);
    }
    void open() {
        LimitsStoreSettings settings;
        settings.kind = LimitsStoreSettings::Kind::cluster;
        settings.servers = {first.server.url};
        settings.timeout = 10s;
        settings.rest = 1ms;
        store.emplace(loop, settings, *read_servers(settings));
        store->start();
    }
    void await_ready(std::string_view tenant = "contoso") {
        await([&] { return store->lets_through(tenant); });
    }
    base::Result<StoreCount> count(std::string_view tenant = "contoso") {
        std::optional<base::Result<StoreCount>> result;
        store->count({.tenant_name = std::string(tenant), .limits = {{10, LimitUnit::messages, 60s}}, .recipients = 1},
                     [&](base::Result<StoreCount> count) { result = std::move(count); });
        await([&] { return result.has_value(); });
        return *result;
    }
    std::string moved(const NodeLike& to, const char* word = "MOVED") {
        return std::string("-") + word + " 6250 127.0.0.1:" + std::to_string(to.port()) + "\r\n";
    }
};

TEST_F(Cluster, each_tenant_is_counted_by_who_has_his_slot) {
    open();
    EXPECT_FALSE(store->lets_through("contoso"));
    EXPECT_EQ(store->why_not("contoso"), "") << "nothing is wrong yet";
    await_ready("contoso");
    await_ready("foo");
    EXPECT_EQ(count("contoso"), StoreCount{});
    EXPECT_EQ(second.asked, 1);
    EXPECT_EQ(count("foo"), StoreCount{});
    EXPECT_EQ(third.asked, 1);
    EXPECT_EQ(first.asked, 0);
}

TEST_F(Cluster, moved_leads_there_for_good) {
    open();
    await_ready();
    await([&] { return store->lets_through("foo"); });  // so that the third is connected to
    second.count(moved(third));
    third.count(refused);
    second.on_question = [this] {
        const std::string slots = "*2\r\n" + range(0, 5460, first.port()) + range(5461, 16383, third.port());
        for (NodeLike* node : {&first, &second, &third}) node->own(slots);
    };
    EXPECT_EQ(count(), (StoreCount{.exceeded = 0, .again = 17s, .near = {}}));
    EXPECT_EQ(second.asked, 1);
    EXPECT_EQ(count(), (StoreCount{.exceeded = 0, .again = 17s, .near = {}}));
    EXPECT_EQ(second.asked, 1) << "it is not asked again";
    EXPECT_EQ(third.asking, 0);
}

TEST_F(Cluster, ask_leads_there_for_this_question) {
    open();
    await_ready();
    await_ready("foo");
    second.count(moved(third, "ASK"));
    EXPECT_EQ(count(), StoreCount{});
    EXPECT_EQ(count(), StoreCount{});
    EXPECT_EQ(second.asked, 2);
    EXPECT_EQ(third.asked, 2);
    EXPECT_EQ(third.asking, 2);
    third.count("-NOSCRIPT No matching script.\r\n");
    EXPECT_FALSE(count());
    EXPECT_EQ(third.asking, 4) << "before the script by name, and before the whole of it";
}

TEST_F(Cluster, who_sends_us_round_and_round_is_left) {
    open();
    await_ready();
    second.count(moved(second));
    const auto failed = count();
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().detail.find("MOVED"), std::string::npos) << failed.error().detail;
    EXPECT_EQ(second.asked, 1 + LimitsStore::max_redirections);
}

TEST_F(Cluster, to_who_is_not_connected_yet_nothing_waits) {
    NodeLike fourth;
    open();
    await_ready();
    second.count(moved(fourth));
    const auto failed = count();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, base::Errc::unavailable);
    await([&] { return fourth.server.connections > 0; });
}

TEST_F(Cluster, a_slot_on_its_way_is_not_the_nodes_fault) {
    open();
    await_ready();
    second.count("-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
    EXPECT_FALSE(count());
    EXPECT_TRUE(store->lets_through("contoso"));
}

TEST_F(Cluster, slots_of_nobody_are_counted_by_nobody) {
    const std::string slots = "*1\r\n" + range(0, 5460, first.port());
    first.own(slots);
    open();
    await([&] { return !store->why_not("contoso").empty(); });
    EXPECT_FALSE(store->lets_through("contoso"));
    EXPECT_EQ(store->why_not("contoso"), "nobody of the cluster has the slot of this tenant");
    EXPECT_EQ(count().error().code, base::Errc::unavailable);
}

TEST_F(Cluster, without_an_answer_about_slots_asks_again) {
    for (const char* const answer : {"-ERR This instance has cluster support disabled\r\n", "*0\r\n", "+OK\r\n", "close"}) {
        first.own(answer);
        first.slots_asked = 0;
        open();
        await([&] { return !store->why_not("contoso").empty(); });
        EXPECT_FALSE(store->lets_through("contoso"));
        EXPECT_TRUE(store->why_not("contoso").find(first.server.url.substr(8)) != std::string::npos) << store->why_not("contoso");
        first.own("*1\r\n" + range(0, 16383, first.port()));
        await_ready();
        EXPECT_GE(first.slots_asked, 2);
        store.reset();
    }
}

TEST_F(Cluster, follows_who_takes_over) {
    open();
    await_ready();
    second.count("close");
    const std::string slots = "*2\r\n" + range(0, 5460, first.port()) + range(5461, 16383, third.port());
    for (NodeLike* node : {&first, &second, &third}) node->own(slots);
    EXPECT_FALSE(count());
    third.count(refused);
    while (count() != StoreCount{.exceeded = 0, .again = 17s, .near = {}}) {
        bool passed = false;
        net::Timer tick(loop);
        tick.start(2ms, [&] { passed = true; });
        loop.run_until([&] { return passed; });
    }
}

}  // namespace
}  // namespace exota::directory
