#include "web/http_session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "web/pages.h"

namespace exota::web {
namespace {

using State = net::Session::State;

/// A session and what it wrote, fed as net feeds it: what it did not take comes again, with more behind it.
class Client {
public:
    explicit Client(const Router& router, HttpLimits limits = {}) : session_(make_http_session(router, limits)) {}

    /// @return  what was written to it.
    std::string say(std::string_view bytes) {
        left_ += bytes;
        net::Out out;
        const net::Session::Step step = session_->feed(net::Leg::near, left_, out);
        left_.erase(0, step.consumed);
        state_ = step.state;
        ended_ = ended_ || out.end_near;
        return out.near;
    }
    bool ended() const { return ended_; }
    State state() const { return state_; }
    std::size_t left() const { return left_.size(); }
    std::uint32_t step() const { return session_->deadline()->step; }

private:
    std::unique_ptr<net::Session> session_;
    std::string left_;
    State state_ = State::reading;
    bool ended_ = false;
};

class HttpSession : public ::testing::Test {
protected:
    std::string answer_to(std::string_view request, HttpLimits limits = {}) { return Client(router, limits).say(request); }

    Router router = pages({.metrics = [] { return std::string("exota_sessions 3\n"); }, .ready = [] { return false; }});
};

TEST_F(HttpSession, answers_whole) {
    const struct {
        const char* name;
        std::string_view request, answer;
    } cases[] = {
        {"a page", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: 3\r\n\r\nok\n"},
        {"the last one", "GET /metrics?x HTTP/1.1\r\nConnection: close\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n"
         "Connection: close\r\nContent-Length: 17\r\n\r\nexota_sessions 3\n"},
        {"HEAD", "HEAD /healthz HTTP/1.1\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: 3\r\n\r\n"},
        {"HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n",
         "HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: 3\r\n\r\nok\n"},
        {"HTTP/1.0 kept alive", "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         "HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nConnection: keep-alive\r\n"
         "Content-Length: 3\r\n\r\nok\n"},
        {"not ready", "GET /readyz HTTP/1.1\r\n\r\n",
         "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
         "Connection: close\r\nContent-Length: 10\r\n\r\nnot ready\n"},
        {"another method", "DELETE /metrics HTTP/1.1\r\n\r\n",
         "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nAllow: GET, HEAD\r\n"
         "Connection: close\r\nContent-Length: 19\r\n\r\nMethod Not Allowed\n"},
        {"no request", "GET /metrics\r\n\r\n",
         "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 12\r\n\r\n"
         "Bad Request\n"},
        {"a body", "POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
         "HTTP/1.1 413 Payload Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 18\r\n\r\n"
         "Payload Too Large\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(answer_to(c.request), c.answer) << c.name;
}

TEST_F(HttpSession, pieces_are_answered_as_the_whole) {
    const std::string requests =
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /metrics HTTP/1.1\r\n\r\nGET /other HTTP/1.1\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n";
    const std::string whole = answer_to(requests);
    for (std::size_t cut = 0; cut <= requests.size(); ++cut) {
        Client client(router);
        EXPECT_EQ(client.say(requests.substr(0, cut)) + client.say(requests.substr(cut)), whole) << cut;
        EXPECT_TRUE(client.ended()) << "404 is the last answer";
        EXPECT_EQ(client.left(), 0U);
    }
    Client client(router);
    std::string all;
    for (const char octet : requests) all += client.say({&octet, 1});
    EXPECT_EQ(all, whole);
}

/// Of a header that is none, a piece may say so or not: it is looked at when all of it is there, but for its first octet.
TEST_F(HttpSession, what_is_no_request_is_so_in_any_pieces) {
    for (const std::string_view request : {"GET /healthz HTTP/1.0\r\nConnection: keep-alive\rx\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
                                           "GET / HTTP/2.0\r\n\r\n", "\r\n\r\n", "\x16\x03\x01", " GET / HTTP/1.1\r\n\r\n"}) {
        Client client(router);
        std::string answer;
        for (const char octet : request) answer += client.say({&octet, 1});
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << request;
        EXPECT_EQ(answer, answer_to(request)) << request;
    }
    Client tls(router);
    EXPECT_TRUE(tls.say("\x16").starts_with("HTTP/1.1 400 ")) << "at once";
}

TEST_F(HttpSession, a_connection_goes_on_and_each_answer_begins_a_step) {
    Client client(router);
    const std::uint32_t first = client.step();
    EXPECT_EQ(client.say("GET /healthz HT"), "");
    EXPECT_EQ(client.step(), first) << "octets that complete nothing extend nothing";
    EXPECT_NE(client.say("TP/1.1\r\n\r\n"), "");
    EXPECT_EQ(client.step(), first + 1);
    EXPECT_FALSE(client.ended());
    EXPECT_NE(client.say("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"), "");
    EXPECT_EQ(client.step(), first + 2);
    EXPECT_TRUE(client.ended());
}

/// The limit is that of the whole header, however it comes and whatever it consists of.
TEST_F(HttpSession, the_header_on_both_sides_of_its_limit) {
    const std::string begin = "GET /healthz HTTP/1.1\r\n", end = "\r\n";
    for (const std::size_t field : {std::size_t{5}, std::size_t{900}}) {
        std::string header = begin;
        while (header.size() + field + 5 < 1000 - end.size()) header += "X: " + std::string(field - 5, 'a') + "\r\n";
        header += "Y: " + std::string(1000 - end.size() - header.size() - 5, 'b') + "\r\n";
        ASSERT_EQ((header + end).size(), 1000U);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{2000}})
            for (const bool longer : {false, true}) {
                std::string request = header + end;
                if (longer) request.insert(begin.size(), "Z: 1\r\n");
                Client client(router, {.max_request_octets = 1000});
                std::string answer;
                for (std::size_t at = 0; at < request.size(); at += piece) answer += client.say(request.substr(at, piece));
                EXPECT_TRUE(answer.starts_with(longer ? "HTTP/1.1 431 " : "HTTP/1.1 200 ")) << field << ' ' << piece << ": " << answer;
            }
    }
    Client endless(router, {.max_request_octets = 1000});
    std::string answer = endless.say(begin);
    for (int i = 0; i < 1000 && answer.empty(); ++i) answer = endless.say("X: 1\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(endless.ended());
}

TEST_F(HttpSession, requests_that_come_together_are_answered_up_to_some) {
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += "GET /healthz HTTP/1.1\r\n\r\n";
    const auto answers = [](std::string_view all) {
        int count = 0;
        for (std::size_t at = 0; (at = all.find("HTTP/1.1 200 OK", at)) != std::string_view::npos; ++at) ++count;
        return count;
    };
    Client greedy(router);
    const std::string all = greedy.say(requests);
    EXPECT_EQ(answers(all), max_answers_a_turn);
    EXPECT_TRUE(greedy.ended());
    EXPECT_NE(all.rfind("Connection: close"), std::string::npos);
    Client modest(router);
    EXPECT_EQ(answers(modest.say(requests.substr(0, requests.size() / 100 * (max_answers_a_turn - 1)))), max_answers_a_turn - 1);
    EXPECT_FALSE(modest.ended());
}

TEST_F(HttpSession, what_comes_behind_the_last_answer_is_forgotten_for_a_while) {
    Client client(router);
    EXPECT_TRUE(client.say("GET /healthz HTTP/1.1\r\nX: " + std::string(9000, 'a')).starts_with("HTTP/1.1 431 "));
    EXPECT_TRUE(client.ended());
    const std::size_t before = 9000 + 26;
    EXPECT_EQ(client.say(std::string(max_discarded_octets - before - 1, 'a')), "");
    EXPECT_EQ(client.state(), State::reading);
    EXPECT_EQ(client.left(), 0U);
    EXPECT_EQ(client.say(std::string(before, 'a')), "");
    EXPECT_EQ(client.state(), State::closing);
}

}  // namespace
}  // namespace exota::web
