// The client against servers of the test: what it asks, and what becomes of it when they close, hang, refuse and come back.
#include "directory/ldap_client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "directory/ldap_frames.h"
#include "net/descriptor.h"
#include "net/testing.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Result = base::Result<LdapFound>;

std::string reply(char number, const std::string& operation) {
    const std::string content = "\x02\x01"s + number + operation;
    return "\x30"s + static_cast<char>(content.size()) + content;
}
const std::string success = "\x0a\x01\x00\x04\x00\x04\x00"s;
std::string bound(char number) { return reply(number, "\x61\x07" + success); }
std::string done(char number, char code = 0) { return reply(number, "\x65\x07\x0a\x01"s + code + "\x04\x00\x04\x00"s); }
/// cn=x with a: v.
std::string entry(char number) {
    return reply(number, "\x64\x12\x04\x04\x63\x6e\x3d\x78\x30\x0a\x30\x08\x04\x01\x61\x31\x03\x04\x01\x76"s);
}

constexpr char probe = 2;  // the message after a bind

/// On a port of its own: each message of each connection goes to `answer` with its number and tag; an empty answer is none, "close" ends.
class Server {
public:
    using Answer = std::function<std::string(int connection, char number, unsigned char tag)>;
    /// @param probed  what is answered to the first search for nobody: nobody is there.
    explicit Server(Answer answer, std::string probed = done(probe))
        : answer_(std::move(answer)), probed_(std::move(probed)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_.get(), 16), 0);
        socklen_t size = sizeof address;
        EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        url = "ldap://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this] { accept(); });
    }
    ~Server() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string url;

private:
    void accept() {
        std::vector<std::thread> clients;
        std::vector<int> sockets;
        for (int number = 0;; ++number) {
            const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) break;
            sockets.push_back(client);
            clients.emplace_back([this, client, number] { serve(client, number); });
        }
        for (const int client : sockets) ::shutdown(client, SHUT_RDWR);
        for (std::thread& client : clients) client.join();
        for (const int client : sockets) ::close(client);
    }
    void serve(int client, int connection) {
        std::string kept;
        char octets[4096];
        for (ssize_t got; (got = ::recv(client, octets, sizeof octets, 0)) > 0;) {
            kept.append(octets, static_cast<std::size_t>(got));
            while (const auto end = end_of_message(kept)) {
                const auto first = static_cast<unsigned char>(kept[1]);
                const std::size_t header = first < 0x80 ? 2 : 2 + (first & 0x7fU);  // then 02 01 NUMBER TAG
                const char number = kept[header + 2];
                const std::string answer =
                    number == probe ? probed_ : answer_(connection, number, static_cast<unsigned char>(kept[header + 3]));
                kept.erase(0, *end);
                if (answer == "close") {
                    ::shutdown(client, SHUT_RDWR);
                    return;
                }
                static_cast<void>(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
            }
        }
    }
    const Answer answer_;
    const std::string probed_;
    net::Descriptor listener_;
    std::thread thread_;
};
constexpr unsigned char bind_request = 0x60, search_request = 0x63;

struct Client : testing::Test {
    std::optional<net::testing::LoopThread> thread;
    std::shared_ptr<SourceStatus> status;
    std::unique_ptr<LdapClient> client;

    ~Client() override { finish(); }
    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
    /// The loop stops for good first.
    void finish() {
        if (thread) thread->stop();
        client.reset();
        thread.reset();
    }
    void start(std::vector<std::string> urls, std::chrono::milliseconds timeout = 30s, const std::string& password = "") {
        LdapSettings settings;
        settings.bind_dn = password.empty() ? "" : "cn=exota";
        settings.password = password;
        settings.servers = std::move(urls);
        settings.starttls = false;
        settings.timeout = timeout;
        status = std::make_shared<SourceStatus>(3600s);
        thread.emplace();
        thread->call([&] {
            client = std::make_unique<LdapClient>(thread->loop(), settings, *read_servers(settings), status);
            client->start();
        });
    }
    Result search() {
        std::promise<Result> got;
        thread->call([&] {
            client->search({.base = "dc=x", .filter = "(a=v)", .attributes = {"a"}},
                           [&](Result result) { got.set_value(std::move(result)); });
        });
        return got.get_future().get();
    }
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
    start({quotes.url}, 30s, "hunter2");
    const Result result = search();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().detail.find("bind: Invalid credentials (49): no, not ***!"), std::string::npos) << result.error().detail;
    EXPECT_EQ(status->why().find("hunter2"), std::string::npos) << status->why();
}

TEST_F(Client, silence_is_given_up) {
    std::atomic<bool> silent = true;
    Server server([&](int, char number, unsigned char tag) { return tag == bind_request ? bound(number) : silent ? ""s : done(number); });
    start({server.url}, 200ms);
    Result result = search();
    while (!result && result.error().code != base::Errc::timeout) result = search();  // on a busy machine even the bind may be late
    ASSERT_FALSE(result);
    silent = false;
    while (!result) result = search();
    EXPECT_TRUE(result->entries.empty());
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
