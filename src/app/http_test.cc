#include "app/http.h"

#include <gtest/gtest.h>

#include <atomic>

#include "net/listener.h"
#include "net/testing.h"

namespace exota::app {
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
            thread_.loop(),
            HttpPages{.metrics = [] { return std::string("exota_sessions 3\n"); }, .ready = [this] { return ready_.load(); }}, limits);
        thread_.call([&] { server_->listen(listener_->take(0)); });
    }
    ~Http() override { thread_.stop(); }

    /// Ends the server where it lives, as its contract asks: another may be started on the same loop.
    void end() {
        thread_.call([this] {
            server_->stop();
            server_.reset();
        });
    }

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

TEST_F(Http, silence_is_hung_up_on_and_the_number_is_limited) {
    start({.max_connections = 2, .timeout = std::chrono::seconds(1)});
    const net::Descriptor silent = connect_to(listener_->bound());
    const net::Descriptor half = connect_to(listener_->bound());
    EXPECT_TRUE(send_all(half, "GET /hea"));
    EXPECT_TRUE(net::testing::at_end(silent));
    EXPECT_TRUE(net::testing::at_end(half));
    end();
    start({.max_connections = 1});
    const net::Descriptor first = connect_to(listener_->bound());
    EXPECT_TRUE(send_all(first, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(net::testing::receive(first, 15).starts_with("HTTP/1.1 200 OK"));
    EXPECT_EQ(receive_all(connect_to(listener_->bound())), "");
    EXPECT_TRUE(send_all(first, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
}

}  // namespace
}  // namespace exota::app
