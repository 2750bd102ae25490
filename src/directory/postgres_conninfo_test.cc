#include "directory/postgres_conninfo.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/ip.h"

namespace exota::directory {
namespace {

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
                      Conninfo{"password_of_a_key", "host=db sslpassword=secret", "has the password of a key", "host=db"},
                      Conninfo{"no_value", "host=db secret", "is no connection string", ""},
                      Conninfo{"unknown_key", "hots=secret", "is no connection string", ""},
                      Conninfo{"encoding", "client_encoding=latin1", "\"client_encoding\" cannot be set here", ""},
                      Conninfo{"options", "options=-csearch_path=x", "\"options\" cannot be set here", ""}),
    [](const auto& each) { return each.param.name; });

TEST(Conninfo, that_trusts_whoever_answers_is_known) {
    for (const char* const safe : {"", "dbname=exota", "host=/run/postgresql", "host=@abstract", "host=localhost", "host=127.0.0.1",
                                   "host=::1,/run", "host=db sslmode=verify-full", "postgresql://db/exota?sslmode=verify-full",
                                   "host=db gssencmode=require", "host=secret unreadable", "host=127.255.0.9,::1"})
        EXPECT_FALSE(is_open_to_others(safe)) << safe;
    for (const char* const open :
         {"host=db", "host=db sslmode=require", "host=db sslmode=verify-ca", "hostaddr=192.0.2.1", "host=/run,db",
          "postgresql://localhost,db/exota", "host=127a.example gssencmode=prefer", "host=127.evil.example", "service=elsewhere"})
        EXPECT_TRUE(is_open_to_others(open)) << open;
}

/// Of this process, for a while; what was there before is not there after.
struct Environment {
    Environment(const char* variable, const char* value) : name(variable) { ::setenv(name, value, 1); }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() { ::unsetenv(name); }
    const char* name;
};

TEST(Conninfo, counts_with_what_it_leaves_to_the_environment) {
    EXPECT_EQ(identity_of("host=db dbname=exota user=x"), "host=db dbname=exota");
    EXPECT_EQ(identity_of("host=db user=x"), "host=db user=x") << "the database is named as the user";
    EXPECT_NE(identity_of("host=db user=x"), identity_of("host=db user=y"));
    EXPECT_FALSE(is_open_to_others("dbname=exota"));
    const Environment host("PGHOST", "db.example");
    EXPECT_EQ(identity_of("dbname=exota"), "dbname=exota host=db.example");
    EXPECT_EQ(identity_of("host=other dbname=exota"), "host=other dbname=exota");
    EXPECT_TRUE(is_open_to_others("dbname=exota"));
    const Environment mode("PGSSLMODE", "verify-full");
    EXPECT_FALSE(is_open_to_others("dbname=exota"));
    const Environment database("PGDATABASE", "other");
    EXPECT_EQ(identity_of(""), "host=db.example dbname=other");
}

/// Literals, and one name with two addresses.
HostAddresses look_up(const std::string& host) {
    if (host == "two.test") return std::vector<std::string>{"192.0.2.1", "2001:db8::1"};
    if (base::IpAddress::parse(host)) return std::vector<std::string>{host};
    return base::fail(base::Errc::not_found, host + ": no such name");
}

/// "host=a hostaddr=b port=c; …"
std::string targets(const std::string& conninfo) {
    std::string out;
    for (const PostgresTarget& target : targets_of(conninfo, &look_up)) {
        if (!out.empty()) out += "; ";
        out += '[' + target.name + ']' + target.problem;
        for (const auto& [keyword, value] : target.parameters) out += ' ' + keyword + '=' + value;
    }
    return out;
}

TEST(Targets, are_each_host_and_each_address) {
    EXPECT_EQ(targets("dbname=exota"), "[] dbname=dbname=exota") << "as it is: the environment may say where";
    EXPECT_EQ(targets("host=/run/postgresql dbname=exota"), "[] dbname=exota host=/run/postgresql");
    EXPECT_EQ(
        targets("host=192.0.2.1,/run hostaddr=192.0.2.7,192.0.2.8 port=1,2"),
        "[192.0.2.1, 192.0.2.7 port 1] host=192.0.2.1 hostaddr=192.0.2.7 port=1; [/run, 192.0.2.8 port 2] host=/run hostaddr=192.0.2.8 "
        "port=2");
    EXPECT_EQ(targets("host=192.0.2.1,2001:db8::1 port=7 dbname=host=x"),
              "[192.0.2.1] dbname=host=x host=192.0.2.1 hostaddr=192.0.2.1 port=7; [2001:db8::1] dbname=host=x host=2001:db8::1 "
              "hostaddr=2001:db8::1 port=7");
    EXPECT_EQ(targets("hostaddr=192.0.2.1,192.0.2.2"), "[192.0.2.1] hostaddr=192.0.2.1; [192.0.2.2] hostaddr=192.0.2.2");
    EXPECT_EQ(targets("host=,/run"), "[]; [/run] host=/run");
    EXPECT_EQ(targets("host=two.test"),
              "[two.test, 192.0.2.1] host=two.test hostaddr=192.0.2.1; [two.test, 2001:db8::1] host=two.test hostaddr=2001:db8::1");
    EXPECT_EQ(targets("host=a.invalid,/run"), "[a.invalid]cannot be looked up: a.invalid: no such name host=a.invalid; [/run] host=/run");
    // What libpq refuses is its to refuse.
    for (const char* const uneven : {"host=/a,/b port=1,2,3", "host=/a,/b hostaddr=192.0.2.1"}) {
        EXPECT_EQ(targets(uneven), "[] dbname=" + std::string(uneven));
        EXPECT_TRUE(targets_of(uneven, &look_up)[0].whole);
    }
    EXPECT_FALSE(targets_of("host=/run", &look_up)[0].whole);
}

TEST(Targets, have_a_limit) {
    std::string hosts = "host=/0";
    for (std::size_t i = 1; i < most_targets; ++i) hosts += ",/" + std::to_string(i);
    EXPECT_EQ(targets_of(hosts, &look_up).size(), most_targets);
    EXPECT_EQ(targets_of(hosts + ",/more", &look_up).size(), most_targets);
}

}  // namespace
}  // namespace exota::directory
