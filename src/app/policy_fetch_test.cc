// MTA-STS policies from HTTPS servers of the test, by names that the test knows.
#include "app/policy_fetch.h"

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <optional>

#include "app/mta_sts_store.h"
#include "gate/world.h"
#include "net/testing_https.h"
#include "net/tls_context.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using authn::DnsAnswer;
using authn::DnsStatus;
using authn::RecordType;
using base::Errc;
using net::testing::HttpsServer;
using net::testing::Identity;
using net::testing::Wire;
using net::testing::write_file;

constexpr std::string_view policy = "version: STSv1\nmode: enforce\nmx: mx.a.test\nmax_age: 86400\n";

/// What names have for addresses; the loop's own time.
class NamesWorld final : public gate::World {
public:
    explicit NamesWorld(net::Loop& loop) : loop_(loop) {}
    bool resolve(const authn::DnsQuestion& question, Answered answered) override {
        if (!resolves) return false;
        if (silent || question.name == silent_for) return true;
        const auto found = answers.find({question.name, question.type});
        DnsAnswer answer = found != answers.end() ? found->second : DnsAnswer{.status = DnsStatus::no_data};
        loop_.post([answered = std::move(answered), answer = std::move(answer)] { answered(answer); });
        return true;
    }
    std::shared_ptr<void> call_after(std::chrono::milliseconds, std::function<void()>) override { return nullptr; }
    void call_soon(std::function<void()> then) override { loop_.post(std::move(then)); }
    std::chrono::sys_seconds now() override { return std::chrono::sys_seconds(1'800'000'000s); }
    gate::Instant instant() override { return std::chrono::steady_clock::now(); }

    std::map<authn::DnsQuestion, DnsAnswer> answers;
    bool resolves = true, silent = false;
    std::string silent_for;

private:
    net::Loop& loop_;
};

DnsAnswer records(std::vector<std::string> all) { return {.status = DnsStatus::data, .records = std::move(all)}; }
const std::string loopback_v4("\x7f\0\0\x01", 4);
const std::string loopback_v6 = std::string(15, '\0') + '\x01';

class PolicyFetches : public ::testing::Test {
protected:
    using Answer = std::optional<base::Result<std::string>>;

    PolicyFetches() {
        write_file(directory_.path("roots"), root_.chain());
        context_ =
            *net::TlsContext::make(net::TlsRole::client, {.certificate_file = {}, .key_file = {}, .roots_file = directory_.path("roots")});
        world_.answers[{"mta-sts.a.test", RecordType::a}] = records({loopback_v4});
    }
    static HttpsServer::Serve says(std::string text) {
        return [text = std::move(text)](const Wire& wire) {
            wire.request();
            wire.say(text);
            wire.wait_for_end();
        };
    }
    static std::string answer(std::string_view type, std::string_view body) {
        return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               std::string(body);
    }
    base::Result<std::string> fetch(PolicyFetchOptions options, const std::string& host = "mta-sts.a.test") {
        std::promise<base::Result<std::string>> promised;
        std::unique_ptr<PolicyFetch> source;
        thread_.call([&] {
            source = std::make_unique<PolicyFetch>(thread_.loop(), world_, nullptr, nullptr, std::move(options));
            source->use(context_);
            if (used_later_) source->use(*used_later_);
            source->fetch(host, [&](Answer body) { promised.set_value(*std::move(body)); });
        });
        base::Result<std::string> result = promised.get_future().get();
        thread_.call([&] { source.reset(); });
        return result;
    }
    static PolicyFetchOptions at(std::uint16_t port, std::chrono::milliseconds deadline = 60s) {
        return {.port = port, .deadline = deadline, .may_dial = [](const base::IpAddress&) { return true; }};
    }

    net::testing::WithoutPipeSignal no_signal_;
    net::testing::TemporaryDirectory directory_;
    Identity root_ = Identity::root("Root");
    Identity good_ = root_.issue({.dns_names = {"mta-sts.a.test"}, .usages = "serverAuth"});
    std::shared_ptr<const net::TlsContext> context_;
    std::optional<std::shared_ptr<const net::TlsContext>> used_later_;
    net::testing::LoopThread thread_;
    NamesWorld world_{thread_.loop()};
};

TEST_F(PolicyFetches, a_policy) {
    std::string asked;
    const HttpsServer server({.identity = &good_}, [&](const Wire& wire) {
        asked = wire.request();
        wire.say(answer("text/plain; charset=utf-8", policy));
        wire.wait_for_end();
    });
    const auto body = fetch(at(server.port()));
    ASSERT_TRUE(body) << body.error().detail;
    EXPECT_EQ(*body, policy);
    EXPECT_TRUE(asked.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.a.test:")) << asked;
}

TEST_F(PolicyFetches, a_reload_without_mta_sts_takes_nothing_from_sessions_before_it) {
    const HttpsServer server({.identity = &good_}, says(answer("text/plain", policy)));
    used_later_ = nullptr;
    const auto body = fetch(at(server.port()));
    ASSERT_TRUE(body) << body.error().detail;
    EXPECT_EQ(*body, policy);
}

TEST_F(PolicyFetches, what_is_no_policy) {
    const struct {
        const char* name;
        std::string says;
        Errc code;
    } cases[] = {
        {"html", answer("text/html", policy), Errc::invalid_data},
        {"no_type", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Errc::invalid_data},
        {"redirect", "HTTP/1.1 301 There\r\nLocation: https://mta-sts.b.test/.well-known/mta-sts.txt\r\n\r\n", Errc::unavailable},
        {"none", "HTTP/1.1 404 No\r\n\r\n", Errc::not_found},
        {"too_long", answer("text/plain", std::string(authn::max_mta_sts_policy_octets + 1, 'x')), Errc::too_long},
    };
    for (const auto& c : cases) {
        const HttpsServer server({.identity = &good_}, says(c.says));
        const auto body = fetch(at(server.port()));
        ASSERT_FALSE(body) << c.name;
        EXPECT_EQ(body.error().code, c.code) << c.name << body.error().detail;
        EXPECT_TRUE(body.error().detail.starts_with("mta-sts.a.test: ")) << body.error().detail;
    }
}

TEST_F(PolicyFetches, names_that_lead_nowhere) {
    const HttpsServer server({.identity = &good_}, says(answer("text/plain", policy)));
    const authn::DnsQuestion a{"mta-sts.a.test", RecordType::a}, aaaa{"mta-sts.a.test", RecordType::aaaa};
    const struct {
        const char* name;
        DnsAnswer a, aaaa;
        const char* why;
    } cases[] = {
        {"no_host", {.status = DnsStatus::nxdomain}, {.status = DnsStatus::nxdomain}, "has no address to be asked at"},
        {"failed", {.status = DnsStatus::temporary_failure}, {.status = DnsStatus::no_data}, "DNS failed"},
        {"bogus", {.status = DnsStatus::bogus}, {.status = DnsStatus::bogus}, "DNS failed"},
        {"loopback", records({loopback_v4}), records({loopback_v6}), "has no address to be asked at"},
    };
    for (const auto& c : cases) {
        world_.answers[a] = c.a;
        world_.answers[aaaa] = c.aaaa;
        const auto body = fetch({.port = server.port()});
        ASSERT_FALSE(body) << c.name;
        EXPECT_EQ(body.error().code, Errc::unavailable);
        EXPECT_NE(body.error().detail.find(c.why), std::string::npos) << c.name << ": " << body.error().detail;
    }
    EXPECT_EQ(server.connections(), 0) << "nothing that DNS says leads us to ourselves";
    world_.resolves = false;
    EXPECT_FALSE(fetch(at(server.port())));
    world_.resolves = true;
    world_.answers[a] = {.status = DnsStatus::bogus};
    world_.answers[aaaa] = {.status = DnsStatus::no_data};
    EXPECT_FALSE(fetch(at(server.port())));
}

TEST_F(PolicyFetches, one_deadline_for_names_and_all) {
    world_.silent = true;
    const auto body = fetch(at(1, 50ms));
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, Errc::timeout);
    EXPECT_EQ(body.error().detail, "mta-sts.a.test: no answer within the time allowed");
}

TEST_F(PolicyFetches, as_many_as_are_fetched_and_wait_at_one_time) {
    world_.silent = true;
    std::promise<Answer> refused;
    std::unique_ptr<PolicyFetch> source;
    std::size_t told = 0;
    thread_.call([&] {
        source = std::make_unique<PolicyFetch>(thread_.loop(), world_, nullptr);
        source->use(context_);
        for (std::size_t i = 0; i < PolicyFetch::max_fetches + PolicyFetch::max_waiting; ++i)
            source->fetch("mta-sts.a.test", [&](const Answer&) { ++told; });
        source->fetch("mta-sts.b.test", [&](Answer body) { refused.set_value(std::move(body)); });
    });
    EXPECT_FALSE(refused.get_future().get()) << "nobody was asked";
    thread_.call([&] { source.reset(); });
    EXPECT_EQ(told, 0U) << "nobody is called once it is gone";
}

/// As many hosts as are asked at one time, all slow: whoever comes behind them is asked for all that.
TEST_F(PolicyFetches, slow_hosts_keep_no_other_from_being_asked) {
    const HttpsServer server({.identity = &good_}, says(answer("text/plain", policy)));
    world_.silent_for = "mta-sts.slow.test";
    std::promise<Answer> promised;
    std::unique_ptr<PolicyFetch> source;
    std::vector<std::string> slow;
    PolicyFetchOptions options = at(server.port());
    options.fair_share = 1ms;
    thread_.call([&] {
        source = std::make_unique<PolicyFetch>(thread_.loop(), world_, nullptr, nullptr, options);
        source->use(context_);
        for (std::size_t i = 0; i < PolicyFetch::max_fetches; ++i)
            source->fetch("mta-sts.slow.test", [&](const Answer& body) { slow.push_back(body->error().detail); });
        source->fetch("mta-sts.a.test", [&](Answer body) { promised.set_value(std::move(body)); });
    });
    const Answer body = promised.get_future().get();
    ASSERT_TRUE(body && *body) << "and has its policy";
    EXPECT_EQ(**body, policy);
    thread_.call([&] { source.reset(); });
    EXPECT_EQ(slow, std::vector<std::string>{"mta-sts.slow.test: no answer while others wait to be asked"}) << "the oldest, and no other";
}

TEST_F(PolicyFetches, whose_turn_does_not_come_has_asked_nobody) {
    world_.silent = true;
    std::promise<Answer> promised;
    std::unique_ptr<PolicyFetch> source;
    thread_.call([&] {
        source = std::make_unique<PolicyFetch>(thread_.loop(), world_, nullptr, nullptr, PolicyFetchOptions{.max_wait = 1ms});
        source->use(context_);
        for (std::size_t i = 0; i <= PolicyFetch::max_fetches; ++i)
            source->fetch("mta-sts.a.test", [&](Answer body) { promised.set_value(std::move(body)); });
    });
    EXPECT_FALSE(promised.get_future().get()) << "that is no answer about the policy";
    thread_.call([&] { source.reset(); });
}

TEST_F(PolicyFetches, what_is_kept_on_disk) {
    MtaStsStore store(directory_.path("policies"));
    ASSERT_TRUE(store.open());
    std::vector<std::string> troubles;
    PolicyFetch source(thread_.loop(), world_, &store, [&](std::string_view text) { troubles.emplace_back(text); });
    const authn::MtaStsEntry entry{"a.test", "id1", world_.now(), authn::MtaStsPolicy::parse(policy).value()};
    source.store("a.test", entry.text());
    EXPECT_EQ(source.load("a.test"), entry.text());
    source.store("b.test", "no entry");
    EXPECT_EQ(source.load("b.test"), std::nullopt);
    EXPECT_TRUE(troubles.empty());
    write_file(directory_.path("policies/b.test"), std::string(100'000, 'x'));
    EXPECT_EQ(source.load("b.test"), std::nullopt);
    EXPECT_EQ(troubles.size(), 1U) << "it is told";
    MtaStsStore closed(directory_.path("others"));
    PolicyFetch unkept(thread_.loop(), world_, &closed, [&](std::string_view text) { troubles.emplace_back(text); });
    unkept.store("a.test", entry.text());
    EXPECT_EQ(troubles.size(), 2U);
    PolicyFetch without(thread_.loop(), world_, nullptr);
    without.store("a.test", entry.text());
    EXPECT_EQ(without.load("a.test"), std::nullopt);
}

}  // namespace
}  // namespace exota::app
