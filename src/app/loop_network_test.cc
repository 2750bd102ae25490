#include "app/loop_network.h"

#include <gtest/gtest.h>

#include "net/testing.h"

namespace exota::app {
namespace {

net::ResolverSettings asking(const std::string& server) {
    net::ResolverSettings settings;
    settings.servers = {server};
    settings.dnssec = net::Dnssec::off;
    settings.timeout = std::chrono::hours(1);  // passes only where it is skipped
    return settings;
}

TEST(LoopNetwork, silence_is_a_temporary_failure) {
    const net::testing::DnsSocket silent;
    net::testing::LoopThread thread;
    std::promise<authn::DnsAnswer> got;
    std::unique_ptr<LoopNetwork> network;
    thread.call([&] {
        network = std::make_unique<LoopNetwork>(thread.loop(), asking(silent.server()), [](const LoopNetwork::News&) {});
        network->resolve({"selector1._domainkey.example.org", authn::RecordType::txt},
                         [&](authn::DnsAnswer answer) { got.set_value(std::move(answer)); });
    });
    thread.pass(std::chrono::hours(1));
    EXPECT_EQ(got.get_future().get().status, authn::DnsStatus::temporary_failure);
    EXPECT_EQ(network->counters().timed_out.value(), 1U);
    thread.call([&] { network.reset(); });
}

TEST(LoopNetwork, what_is_above_our_own_limit_is_nobodys_silence) {
    const net::testing::DnsSocket silent;
    net::testing::LoopThread thread;
    std::promise<authn::DnsAnswer> got;
    std::unique_ptr<LoopNetwork> network;
    bool answered = false;
    thread.call([&] {
        net::ResolverSettings settings = asking(silent.server());
        settings.max_in_flight = 1;
        network = std::make_unique<LoopNetwork>(thread.loop(), settings, [](const LoopNetwork::News&) {});
        EXPECT_TRUE(
            network->resolve({"a.example", authn::RecordType::a}, [&](authn::DnsAnswer answer) { got.set_value(std::move(answer)); }));
        EXPECT_FALSE(network->resolve({"b.example", authn::RecordType::a}, [&](const authn::DnsAnswer&) { answered = true; }));
    });
    thread.pass(std::chrono::hours(1));
    got.get_future().get();
    EXPECT_EQ(network->counters().refused.value(), 1U);
    EXPECT_EQ(network->counters().questions.value(), 2U);
    EXPECT_EQ(network->counters().failed.value(), 0U) << "each ended in one way";
    EXPECT_EQ(network->counters().timed_out.value(), 1U);
    thread.call([&] { network.reset(); });
    EXPECT_FALSE(answered);
}

TEST(LoopNetwork, settings_that_do_not_work_are_told_once_and_nobody_is_asked) {
    net::testing::LoopThread thread;
    std::vector<std::string> told;
    bool answered = false;
    std::unique_ptr<LoopNetwork> network;
    thread.call([&] {
        network = std::make_unique<LoopNetwork>(thread.loop(), asking("nonsense"), [&](const LoopNetwork::News& news) {
            EXPECT_FALSE(news.good);
            told.push_back(news.text);
        });
        for (int i = 0; i < 2; ++i)
            EXPECT_FALSE(network->resolve({"example.org", authn::RecordType::txt}, [&](const authn::DnsAnswer&) { answered = true; }));
    });
    EXPECT_EQ(told.size(), 1U);
    thread.call([&] { network.reset(); });
    EXPECT_FALSE(answered);
}

TEST(LoopNetwork, an_alarm_whose_handle_is_gone_never_comes) {
    net::testing::LoopThread thread;
    LoopNetwork network(thread.loop(), asking("127.0.0.1"), [](const LoopNetwork::News&) {});
    std::promise<void> second;
    bool first = false;
    std::shared_ptr<void> kept;
    thread.call([&] {
        network.call_after(std::chrono::milliseconds(1), [&] { first = true; });  // dropped at once
        kept = network.call_after(std::chrono::milliseconds(20), [&] { second.set_value(); });
    });
    second.get_future().get();
    EXPECT_FALSE(first);
    thread.call([&] { kept.reset(); });
}

}  // namespace
}  // namespace exota::app
