// Following a master by Sentinels of the test: which of them is asked, whose word counts, and what becomes of a master that is none.
#include "directory/redis_sentinel.h"

#include <csignal>
#include <mutex>

#include "directory/testing_redis.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Is = RedisReply::Is;
using testing::RedisLike;
using Words = RedisLike::Words;

RedisReply text(std::string value) { return {.is = Is::text, .text = std::move(value)}; }
RedisReply array(std::vector<RedisReply> elements) { return {.is = Is::array, .elements = std::move(elements)}; }

TEST(MasterPlace, is_a_host_and_a_port) {
    EXPECT_EQ(read_master_place(array({text("192.0.2.1"), text("6379")})), (RedisPlace{"192.0.2.1", 6379}));
    EXPECT_EQ(read_master_place({}).error().code, base::Errc::not_found);
    EXPECT_EQ(read_master_place({.is = Is::error, .text = "NOAUTH Authentication required."}).error().detail,
              "NOAUTH Authentication required.");
    const RedisReply wrong[] = {
        text("192.0.2.1"),
        array({}),
        array({text("192.0.2.1")}),
        array({text("192.0.2.1"), text("6379"), text("x")}),
        array({text(""), text("6379")}),
        array({text("a b"), text("6379")}),
        array({text(std::string(254, 'h')), text("6379")}),
        array({text("192.0.2.1"), text("0")}),
        array({text("192.0.2.1"), text("65536")}),
        array({text("192.0.2.1"), text("1x")}),
        array({text("192.0.2.1"), text("99999999999999999999")}),
        array({text("192.0.2.1"), {.is = Is::integer, .integer = 6379}}),
        array({{.is = Is::nil}, text("6379")}),
    };
    for (const RedisReply& reply : wrong) {
        const auto place = read_master_place(reply);
        ASSERT_FALSE(place) << &reply - wrong;
        EXPECT_EQ(place.error().code, base::Errc::protocol);
    }
}

std::string address_of(std::uint16_t port) {
    const std::string number = std::to_string(port);
    return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(number.size()) + "\r\n" + number + "\r\n";
}
std::string role(const std::string& word) { return "*1\r\n$" + std::to_string(word.size()) + "\r\n" + word + "\r\n"; }

/// A Sentinel that says `answer` to who asks for the master.
struct SentinelLike {
    explicit SentinelLike(std::string first = "*-1\r\n") : answer_(std::move(first)) {}
    void say(std::string answer) {
        const std::lock_guard lock(mutex_);
        answer_ = std::move(answer);
    }
    std::atomic<int> asked{0};

private:
    std::string answer(const Words& words) {
        if (words[0] == "PING") return "+PONG\r\n";
        EXPECT_EQ(words, (Words{"SENTINEL", "get-master-addr-by-name", "limits"}));
        ++asked;
        const std::lock_guard lock(mutex_);
        return answer_;
    }
    std::mutex mutex_;
    std::string answer_;

public:
    RedisLike server{[this](int, const Words& words) { return answer(words); }};  // the last: it calls from its threads
};

struct Sentinels : ::testing::Test {
    net::Loop loop;
    std::optional<SentinelRoute> route;

    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
    void await(const std::function<bool()>& done) {
        net::Timer tick(loop);  // what passes with time alone is no work of the loop
        const std::function<void()> again = [&] { tick.start(2ms, again); };
        again();
        loop.run_until(done);
    }
    void open(std::initializer_list<const RedisLike*> sentinels) {
        SentinelRoute::Options options{.sentinels = {}, .master_name = "limits", .master = {.url = {}}, .rest = 20ms};
        for (const RedisLike* sentinel : sentinels) options.sentinels.push_back({.url = *RedisUrl::parse(sentinel->url)});
        route.emplace(loop, std::move(options));
        route->start();
    }
    bool follows(const RedisLike& master) {
        const auto node = route->node_of("{contoso}");
        return node && node->connection.is_ready() && node->connection.url().port == master.port;
    }
};

TEST_F(Sentinels, name_the_master_and_he_is_followed) {
    RedisLike first([](int, const Words&) { return role("master"); }), second([](int, const Words&) { return role("master"); });
    SentinelLike sentinel(address_of(first.port));
    open({&sentinel.server});
    EXPECT_EQ(route->node_of("{contoso}"), nullptr);
    EXPECT_EQ(route->why(), "") << "nothing is wrong yet";
    await([&] { return follows(first); });
    const auto before = route->node_of("{contoso}");
    sentinel.say(address_of(second.port));
    await([&] { return follows(second); });
    EXPECT_TRUE(before->connection.is_ready()) << "who has a question under way keeps it";
    EXPECT_EQ(sentinel.server.connections, 1);
}

TEST_F(Sentinels, who_is_not_the_master_is_not_asked) {
    std::atomic<bool> promoted = false;
    RedisLike server([&](int, const Words& words) {
        EXPECT_EQ(words[0], "ROLE");
        return role(promoted ? "master" : "slave");
    });
    SentinelLike sentinel(address_of(server.port));
    open({&sentinel.server});
    await([&] {
        const auto node = route->node_of("{contoso}");
        return node && node->connection.why().ends_with("it is not the master");
    });
    EXPECT_FALSE(follows(server));
    promoted = true;
    await([&] { return follows(server); });
}

TEST_F(Sentinels, that_do_not_help_are_passed_over) {
    RedisLike master([](int, const Words&) { return role("master"); });
    for (const std::string answer :
         {"*-1\r\n", "-NOAUTH Authentication required.\r\n", "+OK\r\n", "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "close", "?\r\n"}) {
        SentinelLike useless(answer), helpful(address_of(master.port));
        open({&useless.server, &helpful.server});
        await([&] { return follows(master); });
        EXPECT_EQ(useless.asked, 1) << answer;
        route.reset();
    }
}

TEST_F(Sentinels, of_whom_none_helps_are_why_nobody_is_known) {
    SentinelLike first, second;
    open({&first.server, &second.server});
    await([&] { return first.asked >= 1 && second.asked >= 1 && route->why().starts_with(second.server.url); });
    EXPECT_EQ(route->node_of("{contoso}"), nullptr);
    EXPECT_EQ(route->why(), second.server.url + ": it knows no master of this name");
    await([&] { return first.asked >= 2 && second.asked >= 2; });  // again and again
}

TEST_F(Sentinels, others_are_asked_when_the_master_fails) {
    RedisLike master([](int, const Words&) { return role("master"); });
    std::atomic<bool> gone = false;
    RedisLike old([&](int, const Words&) { return gone ? std::string("close") : role("master"); });
    SentinelLike blind(address_of(old.port)), knowing(address_of(old.port));
    open({&blind.server, &knowing.server});
    await([&] { return follows(old); });
    EXPECT_EQ(knowing.asked, 0);
    gone = true;
    knowing.say(address_of(master.port));
    route->doubt();
    await([&] { return follows(master); });
    EXPECT_GE(knowing.asked, 1);
}

}  // namespace
}  // namespace exota::directory
