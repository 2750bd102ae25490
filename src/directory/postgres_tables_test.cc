#include "directory/postgres_tables.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using Names = std::vector<std::string>;

Names numbered(std::size_t count) {
    Names out;
    for (std::size_t i = 0; i < count; ++i) out.push_back("t" + std::to_string(100'000 + i));
    return out;
}

TEST(Notifications, name_tenants_or_ask_for_everything) {
    EXPECT_EQ(to_read({}), (ToRead{false, {}}));
    EXPECT_EQ(to_read({"b", "a", "b"}), (ToRead{false, {"a", "b"}}));
    EXPECT_EQ(to_read({"b", ""}), (ToRead{true, {}}));
    EXPECT_EQ(to_read({"a\n"}), (ToRead{true, {}}));
    EXPECT_EQ(to_read({std::string(128, 'x')}), (ToRead{false, {std::string(128, 'x')}}));
    EXPECT_EQ(to_read({std::string(129, 'x')}), (ToRead{true, {}}));
    EXPECT_EQ(to_read(numbered(most_named_at_once)), (ToRead{false, numbered(most_named_at_once)}));
    EXPECT_EQ(to_read(numbered(most_named_at_once + 1)), (ToRead{true, {}}));
}

struct Conninfo {
    const char *name, *text, *says, *database;
};

class Conninfos : public ::testing::TestWithParam<Conninfo> {};

TEST_P(Conninfos, are_taken_without_secrets) {
    const auto problem = problem_of_conninfo(GetParam().text);
    EXPECT_EQ(problem.value_or("").substr(0, std::string(GetParam().says).size()), GetParam().says);
    EXPECT_EQ(problem.has_value(), *GetParam().says != '\0');
    EXPECT_EQ(problem.value_or("").find("secret"), std::string::npos);
    EXPECT_EQ(database_of(GetParam().text), GetParam().database);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Conninfos,
    ::testing::Values(Conninfo{"empty", "", "", ""},
                      Conninfo{"keys", "user=x dbname=exota host=db port=5433", "", "host=db port=5433 dbname=exota"},
                      Conninfo{"uri", "postgresql://x@db:5433/exota?sslmode=verify-full", "", "host=db port=5433 dbname=exota"},
                      Conninfo{"password", "host=db password=secret", "has a password", "host=db"},
                      Conninfo{"uri_password", "postgresql://x:secret@db/exota", "has a password", "host=db dbname=exota"},
                      Conninfo{"no_value", "host=db secret", "is no connection string", ""},
                      Conninfo{"unknown_key", "hots=secret", "is no connection string", ""},
                      Conninfo{"encoding", "client_encoding=latin1", "\"client_encoding\" cannot be set here", ""},
                      Conninfo{"options", "options=-csearch_path=x", "\"options\" cannot be set here", ""}),
    [](const auto& each) { return each.param.name; });

TEST(Conninfo, that_trusts_whoever_answers_is_known) {
    for (const char* const safe : {"", "dbname=exota", "host=/run/postgresql", "host=@abstract", "host=localhost", "host=127.0.0.1",
                                   "host=::1,/run", "host=db sslmode=verify-full", "postgresql://db/exota?sslmode=verify-full",
                                   "host=db gssencmode=require", "host=secret unreadable"})
        EXPECT_FALSE(is_open_to_others(safe)) << safe;
    for (const char* const open : {"host=db", "host=db sslmode=require", "host=db sslmode=verify-ca", "hostaddr=192.0.2.1", "host=/run,db",
                                   "postgresql://localhost,db/exota", "host=127a.example gssencmode=prefer"})
        EXPECT_TRUE(is_open_to_others(open)) << open;
}

TEST(PostgresConnection, fails_without_a_server_and_without_its_password_file) {
    PostgresSettings settings{.conninfo = "host=/nonexistent dbname=exota", .password_file = "", .timeout = std::chrono::seconds(5)};
    auto connection = PostgresConnection::connect(settings, nullptr);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, base::Errc::unavailable);
    settings.password_file = "/nonexistent";
    connection = PostgresConnection::connect(settings, nullptr);
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().detail, "/nonexistent: no password can be read");
}

TEST(Interrupt, ends_a_wait_for_good) {
    Interrupt interrupt;
    EXPECT_FALSE(interrupt.is_set());
    EXPECT_FALSE(interrupt.wait_for(std::chrono::milliseconds(0)));
    interrupt.set();
    interrupt.set();
    EXPECT_TRUE(interrupt.is_set());
    EXPECT_TRUE(interrupt.wait_for(std::chrono::hours(1)));
}

}  // namespace
}  // namespace exota::directory
