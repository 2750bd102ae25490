// The client against servers of the test: what it asks, and what becomes of it when they close, hang, refuse and come back.
#include "directory/ldap_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <thread>

#include "directory/testing_ldap.h"
#include "net/testing.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace testing_ldap;
using Result = base::Result<LdapFound>;

struct Client : ::testing::Test {
    std::optional<net::testing::LoopThread> thread;
    std::shared_ptr<SourceStatus> status;
    std::unique_ptr<LdapClient> client;
    std::chrono::milliseconds apart = LdapClient::reconnects_apart;
    /// Not so long that a connection that stood for it counts as one that lived.
    static constexpr std::chrono::milliseconds timeout = 20s;

    ~Client() override { finish(); }
    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
    /// The loop stops for good first.
    void finish() {
        if (thread) thread->stop();
        client.reset();
        thread.reset();
    }
    void start(std::vector<std::string> urls, const std::string& password = "") {
        LdapSettings settings;
        settings.bind_dn = password.empty() ? "" : "cn=exota";
        settings.password = password;
        settings.servers = std::move(urls);
        settings.starttls = false;
        settings.timeout = timeout;
        status = std::make_shared<SourceStatus>(3600s);
        thread.emplace();
        thread->call([&] {
            client = std::make_unique<LdapClient>(thread->loop(), settings, *read_servers(settings), status, apart);
            client->start();
        });
    }
    bool is_ready() {
        return thread->call([&] { return client->is_ready(); });
    }
    static bool becomes(const std::function<bool()>& condition) {
        const auto until = std::chrono::steady_clock::now() + 60s;  // where it passes, something hangs
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }
    std::future<Result> ask(std::optional<LdapPage> page = {}) {
        std::promise<Result> got;
        std::future<Result> answer = got.get_future();
        thread->call([&] {
            client->search({.base = "dc=x", .filter = "(a=v)", .attributes = {"a"}, .page = std::move(page)},
                           [got = std::move(got)](Result result) mutable { got.set_value(std::move(result)); });
        });
        return answer;
    }
    Result search(std::optional<LdapPage> page = {}) { return ask(std::move(page)).get(); }
};

TEST_F(Client, binds_searches_and_reads_what_is_found) {
    Server server([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : entry(number) + done(number); });
    start({server.url});
    for (int i = 0; i < 3; ++i) {
        const Result result = search();
        ASSERT_TRUE(result) << result.error().detail;
        ASSERT_EQ(result->entries.size(), 1U);
        EXPECT_FALSE(result->more);
        EXPECT_EQ(result->entries[0].dn, "cn=x");
        EXPECT_EQ(result->entries[0].attributes, (decltype(LdapEntry::attributes){{"a", {"v"}}}));
    }
    EXPECT_EQ(status->state().is, SourceState::Is::loaded);
}

TEST_F(Client, none_several_and_refusals_are_different_answers) {
    const struct {
        std::function<std::string(char)> answer;
        std::string want;
    } cases[] = {
        {[](char n) { return done(n); }, "0"},
        {[](char n) { return entry(n) + entry(n) + done(n); }, "1+"},
        {[](char n) { return entry(n) + entry(n) + done(n, 4); }, "1+"},
        {[](char n) { return done(n, 32); }, "No such object (32)"},
        {[](char n) { return entry(n) + done(n, 51); }, "Server is busy (51)"},
        {[](char n) { return reply(n, "\x73\x0a\x04\x08ldap://y") + done(n); }, "refers to another server"},
        {[](char n) { return done(n, 10); }, "refers to another server"},
    };
    for (const auto& c : cases) {
        Server server([&](int, char number, unsigned char tag) {
            return tag == bind_request ? bound(number) : tag == search_request ? c.answer(number) : "";
        });
        start({server.url});
        const Result result = search();
        if (result)
            EXPECT_EQ(std::to_string(result->entries.size()) + (result->more ? "+" : ""), c.want);
        else
            EXPECT_NE(result.error().detail.find(c.want), std::string::npos) << result.error().detail;
        EXPECT_EQ(status->state().is, result ? SourceState::Is::loaded : SourceState::Is::stale) << c.want;
        finish();
    }
}

TEST_F(Client, a_connection_that_ends_costs_nobody_an_answer) {
    // Each connection is closed at its first search, but the second.
    Server server([](int connection, char number, unsigned char tag) {
        return tag == bind_request ? bound(number) : connection == 0 ? "close"s : entry(number) + done(number);
    });
    start({server.url});
    const Result result = search();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->entries.size(), 1U);
}

TEST_F(Client, a_connection_that_ends_at_rest_is_no_trouble_however_often) {
    Server server([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : entry(number) + done(number); });
    apart = 1ms;
    start({server.url});
    constexpr int times = 12;  // twice as long after each, a back-off would be past its limit
    for (int n = 1; n <= times; ++n) {
        ASSERT_TRUE(becomes([&] { return server.probes == n && is_ready(); })) << n;
        server.hang_up();
    }
    ASSERT_TRUE(becomes([&] { return server.probes == times + 1 && is_ready(); }));
    EXPECT_TRUE(search());
}

TEST_F(Client, a_server_that_keeps_no_connection_is_connected_to_now_and_then_or_when_asked) {
    Server server([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : entry(number) + done(number); });
    apart = 24h;
    start({server.url});
    for (int n = 1; n <= 2; ++n) {  // the first time at once
        ASSERT_TRUE(becomes([&] { return server.probes == n && is_ready(); }));
        server.hang_up();
    }
    ASSERT_TRUE(becomes([&] { return !is_ready(); }));
    EXPECT_EQ(server.probes, 2);
    EXPECT_EQ(status->why(), "");
    EXPECT_EQ(status->state().is, SourceState::Is::loaded) << "nothing is wrong";
    const Result result = search();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(server.probes, 3);
    EXPECT_EQ(status->why(), "");
}

TEST_F(Client, a_question_that_meets_the_end_of_its_connection_is_asked_over_the_next_one) {
    Server server([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : entry(number) + done(number); });
    start({server.url});
    ASSERT_TRUE(search());
    std::promise<Result> got;
    thread->call([&] {  // nothing is heard of the end before the question is sent
        server.hang_up();
        client->search({.base = "dc=x", .filter = "(a=v)", .attributes = {"a"}}, [&](Result result) { got.set_value(std::move(result)); });
    });
    const Result result = got.get_future().get();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->entries.size(), 1U);
    EXPECT_EQ(status->why(), "");
    EXPECT_EQ(server.probes, 2);
}

TEST_F(Client, and_no_longer_than_it_may_take) {
    std::atomic<bool> silent = false;
    Server server([&](int connection, char number, unsigned char tag) {
        silent = connection > 0;
        return silent ? ""s : tag == bind_request ? bound(number) : "close"s;
    });
    start({server.url});
    std::future<Result> answer = ask();
    ASSERT_TRUE(becomes([&] { return silent.load(); }));
    thread->pass(timeout);
    EXPECT_FALSE(answer.get());
}

TEST_F(Client, but_not_twice) {
    Server server([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : "close"s; });
    start({server.url});
    const Result result = search();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, base::Errc::unavailable);
}

TEST_F(Client, the_next_server_is_asked_where_one_cannot_be) {
    Server refuses([](int, char number, unsigned char) { return reply(number, "\x61\x07\x0a\x01\x31\x04\x00\x04\x00"s); });
    Server other([](int, char, unsigned char) { return "220 mx.example.net ESMTP\r\n"s; });
    Server good([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : done(number); });
    start({refuses.url, other.url, good.url});
    EXPECT_TRUE(search());
}

TEST_F(Client, the_next_server_is_asked_where_one_goes_at_each_question) {
    Server sick([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : "close"s; });
    Server good([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : entry(number) + done(number); });
    start({sick.url, good.url});
    const Result result = search();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->entries.size(), 1U);
}

TEST_F(Client, more_questions_than_a_connection_takes_at_once_wait_their_turn) {
    constexpr std::size_t many = 100;  // message numbers of the test's server end at 127
    Server server([](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : done(number); });
    start({server.url});
    ASSERT_TRUE(search());
    std::promise<void> all;
    std::size_t good = 0, over = 0;
    thread->call([&] {
        for (std::size_t i = 0; i < many; ++i)
            client->search({.base = "dc=x", .filter = "(a=" + std::string(1'000, 'v') + ')', .attributes = {"a"}},
                           [&](const Result& result) {
                               good += result ? 1 : 0;
                               if (++over == many) all.set_value();
                           });
    });
    all.get_future().get();
    EXPECT_EQ(good, many);
}

TEST_F(Client, who_is_away_answers_at_once_and_says_why) {
    Server refuses([](int, char number, unsigned char) { return reply(number, "\x61\x07\x0a\x01\x31\x04\x00\x04\x00"s); });
    start({refuses.url});
    for (int i = 0; i < 2; ++i) {
        const Result result = search();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, base::Errc::unavailable);
        EXPECT_NE(result.error().detail.find("bind: Invalid credentials (49)"), std::string::npos) << result.error().detail;
    }
    EXPECT_EQ(status->state().is, SourceState::Is::failed);
}

/// As Active Directory, where the base is the root of a domain: success, and references besides.
TEST_F(Client, who_refers_to_others_is_not_asked) {
    const auto answers = [](int, char number, unsigned char tag) {
        return tag == bind_request ? bound(number) : entry(number) + done(number);
    };
    Server refers(answers, reply(probe, "\x73\x0a\x04\x08ldap://y") + done(probe));
    start({refers.url});
    for (int i = 0; i < 2; ++i) {
        const Result result = search();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, base::Errc::unavailable);
        EXPECT_NE(result.error().detail.find("refers to another server"), std::string::npos) << result.error().detail;
    }
    EXPECT_EQ(status->state().is, SourceState::Is::failed) << "it was never confirmed";
    finish();
    Server good(answers);
    start({refers.url, good.url});
    EXPECT_TRUE(search());
}

TEST_F(Client, a_password_that_the_server_quotes_is_in_no_message) {
    Server quotes([](int, char number, unsigned char) { return reply(number, "\x61\x17\x0a\x01\x31\x04\x00\x04\x10no, not hunter2!"s); });
    start({quotes.url}, "hunter2");
    const Result result = search();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().detail.find("bind: Invalid credentials (49): no, not ***!"), std::string::npos) << result.error().detail;
    EXPECT_EQ(status->why().find("hunter2"), std::string::npos) << status->why();
}

TEST_F(Client, silence_is_given_up) {
    std::atomic<bool> silent = true;
    std::atomic<int> unanswered = 0;
    Server server([&](int, char number, unsigned char tag) {
        if (tag == bind_request) return bound(number);
        if (!silent) return done(number);
        ++unanswered;
        return ""s;
    });
    start({server.url});
    std::future<Result> answer = ask();
    ASSERT_TRUE(becomes([&] { return unanswered > 0; }));
    thread->pass(timeout);
    Result result = answer.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, base::Errc::timeout);
    silent = false;
    thread->pass(100ms);  // until it is connected to again
    ASSERT_TRUE(becomes([&] { return is_ready(); }));
    result = search();
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_TRUE(result->entries.empty());
}

TEST_F(Client, pages_are_asked_for_with_the_cookie_of_the_one_before) {
    Server server([](int, char number, unsigned char tag, std::string_view message) {
        if (tag == bind_request) return bound(number);
        return entry(number) + page_done(number, message.contains("again") ? "" : "again");
    });
    start({server.url});
    const Result first = search(LdapPage{.entries = 1});
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first->entries.size(), 1U);
    EXPECT_EQ(first->cookie, "again");
    const Result last = search(LdapPage{.entries = 1, .cookie = first->cookie, .connection = first->connection});
    ASSERT_TRUE(last) << last.error().detail;
    EXPECT_EQ(last->entries.size(), 1U);
    EXPECT_EQ(last->cookie, "");
    EXPECT_EQ(last->connection, first->connection);
}

TEST_F(Client, a_part_of_what_there_is_is_no_page) {
    const struct {
        std::function<std::string(char)> answer;
        std::string want;
    } cases[] = {
        {[](char n) { return entry(n) + done(n); }, "it says nothing of pages"},
        {[](char n) { return entry(n) + page_done(n, "c", 4); }, "Size limit exceeded (4)"},
        {[](char n) { return entry(n) + page_done(n, "c", 3); }, "Time limit exceeded (3)"},
        {[](char n) { return entry(n) + entry(n) + page_done(n, "c", 51); }, "Server is busy (51)"},
        {[](char n) { return done(n, 12); }, "(12)"},
        {[](char n) { return entry(n) + reply(n, "\x73\x0a\x04\x08ldap://y") + page_done(n, ""); }, "refers to another server"},
    };
    for (const auto& c : cases) {
        Server server([&](int, char number, unsigned char tag) {
            return tag == bind_request ? bound(number) : tag == search_request ? c.answer(number) : "";
        });
        start({server.url});
        const Result result = search(LdapPage{.entries = 1});
        ASSERT_FALSE(result) << c.want;
        EXPECT_EQ(result.error().code, base::Errc::invalid_data) << c.want;
        EXPECT_NE(result.error().detail.find(c.want), std::string::npos) << result.error().detail;
        finish();
    }
}

TEST_F(Client, more_entries_than_the_page_has_are_told_of) {
    Server server([](int, char number, unsigned char tag) {
        return tag == bind_request ? bound(number) : entry(number) + entry(number) + page_done(number, "c");
    });
    start({server.url});
    const Result result = search(LdapPage{.entries = 1});
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_TRUE(result->more);
    EXPECT_EQ(result->entries.size(), 1U);
}

TEST_F(Client, a_cookie_is_of_its_connection) {
    // The second page is not answered, and the connection ends; over the next one its cookie means nothing.
    Server server([](int, char number, unsigned char tag, std::string_view message) {
        return tag == bind_request ? bound(number) : message.contains("again") ? "close"s : page_done(number, "again");
    });
    start({server.url});
    const Result first = search(LdapPage{.entries = 1});
    ASSERT_TRUE(first) << first.error().detail;
    const Result second = search(LdapPage{.entries = 1, .cookie = first->cookie, .connection = first->connection});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, base::Errc::unavailable);
    EXPECT_NE(second.error().detail.find("ended between two pages"), std::string::npos) << second.error().detail;
    const Result anew = search(LdapPage{.entries = 1});
    ASSERT_TRUE(anew) << anew.error().detail;
    EXPECT_NE(anew->connection, first->connection);
}

TEST_F(Client, may_end_at_any_time) {
    Server silent([](int, char, unsigned char) { return ""s; });
    start({silent.url});
    bool called = false;
    thread->call([&] { client->search({.base = "", .filter = "(a=b)", .attributes = {}}, [&](const Result&) { called = true; }); });
    finish();
    EXPECT_FALSE(called);
    start({"ldap://localhost:1"});  // while its name is looked up
    finish();
}

TEST(LdapServers, are_read_once) {
    LdapSettings settings;
    EXPECT_FALSE(read_servers(settings));
    settings.servers = {"ldapi://%2Fs"};
    ASSERT_TRUE(read_servers(settings));
    EXPECT_EQ(read_servers(settings)->context, nullptr) << "a socket of this host needs no TLS";
    settings.servers.emplace_back("ldap://x");
    EXPECT_NE(read_servers(settings)->context, nullptr);
    settings.ca_file = "/nowhere/ca.pem";
    EXPECT_FALSE(read_servers(settings));
    settings.servers = {"http://x"};
    EXPECT_FALSE(read_servers(settings));
}

}  // namespace
}  // namespace exota::directory
