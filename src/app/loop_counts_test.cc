// What becomes of a message while the store counts, refuses, fails or is away, and what the log is told.
#include "app/loop_counts.h"

#include <csignal>

#include "directory/testing_redis.h"
#include "net/testing_house.h"
#include "telemetry/testing.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using directory::testing::RedisLike;
using Fallback = directory::LimitsStoreSettings::Fallback;
using gate::PassedLimit;

struct Counts : ::testing::Test {
    const std::vector<tenant::Limit> limits{{2, tenant::LimitUnit::messages, 60s}, {9, tenant::LimitUnit::recipients, 60s}};
    const tenant::Index tenants;
    std::unique_ptr<telemetry::testing::MemorySink> sink = std::make_unique<telemetry::testing::MemorySink>();
    const std::shared_ptr<telemetry::testing::Lines> lines = sink->lines();
    telemetry::Log log{{}, std::move(sink)};
    net::Loop loop;
    std::unique_ptr<LoopCounts> counts;

    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
    void open(const std::string& url, Fallback fallback) {
        config::Config config;
        config.limits_store.emplace().servers = {url};
        config.limits_store->fallback = fallback;
        config.limits_store->timeout = 10s;
        config.limits_store->rest = 1ms;
        const auto options = counting_options(config);
        ASSERT_TRUE(options && *options);
        counts = std::make_unique<LoopCounts>(loop, **options, log);
        counts->start();
    }
    gate::Counted message(std::string_view tenant = "contoso", std::uint32_t recipients = 1) const {
        return {.tenants = tenants, .tenant = tenant::Number{0}, .tenant_name = tenant, .limits = limits, .recipients = recipients};
    }
    /// By messages of somebody else, which are counted here meanwhile.
    void await_store() {
        net::Timer tick(loop);  // what passes with time alone is no work of the loop
        const std::function<void()> again = [&] { tick.start(2ms, again); };
        again();
        loop.run_until([this] { return !counts->count_at_hand(message("other"), gate::Instant(1h)); });
    }
    gate::CountAnswer ask(std::uint32_t recipients = 1) {
        const gate::Counted asked = message("contoso", recipients);
        if (auto at_hand = counts->count_at_hand(asked, gate::Instant(1h))) return *at_hand;
        std::optional<gate::CountAnswer> answer;
        counts->count(asked, gate::Instant(1h), [&](const gate::CountAnswer& said) { answer = said; });
        EXPECT_FALSE(answer) << "never from within";
        loop.run_until([&] { return answer.has_value(); });
        return *answer;
    }
};

TEST_F(Counts, the_store_is_believed) {
    std::atomic<int> asked = 0;
    RedisLike server([&](int, const RedisLike::Words& words) -> std::string {
        if (words[0] == "PING") return "+PONG\r\n";
        switch (++asked) {
            case 1:
                return "*3\r\n:0\r\n:0\r\n:2\r\n";
            case 2:
                return "*3\r\n:1\r\n:33\r\n:0\r\n";
            default:
                return "*3\r\n:2\r\n:-1\r\n:0\r\n";
        }
    });
    open(server.url, Fallback::local);
    await_store();
    const gate::CountAnswer first = ask();
    EXPECT_TRUE(first.passed.is(PassedLimit::none));
    EXPECT_EQ(first.near, limits[1]);
    EXPECT_EQ(ask().passed, PassedLimit(gate::Exceeded{limits[0], 33s}));
    EXPECT_EQ(ask(10).passed, PassedLimit(gate::Exceeded{limits[1], std::nullopt}));
    EXPECT_EQ(counts->counters().within.value(), 1U);
    EXPECT_EQ(counts->counters().exceeded.value(), 2U);
    EXPECT_EQ(counts->counters().failed.value(), 0U);
}

TEST_F(Counts, a_node_alone_goes_on_from_what_it_knows) {
    std::atomic<bool> works = true;
    RedisLike server([&](int, const RedisLike::Words& words) -> std::string {
        if (words[0] == "PING") return "+PONG\r\n";
        return works ? "*3\r\n:0\r\n:0\r\n:0\r\n" : "-READONLY You can't write against a read only replica.\r\n";
    });
    open(server.url, Fallback::local);
    await_store();
    const std::uint64_t alone_before = counts->counters().fell_back_local.value();
    EXPECT_TRUE(ask().passed.is(PassedLimit::none));
    works = false;
    EXPECT_TRUE(ask().passed.is(PassedLimit::none)) << "the second of two";
    const auto third = ask();
    ASSERT_TRUE(third.passed.is(PassedLimit::yes));
    EXPECT_EQ(third.passed->limit, limits[0]);
    EXPECT_GE(counts->counters().failed.value(), 1U);
    EXPECT_EQ(counts->counters().fell_back_local.value(), alone_before + 2);
    EXPECT_EQ(counts->counters().away.value(), 1U);
    works = true;
    await_store();
    EXPECT_TRUE(ask().passed.is(PassedLimit::none));
    EXPECT_EQ(counts->counters().away.value(), 0U);
    EXPECT_TRUE(net::testing::eventually([this] { return lines->all().find("limits-store-back") != std::string::npos; })) << lines->all();
    const std::string said = lines->all();
    EXPECT_NE(said.find("limits-store-away"), std::string::npos) << said;
    EXPECT_NE(said.find("READONLY"), std::string::npos) << said;
    EXPECT_EQ(said.find("limits-store-away"), said.rfind("limits-store-away")) << "once a minute\n" << said;
    EXPECT_NE(said.find("limits-store-back"), std::string::npos) << said;
}

TEST_F(Counts, what_the_operator_says_while_it_is_away) {
    std::string url;
    {
        RedisLike server([](int, const RedisLike::Words&) { return std::string(); });
        url = server.url;
    }
    for (const Fallback fallback : {Fallback::local, Fallback::accept, Fallback::tempfail}) {
        open(url, fallback);
        const auto first = ask(), second = ask(), third = ask();
        if (fallback == Fallback::local) EXPECT_TRUE(second.passed.is(PassedLimit::none) && third.passed.is(PassedLimit::yes));
        if (fallback == Fallback::accept) EXPECT_TRUE(first.passed.is(PassedLimit::none) && third.passed.is(PassedLimit::none));
        if (fallback == Fallback::tempfail) EXPECT_TRUE(first.passed.is(PassedLimit::unknown) && third.passed.is(PassedLimit::unknown));
        const auto& seen = counts->counters();
        EXPECT_EQ(seen.fell_back_local.value() + seen.fell_back_accept.value() + seen.fell_back_tempfail.value(), 3U);
        EXPECT_EQ(seen.failed.value(), 0U) << "nobody was asked";
    }
    config::Config config;
    EXPECT_FALSE(*counting_options(config)) << "this process counts alone";
    config.limits_store.emplace().servers = {"nonsense"};
    EXPECT_FALSE(counting_options(config));
}

}  // namespace
}  // namespace exota::app
