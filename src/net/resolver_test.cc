// The resolver against a DNS server of the test, which answers, lies, says nothing, or is not there.
#include "net/resolver.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <utility>

#include "base/encode.h"
#include "net/testing_house.h"

namespace exota::net {
namespace {

constexpr std::uint16_t type_txt = 16;

/// One UDP socket on loopback that treats every question as `behaviour` says.
class DnsServer {
public:
    enum class Behaviour : std::uint8_t { answer, nxdomain, servfail, silent, garbage, signed_root };

    DnsServer() {
        thread_ = std::thread([this] { serve(); });
    }
    ~DnsServer() {
        stop_ = true;
        thread_.join();
    }
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    const std::string& address() const noexcept { return socket_.server(); }
    void behave(Behaviour behaviour) { behaviour_ = behaviour; }
    int questions() const { return questions_; }

private:
    void serve() {
        while (!stop_) {
            pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&wait, 1, 20) <= 0) continue;
            char buffer[1500];
            sockaddr_in from{};
            socklen_t size = sizeof from;
            const ssize_t got = ::recvfrom(socket_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
            if (got < 12) continue;
            ++questions_;
            const std::string reply = reply_to(std::string(buffer, static_cast<std::size_t>(got)));
            if (!reply.empty()) ::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
        }
    }

    std::string reply_to(std::string packet) const {
        const Behaviour behaviour = behaviour_;
        if (behaviour == Behaviour::silent) return {};
        if (behaviour == Behaviour::garbage) return packet.substr(0, 2) + std::string(40, '\xff');
        std::size_t end = 12;
        while (packet[end] != 0) end += static_cast<unsigned char>(packet[end]) + 1U;
        const bool root_keys = end == 12 && packet[14] == 48;
        packet.resize(end + 5);  // header and question, without EDNS
        packet[2] = '\x84';      // response, authoritative
        packet[3] = static_cast<char>(0x80 | (behaviour == Behaviour::nxdomain ? 3 : behaviour == Behaviour::servfail ? 2 : 0));
        packet[7] = behaviour == Behaviour::answer ? 1 : 0;
        packet[9] = packet[11] = 0;
        if (behaviour == Behaviour::signed_root && root_keys) {
            packet[7] = 2;
            for (const auto& [type, octets] : {std::pair('\x30', root_key), std::pair('\x2e', root_signature)})
                packet += std::string("\0\0", 2) + type + std::string("\0\1\0\0\1\0\0", 7) + static_cast<char>(octets.size()) + octets;
            packet[11] = 1;  // EDNS, with the bit that asked for signatures
            packet += std::string("\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);
            return packet;
        }
        if (root_keys) packet[7] = 0;  // nothing there, and unsigned
        if (root_keys) return packet;
        if (behaviour == Behaviour::answer) packet += std::string("\xc0\x0c\0\x10\0\1\0\0\1\0\0\x07\x06v=DKIM", 19);
        return packet;
    }

public:
    // A root of the test: its Ed25519 key (RFC 8080), and its signature of that key from 2020 to 2085.
    static inline const std::string root_key = *base::base64_decode("AQEDD7UPv1B6b4JH3EGbGwAznJdI9Lw9M/D0BpHy8+aNlUAJ");
    static inline const std::string root_signature = *base::base64_decode(
        "ADAPAAACowDYUF4AXgvhAAnxAER3AQOYo3B5aPivryl++ocZ3C35gaaas7AwpIEI1OSatI3GWkYxfat8lXqTbeblo2zWBCneWupUwqIkxGHqnA4=");

private:
    testing::DnsSocket socket_;
    std::atomic<Behaviour> behaviour_{Behaviour::answer};
    std::atomic<bool> stop_{false};
    std::atomic<int> questions_{0};
    std::thread thread_;
};

class DnssecTest : public ::testing::Test {
protected:
    DnssecTest() {
        std::ofstream(directory.path("root.key")) << ". IN DNSKEY 257 3 15 " << base::base64_encode(DnsServer::root_key.substr(4)) << '\n';
        settings.servers = {server.address()};
        settings.trust_anchor_files = {directory.path("root.key")};
        settings.timeout = std::chrono::seconds(20);
        settings.probe_interval = std::chrono::milliseconds(20);
    }
    ~DnssecTest() override {
        thread.call([&] { resolver.reset(); });
    }
    void create() {
        auto made = Resolver::create(thread.loop(), settings);
        ASSERT_TRUE(made) << made.error().detail;
        resolver = std::move(*made);
    }
    void watch() {
        thread.call([&] {
            ASSERT_NO_FATAL_FAILURE(create());
            resolver->watch_dnssec([this](Resolver::DnssecNews news) {
                const std::lock_guard lock(mutex);
                heard.push_back(std::move(news));
                changed.notify_all();
            });
        });
    }
    Resolver::DnssecNews news(std::size_t number) {
        std::unique_lock lock(mutex);
        if (!changed.wait_for(lock, std::chrono::seconds(30), [&] { return heard.size() > number; })) return {.text = "(none)"};
        return heard[number];
    }
    std::size_t told() {
        const std::lock_guard lock(mutex);
        return heard.size();
    }
    /// So many more questions have come.
    void wait_for_questions(int count) const {
        for (const int before = server.questions(); server.questions() < before + count;) std::this_thread::yield();
    }
    RawAnswer root_keys() {
        std::promise<RawAnswer> got;
        thread.call([&] { resolver->resolve(".", 48, [&](RawAnswer answer) { got.set_value(std::move(answer)); }); });
        return got.get_future().get();
    }
    std::uint64_t without_validation() const { return resolver->counters().without_validation.value(); }

    DnsServer server;
    testing::TemporaryDirectory directory;
    ResolverSettings settings;
    testing::LoopThread thread;
    std::unique_ptr<Resolver> resolver;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Resolver::DnssecNews> heard;
};

TEST_F(DnssecTest, one_unsigned_answer_does_not_switch_validation_off_for_good) {
    server.behave(DnsServer::Behaviour::answer);
    watch();
    const Resolver::DnssecNews off = news(0);
    EXPECT_FALSE(off.good);
    EXPECT_NE(off.text.find("do not pass DNSSEC on"), std::string::npos) << off.text;
    EXPECT_EQ(without_validation(), 1U);
    EXPECT_EQ(root_keys().validation, Validation::insecure);
    wait_for_questions(3);
    EXPECT_EQ(told(), 1U) << "a change is told once, not each time that it looks";
    server.behave(DnsServer::Behaviour::signed_root);
    const Resolver::DnssecNews on = news(1);
    EXPECT_TRUE(on.good) << on.text;
    EXPECT_EQ(without_validation(), 0U);
    EXPECT_EQ(root_keys().validation, Validation::secure);
    // And never off again.
    server.behave(DnsServer::Behaviour::answer);
    thread.call([&] { resolver->look_again(); });
    EXPECT_EQ(root_keys().validation, Validation::secure);
    EXPECT_EQ(told(), 2U);
    EXPECT_EQ(without_validation(), 0U);
}

TEST_F(DnssecTest, servers_that_sign_from_the_beginning) {
    server.behave(DnsServer::Behaviour::signed_root);
    watch();
    EXPECT_TRUE(news(0).good) << news(0).text;
    EXPECT_EQ(root_keys().validation, Validation::secure);
    EXPECT_EQ(without_validation(), 0U);
}

TEST_F(DnssecTest, servers_that_do_not_answer_are_asked_again) {
    settings.timeout = std::chrono::minutes(10);
    settings.probe_interval = std::chrono::hours(1);
    server.behave(DnsServer::Behaviour::silent);
    watch();
    thread.pass(settings.timeout);
    EXPECT_NE(news(0).text.find("do not answer"), std::string::npos) << news(0).text;
    EXPECT_EQ(without_validation(), 0U) << "silence switches nothing off";
    server.behave(DnsServer::Behaviour::signed_root);
    thread.pass(settings.probe_interval);
    EXPECT_TRUE(news(1).good) << news(1).text;
}

TEST_F(DnssecTest, a_reload_looks_at_once) {
    settings.probe_interval = std::chrono::hours(1);
    server.behave(DnsServer::Behaviour::answer);
    watch();
    EXPECT_FALSE(news(0).good);
    server.behave(DnsServer::Behaviour::signed_root);
    thread.call([&] { resolver->look_again(); });
    EXPECT_TRUE(news(1).good) << news(1).text;
}

TEST_F(DnssecTest, a_look_while_one_is_under_way_is_no_news) {
    settings.probe_interval = std::chrono::hours(1);
    server.behave(DnsServer::Behaviour::silent);
    watch();
    thread.call([&] { resolver->look_again(); });
    thread.call([] {});  // what that posted has run
    EXPECT_EQ(told(), 0U);
}

TEST_F(DnssecTest, a_probe_while_one_is_under_way_is_answered) {
    server.behave(DnsServer::Behaviour::silent);
    std::promise<std::string> first, second;
    thread.call([&] {
        ASSERT_NO_FATAL_FAILURE(create());
        resolver->probe_dnssec([&](const std::string& trouble) { first.set_value(trouble); });
        resolver->probe_dnssec([&](const std::string& trouble) { second.set_value(trouble); });
    });
    std::future<std::string> under_way = second.get_future();
    ASSERT_EQ(under_way.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_EQ(under_way.get(), "a probe is under way");
    thread.pass(settings.timeout);
    EXPECT_NE(first.get_future().get().find("do not answer"), std::string::npos);
}

/// The file that names the servers is gone when a probe reads it again: that is told, but not by a resolver that is gone, too.
TEST_F(DnssecTest, a_probe_that_cannot_start) {
    const std::string path = directory.path("resolv.conf");
    std::ofstream(path) << "nameserver 127.0.0.1\n";
    settings.servers.clear();
    settings.resolv_conf = path;
    std::vector<std::string> heard_of;
    std::promise<void> heard;
    const auto hear = [&](const std::string& trouble) {
        heard_of.push_back(trouble);
        if (heard_of.size() == 1) heard.set_value();
    };
    thread.call([&] {
        ASSERT_NO_FATAL_FAILURE(create());
        std::filesystem::remove(path);
        resolver->probe_dnssec(hear);
    });
    heard.get_future().wait();  // a call from here may overtake what the call above posted
    thread.call([&] {
        ASSERT_EQ(heard_of.size(), 1U);
        EXPECT_NE(heard_of[0].find(path), std::string::npos) << heard_of[0];
        resolver->probe_dnssec(hear);
        resolver.reset();
    });
    thread.call([] {});
    EXPECT_EQ(heard_of.size(), 1U);
}

TEST_F(DnssecTest, always_on_is_never_switched_off) {
    settings.dnssec = Dnssec::on;
    server.behave(DnsServer::Behaviour::answer);
    watch();
    EXPECT_NE(news(0).text.find("look-ups will fail"), std::string::npos) << news(0).text;
    EXPECT_EQ(without_validation(), 0U);
    EXPECT_EQ(root_keys().validation, Validation::bogus);
}

TEST_F(DnssecTest, a_key_that_is_not_the_anchors_is_no_signature) {
    std::ofstream(directory.path("root.key")) << ". IN DNSKEY 257 3 15 " << base::base64_encode(std::string(32, 'k')) << '\n';
    server.behave(DnsServer::Behaviour::signed_root);
    watch();
    EXPECT_FALSE(news(0).good) << news(0).text;
}

class ResolverTest : public ::testing::Test {
protected:
    void start(std::chrono::milliseconds timeout, std::size_t max_in_flight = 100) {
        ResolverSettings settings;
        settings.servers = {server.address()};
        settings.dnssec = Dnssec::off;
        settings.timeout = timeout;
        settings.max_in_flight = max_in_flight;
        thread.call([&] {
            auto made = Resolver::create(thread.loop(), settings);
            if (made) resolver = std::move(*made);
        });
        ASSERT_TRUE(resolver);
    }
    void TearDown() override {
        thread.call([&] { resolver.reset(); });
    }
    std::future<RawAnswer> ask(const std::string& name) {
        auto promise = std::make_shared<std::promise<RawAnswer>>();
        auto future = promise->get_future();
        thread.call([&] { resolver->resolve(name, type_txt, [promise](RawAnswer answer) { promise->set_value(std::move(answer)); }); });
        return future;
    }

    static constexpr std::chrono::hours long_time{1};  // passes only where it is skipped

    DnsServer server;
    testing::LoopThread thread;
    std::unique_ptr<Resolver> resolver;
};

TEST_F(ResolverTest, answers_and_remembers) {
    start(std::chrono::seconds(20));
    const RawAnswer answer = ask("selector1._domainkey.example.org").get();
    EXPECT_TRUE(answer.answered) << answer.why;
    EXPECT_EQ(answer.rcode, 0);
    EXPECT_NE(answer.packet.find("v=DKIM"), std::string::npos);
    const int before = server.questions();
    EXPECT_TRUE(ask("selector1._domainkey.example.org").get().answered);
    EXPECT_EQ(server.questions(), before);  // from the cache
    EXPECT_EQ(resolver->counters().answered.value(), 2U);
}

TEST_F(ResolverTest, nothing_there_and_nobody_there_are_different) {
    start(std::chrono::seconds(20));
    server.behave(DnsServer::Behaviour::nxdomain);
    const RawAnswer absent = ask("nothing.example.org").get();
    EXPECT_TRUE(absent.answered);
    EXPECT_EQ(absent.rcode, 3);
    server.behave(DnsServer::Behaviour::servfail);
    const RawAnswer failed = ask("failing.example.org").get();
    EXPECT_EQ(failed.rcode, 2);
}

TEST_F(ResolverTest, a_silent_or_babbling_server_ends_at_the_time_limit_and_recovers) {
    start(long_time);
    for (const auto behaviour : {DnsServer::Behaviour::silent, DnsServer::Behaviour::garbage}) {
        server.behave(behaviour);
        const int before = server.questions();
        auto asked = ask("hung" + std::to_string(static_cast<int>(behaviour)) + ".example.org");
        EXPECT_TRUE(testing::eventually([&] { return server.questions() > before; }));
        thread.pass(long_time);
        const RawAnswer answer = asked.get();
        EXPECT_TRUE(!answer.answered || (answer.rcode != 0 && answer.rcode != 3)) << answer.rcode;
    }
    EXPECT_GE(resolver->counters().timed_out.value(), 1U);
    EXPECT_EQ(thread.call([&] { return resolver->in_flight(); }), 0U);
    server.behave(DnsServer::Behaviour::answer);
    RawAnswer answer;
    for (int tries = 0; tries < 50 && !(answer.answered && answer.rcode == 0); ++tries)
        answer = ask("after" + std::to_string(tries) + ".example.org").get();
    EXPECT_EQ(answer.rcode, 0) << answer.why;
}

TEST_F(ResolverTest, more_than_the_limit_is_refused_at_once) {
    start(long_time, 2);
    server.behave(DnsServer::Behaviour::silent);
    std::promise<RawAnswer> promises[3];
    thread.call([&] {  // at once: no time passes for the loop between them
        for (std::promise<RawAnswer>& promise : promises)
            resolver->resolve("n" + std::to_string(&promise - promises) + ".example.org", type_txt,
                              [&promise](RawAnswer answer) { promise.set_value(std::move(answer)); });
    });
    thread.pass(long_time);
    for (std::promise<RawAnswer>& promise : promises) EXPECT_FALSE(promise.get_future().get().answered);
    EXPECT_EQ(resolver->counters().refused.value(), 1U);
    EXPECT_EQ(resolver->counters().timed_out.value(), 2U);
}

TEST_F(ResolverTest, questions_in_flight_may_be_left_behind) {
    start(std::chrono::seconds(20));
    server.behave(DnsServer::Behaviour::silent);
    auto left = ask("left.example.org");
    thread.call([&] { resolver.reset(); });
    EXPECT_THROW(left.get(), std::future_error);  // its callback was destroyed, never called
}

TEST(Resolver, settings_that_libunbound_does_not_take_are_named) {
    testing::LoopThread thread;
    thread.call([&] {
        ResolverSettings settings;
        settings.servers = {"not an address"};
        const auto made = Resolver::create(thread.loop(), settings);
        ASSERT_FALSE(made);
        EXPECT_NE(made.error().detail.find("dns.servers"), std::string::npos);
        EXPECT_EQ(problem_of(settings), made.error().detail);
    });
    EXPECT_EQ(problem_of({.servers = {"127.0.0.1@53"}}), std::nullopt);
    // What libunbound itself would see with its first question.
    const std::string late = "dns.trust_anchor_files, dns.open_zones or dns.stub_zones: libunbound: initialization failure";
    EXPECT_EQ(problem_of({.servers = {"127.0.0.1@53"}, .trust_anchor_files = {"/does/not/exist"}}), late);
    EXPECT_EQ(problem_of({.servers = {"127.0.0.1@53"}, .trust_anchor_files = {"/does/not/exist"}, .dnssec = Dnssec::off}), std::nullopt);
    EXPECT_EQ(problem_of({.servers = {"127.0.0.1@53"}, .open_zones = {".."}}), late);
}

}  // namespace
}  // namespace exota::net
