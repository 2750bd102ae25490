#include "web/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "net/listener.h"
#include "net/testing.h"
#include "web/pages.h"

namespace exota::web {
namespace {

using net::testing::connect_to;
using net::testing::receive_all;
using net::testing::send_all;

class Http : public ::testing::Test {
protected:
    void start(HttpLimits limits = {}) {
        auto opened = net::Listener::open(*net::Endpoint::parse_http("127.0.0.1:0"), {}, 1);
        ASSERT_TRUE(opened);
        listener_.emplace(std::move(*opened));
        server_ = std::make_unique<HttpServer>(
            thread_.loop(), pages({.metrics = [this] { return page_; }, .ready = [this] { return ready_.load(); }}), limits);
        thread_.call([&] { server_->listen(listener_->take(0)); });
    }
    ~Http() override { thread_.stop(); }

    std::string ask(std::string_view request) {
        const net::Descriptor client = connect_to(listener_->bound());
        EXPECT_TRUE(send_all(client, request));
        return receive_all(client);
    }
    std::string get(const std::string& target, const std::string& method = "GET") {
        return ask(method + ' ' + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }

    net::testing::LoopThread thread_;
    std::optional<net::Listener> listener_;
    std::unique_ptr<HttpServer> server_;
    std::string page_ = "exota_sessions 3\n";
    std::atomic<bool> ready_{true};
};

TEST_F(Http, pages) {
    start();
    const std::string metrics = get("/metrics");
    EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200 OK\r\n")) << metrics;
    EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
    EXPECT_TRUE(metrics.ends_with("\r\n\r\nexota_sessions 3\n")) << metrics;
    EXPECT_TRUE(get("/healthz").ends_with("\r\n\r\nok\n"));
    EXPECT_TRUE(get("/readyz?verbose").ends_with("\r\n\r\nok\n"));
    ready_ = false;
    EXPECT_TRUE(get("/readyz").starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, head_has_the_length_and_no_body) {
    start();
    const std::string head = get("/metrics", "HEAD");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
    EXPECT_NE(head.find("Content-Length: 17\r\n"), std::string::npos) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(Http, several_requests_on_one_connection) {
    start();
    const net::Descriptor client = connect_to(listener_->bound());
    EXPECT_TRUE(send_all(client,
                         "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: "
                         "x\r\nConnection: close\r\n\r\n"));
    const std::string all = receive_all(client);
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = all.find("HTTP/1.1 200 OK", at)) != std::string::npos; ++at) ++answers;
    EXPECT_EQ(answers, 3U) << all;
}

TEST_F(Http, bad_requests_get_4xx) {
    start({.max_request_octets = 1000});
    const struct {
        const char* name;
        std::string request;
        const char* status;
    } cases[] = {
        {"unknown page", "GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
        {"path above", "GET /../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "404"},
        {"method", "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "405"},
        {"post with a body", "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "413"},
        {"chunked body", "POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "413"},
        {"garbage", "\x16\x03\x01\x02garbage\r\n\r\n", "400"},
        {"no version", "GET /metrics\r\n\r\n", "400"},
        {"header without colon", "GET /metrics HTTP/1.1\r\nHost\r\n\r\n", "400"},
        {"header at the limit", "GET /healthz HTTP/1.1\r\nConnection: close\r\nX: " + std::string(900, 'a') + "\r\n\r\n", "200"},
        {"header too long", "GET /healthz HTTP/1.1\r\nX: " + std::string(2000, 'a') + "\r\n\r\n", "431"},
        {"header without end", "GET /healthz HTTP/1.1\r\nX: " + std::string(200'000, 'a'), "431"},
    };
    for (const auto& c : cases) {
        const std::string answer = ask(c.request);
        EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + c.status)) << c.name << ": " << answer;
    }
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, silence_is_hung_up_on) {
    start({.max_connections = 2, .timeout = std::chrono::milliseconds(20)});
    const net::Descriptor silent = connect_to(listener_->bound());
    const net::Descriptor half = connect_to(listener_->bound());
    EXPECT_TRUE(send_all(half, "GET /hea"));
    EXPECT_TRUE(net::testing::at_end(silent));
    EXPECT_TRUE(net::testing::at_end(half));
}

/// An octet now and then does not make it longer: the time is that of the whole request.
TEST_F(Http, a_request_that_drips_ends_at_the_time_limit) {
    start({.timeout = std::chrono::hours(1)});
    const net::Descriptor drips = connect_to(listener_->bound());
    for (int quarter = 0; quarter < 4; ++quarter) {
        ASSERT_TRUE(send_all(drips, "G"));
        EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 ")) << "by then the octet has been read";
        thread_.pass(std::chrono::minutes(15));
    }
    EXPECT_TRUE(net::testing::at_end(drips));
}

TEST_F(Http, whoever_comes_is_served_and_the_oldest_unfinished_request_makes_room) {
    constexpr std::size_t most = 4;
    start({.max_connections = most, .timeout = std::chrono::minutes(10)});
    std::vector<net::Descriptor> held;
    for (const std::string_view begun : {"", "G", "GET /healthz HTTP/1.1\r\nHost: x\r\n", "", "GET /hea", "X: ", ""}) {
        held.push_back(connect_to(listener_->bound()));
        ASSERT_TRUE(send_all(held.back(), begun));
        EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 ")) << held.size() << " before it";
    }
    const auto made_room = [&] { return thread_.call([&] { return server_->made_room(); }); };
    // The answers' own connections may be closed by then, or not; what is held is more than there is room for.
    EXPECT_GE(made_room(), held.size() - most);
    EXPECT_TRUE(net::testing::at_end(held[0]));
    EXPECT_TRUE(net::testing::at_end(held[1]));
    ASSERT_TRUE(send_all(held.back(), "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    EXPECT_TRUE(receive_all(held.back()).starts_with("HTTP/1.1 200 ")) << "the newest is left alone";
}

/// What the answer to HEAD is, whole, so that the connection can be used again.
std::string head_of(const net::Descriptor& client) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
        const std::string octet = net::testing::receive(client, 1);
        if (octet.empty()) break;
        head += octet;
    }
    return head;
}

TEST_F(Http, below_the_limit_nobody_makes_room) {
    start({.max_connections = 2, .timeout = std::chrono::minutes(10)});
    const net::Descriptor first = connect_to(listener_->bound()), second = connect_to(listener_->bound());
    for (const net::Descriptor* client : {&first, &second, &first}) {
        ASSERT_TRUE(send_all(*client, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(head_of(*client).starts_with("HTTP/1.1 200 OK"));
    }
    EXPECT_EQ(thread_.call([&] { return server_->made_room(); }), 0U);
    const net::Descriptor third = connect_to(listener_->bound());
    EXPECT_TRUE(send_all(third, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(head_of(third).starts_with("HTTP/1.1 200 OK"));
    EXPECT_EQ(thread_.call([&] { return server_->made_room(); }), 1U);
}

/// A reader that does not read holds an answer of megabytes; unfinished requests go before it, but it does not keep others out either.
TEST_F(Http, an_answer_that_nobody_reads_makes_room_too) {
    page_ = std::string(64 * 1024 * 1024, 'x');
    start({.max_connections = 1, .timeout = std::chrono::minutes(10)});
    const net::Descriptor stalled = connect_to(listener_->bound());
    ASSERT_TRUE(send_all(stalled, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(net::testing::receive(stalled, 15).starts_with("HTTP/1.1 200 OK"));
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace exota::web
