#include "directory/postgres_connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "directory/postgres_pretender.h"

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Client = PostgresPretender::Client;

/// Longer than any of these tests: where it passes, something hangs.
constexpr std::chrono::milliseconds long_time = 60s;

PostgresSettings to(const std::string& conninfo, std::chrono::milliseconds timeout = long_time) {
    return {.conninfo = conninfo, .password_file = "", .timeout = timeout};
}

/// Answers each question by the same.
auto answering(const std::string& answer) {
    return [answer](const Client& client) {
        client.let_in();
        while (!client.hear().empty()) client.say(answer);
    };
}

std::string first_field(PostgresConnection& connection) {
    std::string out;
    const auto done = connection.query("SELECT 1", {}, [&out](std::span<const std::string_view> fields) {
        out = fields[0];
        return true;
    });
    return done ? out : '(' + done.error().detail + ')';
}

TEST(PostgresConnection, asks_and_is_answered) {
    PostgresPretender server(answering(Said::columns(1) + Said::row({"yes"}) + Said::end_of_rows()));
    auto connection = PostgresConnection::connect(to(server.conninfo()), nullptr);
    ASSERT_TRUE(connection) << connection.error().detail;
    EXPECT_EQ(first_field(*connection), "yes");
    EXPECT_EQ(first_field(*connection), "yes");
}

TEST(PostgresConnection, fails_without_a_server_and_without_its_password_file) {
    PostgresSettings settings = to("host=/nonexistent dbname=exota");
    auto connection = PostgresConnection::connect(settings, nullptr);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, base::Errc::unavailable);
    EXPECT_EQ(connection.error().detail.substr(0, 15), "no connection: ");
    settings.password_file = "/nonexistent";
    connection = PostgresConnection::connect(settings, nullptr);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, base::Errc::io);
}

TEST(PostgresConnection, goes_on_to_the_next_host_where_one_swallows_everything) {
    const PostgresPretender swallows({});
    PostgresPretender server(answering(Said::columns(1) + Said::row({"yes"}) + Said::end_of_rows()));
    const auto hosts = "host=127.0.0.1,127.0.0.1 port=" + swallows.port() + ',' + server.port() + PostgresPretender::plain;
    auto connection = PostgresConnection::connect(to(hosts, 20ms), nullptr);
    // The other one may need longer than that where the machine is slow.
    for (std::chrono::milliseconds time = 40ms; !connection && time < long_time; time *= 2)
        connection = PostgresConnection::connect(to(hosts, time), nullptr);
    ASSERT_TRUE(connection) << connection.error().detail;
    EXPECT_EQ(first_field(*connection), "yes");

    const auto none = "host=127.0.0.1,127.0.0.1 port=" + swallows.port() + ',' + swallows.port() + PostgresPretender::plain;
    connection = PostgresConnection::connect(to(none, 20ms), nullptr);
    ASSERT_FALSE(connection);
    const std::string each = "127.0.0.1 port " + swallows.port() + ": no answer in time";
    EXPECT_EQ(connection.error().detail, "no connection: " + each + "; " + each);
}

TEST(PostgresConnection, is_interrupted_while_it_connects) {
    const PostgresPretender swallows({});
    Interrupt interrupt;
    interrupt.set();
    const auto connection = PostgresConnection::connect(to(swallows.conninfo()), &interrupt);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, base::Errc::closed);
}

TEST(PostgresConnection, keeps_the_password_to_itself) {
    const auto file = std::filesystem::path(::testing::TempDir()) / "postgres-connection-password";
    std::ofstream(file) << "a secret\n";
    PostgresPretender server([](const Client& client) {
        client.hear();
        client.say(Said::wants_password());
        const std::string heard = client.hear();  // 'p', four octets of a length, the password
        client.say(
            Said::error("28P01", "no entry for \"" + heard.substr(5, heard.size() - 6) + "\" twice " + heard.substr(5, heard.size() - 6)));
    });
    PostgresSettings settings = to(server.conninfo());
    settings.password_file = file;
    const auto connection = PostgresConnection::connect(settings, nullptr);
    std::filesystem::remove(file);
    ASSERT_FALSE(connection);
    EXPECT_NE(connection.error().detail.find("no entry for \"***\" twice ***"), std::string::npos) << connection.error().detail;
}

TEST(PostgresConnection, wants_the_end_of_an_answer) {
    PostgresPretender server(answering(Said::ready()));
    auto connection = PostgresConnection::connect(to(server.conninfo()), nullptr);
    ASSERT_TRUE(connection) << connection.error().detail;
    const auto done = connection->query("SELECT 1", {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Errc::unavailable);
}

struct Refusal {
    const char *name, *sqlstate;
    base::Errc code;
};
class Refusals : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refusals, say_whether_another_try_may_help) {
    PostgresPretender server(answering(Said::error(GetParam().sqlstate, "because") + Said::ready()));
    auto connection = PostgresConnection::connect(to(server.conninfo()), nullptr);
    ASSERT_TRUE(connection) << connection.error().detail;
    const auto done = connection->query("SELECT 1", {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, GetParam().code);
    EXPECT_EQ(done.error().detail, "because");
    EXPECT_EQ(connection->sqlstate(), GetParam().sqlstate);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refusals,
    ::testing::Values(Refusal{"no_table", "42P01", base::Errc::invalid_data}, Refusal{"exclusion", "23P01", base::Errc::invalid_data},
                      Refusal{"privilege", "42501", base::Errc::unavailable}, Refusal{"cancelled", "57014", base::Errc::unavailable},
                      Refusal{"serialization", "40001", base::Errc::unavailable}, Refusal{"read_only", "25006", base::Errc::unavailable}),
    [](const auto& each) { return each.param.name; });

struct Flood {
    const char* name;
    std::string piece;
};
class Floods : public ::testing::TestWithParam<Flood> {};

/// Whatever a server says without end: the question ends.
TEST_P(Floods, end_with_the_time_of_a_question) {
    PostgresPretender server([piece = GetParam().piece](const Client& client) {
        client.let_in();
        client.hear();
        std::string much = Said::columns(1);
        for (int i = 0; i < 1000; ++i) much += piece;
        if (!client.say(much)) return;
        much.erase(0, Said::columns(1).size());
        while (client.say(much)) {
        }
    });
    // Longer only where the machine is so slow that the flood does not even begin by then.
    std::string why = "the server: no answer in time";
    for (std::chrono::milliseconds time = 20ms; why == "the server: no answer in time" && time < long_time; time *= 2) {
        auto connection = PostgresConnection::connect(to(server.conninfo()), nullptr);
        ASSERT_TRUE(connection) << connection.error().detail;
        connection->limit(time);
        const auto done = connection->query("SELECT 1", {}, [](const auto&) { return true; });
        ASSERT_FALSE(done);
        why = done.error().detail;
    }
    EXPECT_EQ(why, "the answer takes too long");
}

INSTANTIATE_TEST_SUITE_P(Table, Floods,
                         ::testing::Values(Flood{"notices", Said::notice()}, Flood{"notifications", Said::notification("contoso")},
                                           Flood{"rows", Said::row({"x"})}),
                         [](const auto& each) { return each.param.name; });

TEST(PostgresConnection, waits_for_no_more_rows_than_are_wanted) {
    PostgresPretender server([](const Client& client) {
        client.let_in();
        client.hear();
        client.say(Said::columns(1));
        while (client.say(Said::row({"x"}))) {
        }
    });
    auto connection = PostgresConnection::connect(to(server.conninfo()), nullptr);
    ASSERT_TRUE(connection) << connection.error().detail;
    int rows = 0;
    const auto done = connection->query("SELECT 1", {}, [&rows](const auto&) { return ++rows < 10; });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Errc::unavailable);
    EXPECT_EQ(rows, 10);
}

TEST(PostgresConnection, keeps_what_is_notified_within_a_limit) {
    for (const std::size_t count : {std::size_t{2}, PostgresConnection::max_notified - 1, PostgresConnection::max_notified}) {
        std::string told;
        for (std::size_t i = 0; i < count; ++i) told += Said::notification("t");
        PostgresPretender server(answering(told + Said::columns(1) + Said::row({"yes"}) + Said::end_of_rows()));
        auto connection = PostgresConnection::connect(to(server.conninfo()), nullptr);
        ASSERT_TRUE(connection) << connection.error().detail;
        EXPECT_EQ(first_field(*connection), "yes");
        const auto payloads = connection->notified(PostgresConnection::Clock::now() + long_time);
        ASSERT_TRUE(payloads);
        const bool all = count < PostgresConnection::max_notified;
        EXPECT_EQ(payloads->size(), all ? count : 1U);
        EXPECT_EQ(payloads->front(), all ? "t" : "") << "no name: everything is to be read";
    }
}

TEST(PostgresConnection, stops_waiting_for_news_when_it_is_poked) {
    PostgresPretender server(answering(""));
    Interrupt interrupt;
    auto connection = PostgresConnection::connect(to(server.conninfo()), &interrupt);
    ASSERT_TRUE(connection) << connection.error().detail;
    interrupt.poke();
    const auto nothing = connection->notified(PostgresConnection::Clock::now() + long_time);
    ASSERT_TRUE(nothing);
    EXPECT_TRUE(nothing->empty());
    EXPECT_FALSE(interrupt.take_poke()) << "once";
    interrupt.set();
    EXPECT_EQ(connection->notified(PostgresConnection::Clock::now() + long_time).error().code, base::Errc::closed);
}

}  // namespace
}  // namespace exota::directory
