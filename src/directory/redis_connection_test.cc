// A connection to servers of the test: how it logs in, and what becomes of questions when they lie, hang, close and come back.
#include "directory/redis_connection.h"

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>

#include "directory/testing_redis.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using testing::RedisLike;
using Words = RedisLike::Words;
using Is = RedisReply::Is;

const std::string good_login = "+PONG\r\n";

struct Connection : ::testing::Test {
    net::Loop loop;
    std::vector<std::string> heard;  // "ready", or why it was lost
    std::unique_ptr<RedisConnection> connection;

    void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
    RedisServer server_of(const RedisLike& server) { return {.url = *RedisUrl::parse(server.url)}; }
    void connect(RedisServer server) {
        connection =
            std::make_unique<RedisConnection>(loop, std::move(server),
                                              RedisConnection::Heard{.ready = [this] { heard.emplace_back("ready"); },
                                                                     .lost = [this](const std::string& why) { heard.push_back(why); }});
        connection->start();
        loop.run_until([this] { return !heard.empty(); });
    }
    /// What came, or "!" and the detail of the error.
    std::string ask(std::initializer_list<std::string_view> words) {
        std::optional<std::string> answer;
        connection->ask(redis_command(words), [&](base::Result<RedisReply> reply) {
            answer = !reply ? "!" + reply.error().detail : reply->is == Is::error ? "-" + reply->text : reply->text;
        });
        loop.run_until([&] { return answer.has_value(); });
        return *answer;
    }
    void await(std::string_view what) {
        loop.run_until([this, what] { return !heard.empty() && heard.back().find(what) != std::string::npos; });
    }
};

TEST_F(Connection, logs_in_as_it_is_told) {
    const struct {
        std::string user, password;
        unsigned database;
        bool master;
        std::string said;
    } cases[] = {
        {"", "", 0, false, "PING."},
        {"", "secret", 0, false, "AUTH secret.PING."},
        {"exota", "secret", 3, false, "AUTH exota secret.SELECT 3.PING."},
        {"", "", 0, true, "ROLE."},
    };
    for (const auto& c : cases) {
        heard.clear();
        std::string said;
        std::mutex mutex;
        RedisLike server([&](int, const Words& words) -> std::string {
            const std::lock_guard lock(mutex);
            for (std::size_t i = 0; i < words.size(); ++i) said += (i > 0 ? " " : "") + words[i];
            said += '.';
            if (words[0] == "ROLE") return "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
            return words[0] == "PING" ? "+PONG\r\n" : words[0] == "GET" ? "$1\r\nv\r\n" : "+OK\r\n";
        });
        RedisServer to = server_of(server);
        to.url.user = c.user;
        to.url.database = c.database;
        to.password = c.password;
        to.must_be_master = c.master;
        connect(to);
        EXPECT_EQ(heard, std::vector<std::string>{"ready"});
        EXPECT_TRUE(connection->is_ready());
        EXPECT_EQ(said, c.said);
        EXPECT_EQ(ask({"GET", "k"}), "v");
        connection.reset();
    }
}

TEST_F(Connection, does_not_ask_who_does_not_let_it_in) {
    const struct {
        std::string answer, why;
        bool master = false;
    } cases[] = {
        {"-NOAUTH Authentication required.\r\n", "NOAUTH"},
        {"-LOADING Redis is loading\r\n", "LOADING"},
        {"+OK\r\n", "its answer is none to PING"},
        {"$4\r\nPONG\r\n", "its answer is none to PING"},
        {"HTTP/1.1 400 Bad Request\r\n", "no reply of Redis"},
        {"close", "it closed the connection"},
        {"*3\r\n$5\r\nslave\r\n:0\r\n:0\r\n", "it is not the master", true},
        {"*0\r\n", "its answer is none to ROLE", true},
        {"+PONG\r\n+PONG\r\n", "it speaks unasked"},
    };
    for (const auto& c : cases) {
        heard.clear();
        RedisLike server([&](int, const Words&) { return c.answer; });
        RedisServer to = server_of(server);
        to.must_be_master = c.master;
        connect(to);
        await(c.why);
        EXPECT_FALSE(connection->is_ready()) << c.why;
        EXPECT_TRUE(heard.back().starts_with(to.url.text() + ": ")) << heard.back();
        EXPECT_EQ(ask({"GET", "k"}), "!" + connection->why());
        connection.reset();
    }
}

TEST_F(Connection, a_wrong_password_is_in_no_message) {
    RedisLike server([&](int, const Words&) -> std::string { return "-WRONGPASS invalid username-password pair\r\n"; });
    RedisServer to = server_of(server);
    to.password = "hunter2";
    connect(to);
    EXPECT_NE(heard.back().find("WRONGPASS"), std::string::npos);
    EXPECT_EQ(heard.back().find("hunter2"), std::string::npos);
    connection.reset();
}

/// As Redis does where AUTH is renamed, and as a liar may at any time.
TEST_F(Connection, a_password_that_the_server_quotes_is_in_no_message) {
    std::atomic<bool> knows_auth = false;
    RedisLike server([&](int, const Words& words) -> std::string {
        if (words[0] == "PING") return good_login;
        if (words[0] == "GET") return "-ERR I was told hunter2\r\n";
        return knows_auth ? "+OK\r\n" : "-ERR unknown command 'AUTH', with args beginning with: '" + words.back() + "' \r\n";
    });
    RedisServer to = server_of(server);
    to.password = "hunter2";
    connect(to);
    EXPECT_TRUE(heard.back().ends_with("unknown command 'AUTH', with args beginning with: '***'")) << heard.back();
    EXPECT_EQ(connection->why(), heard.back());
    knows_auth = true;
    await("ready");
    EXPECT_EQ(ask({"GET", "k"}), "-ERR I was told ***");
    connection.reset();
}

TEST_F(Connection, answers_go_to_whom_they_are_for) {
    RedisLike server([&](int, const Words& words) -> std::string {
        return words[0] == "PING" ? good_login : "$" + std::to_string(words[1].size()) + "\r\n" + words[1] + "\r\n";
    });
    connect(server_of(server));
    std::vector<std::string> answers;
    for (int i = 0; i < 100; ++i)
        connection->ask(redis_command({"ECHO", std::to_string(i)}),
                        [&](base::Result<RedisReply> reply) { answers.push_back(reply ? reply->text : "!"); });
    EXPECT_TRUE(answers.empty()) << "nothing is known yet";
    loop.run_until([&] { return answers.size() == 100; });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)], std::to_string(i));
    connection.reset();
}

TEST_F(Connection, a_lost_one_fails_its_questions_and_is_made_again) {
    RedisLike server([&](int number, const Words& words) -> std::string {
        if (words[0] == "PING") return good_login;
        return number == 0 ? "close" : "+fine\r\n";
    });
    connect(server_of(server));
    EXPECT_NE(ask({"GET", "k"}).find("it closed the connection"), std::string::npos)
        << "it may have been counted, so it is not asked twice";
    await("ready");
    EXPECT_EQ(ask({"GET", "k"}), "fine");
    EXPECT_EQ(server.connections, 2);
    connection.reset();
}

TEST_F(Connection, garbage_ends_it) {
    RedisLike server([&](int number, const Words& words) -> std::string {
        if (words[0] == "PING") return good_login;
        return number == 0 ? "?garbage\r\n" : "*2147483647\r\n" + std::string(2 * 1024 * 1024, ':');
    });
    connect(server_of(server));
    EXPECT_NE(ask({"GET", "k"}).find("no reply of Redis"), std::string::npos);
    await("ready");
    EXPECT_EQ(ask({"GET", "k"}).substr(0, 1), "!");
    connection.reset();
}

TEST_F(Connection, silence_ends_it) {
    RedisLike server([&](int, const Words& words) -> std::string { return words[0] == "PING" ? good_login : ""; });
    RedisServer to = server_of(server);
    to.silence = 50ms;
    connect(to);
    EXPECT_NE(ask({"GET", "k"}).find("it does not answer"), std::string::npos);
    connection.reset();
    heard.clear();
    RedisLike mute([&](int, const Words&) { return std::string(); });
    to = server_of(mute);
    to.login_time = 50ms;
    connect(to);
    EXPECT_NE(heard.back().find("it does not answer"), std::string::npos);
    connection.reset();
}

TEST_F(Connection, who_hears_an_answer_may_let_go_of_it) {
    RedisLike server([&](int, const Words& words) -> std::string { return words[0] == "PING" ? good_login : "+1\r\n+2\r\n"; });
    connect(server_of(server));
    bool second = false, first = false;
    connection->ask(redis_command({"GET", "a"}), [&](const base::Result<RedisReply>&) {
        first = true;
        connection.reset();
    });
    connection->ask(redis_command({"GET", "b"}), [&](const base::Result<RedisReply>&) { second = true; });
    loop.run_until([&] { return first; });
    EXPECT_FALSE(second) << "nothing is heard any more";
}

TEST_F(Connection, names_are_looked_up) {
    RedisLike server([&](int, const Words&) { return good_login; });
    RedisServer to = server_of(server);
    to.url.host = "localhost";
    connect(to);
    EXPECT_EQ(heard, std::vector<std::string>{"ready"});
    connection.reset();
}

TEST_F(Connection, nobody_at_the_port) {
    RedisServer to;
    {
        RedisLike server([&](int, const Words&) { return good_login; });
        to = server_of(server);
    }
    connect(to);
    EXPECT_FALSE(connection->is_ready());
    EXPECT_TRUE(heard.back().starts_with(to.url.text() + ": ")) << heard.back();
    connection.reset();
}

}  // namespace
}  // namespace exota::directory
