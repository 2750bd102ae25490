// [tenants.postgresql] and tenants.openid_base.
#include <gtest/gtest.h>

#include "config/testing.h"

namespace exota::config {
namespace {

using directory::PostgresSettings;
using testing::all_of;
using testing::from_toml;
using testing::minimal;

std::string postgresql(std::string_view lines) {
    return std::string(minimal) + "[tenants]\nsource = \"postgresql\"\n[tenants.postgresql]\n" + std::string(lines);
}

TEST(Postgresql, defaults_are_those_of_the_struct) {
    const LoadedConfig loaded = from_toml(postgresql(""));
    ASSERT_TRUE(loaded.config && loaded.config->tenants.postgresql) << all_of(loaded);
    EXPECT_EQ(all_of(loaded).find("tenants"), std::string::npos) << all_of(loaded);
    const PostgresSettings& settings = *loaded.config->tenants.postgresql;
    const PostgresSettings fresh;
    EXPECT_EQ(settings.conninfo, "dbname=exota");
    EXPECT_EQ(settings.password_file, "");
    EXPECT_EQ(settings.timeout, fresh.timeout);
    EXPECT_EQ(settings.resync_interval, fresh.resync_interval);
    EXPECT_FALSE(loaded.config->tenants.ldap);
    const LoadedConfig file = from_toml(std::string(minimal) + "[tenants.postgresql]\nconninfo = \"host=db\"\n");
    ASSERT_TRUE(file.config) << all_of(file);
    EXPECT_FALSE(file.config->tenants.postgresql) << "of another source";
}

TEST(Postgresql, what_is_given) {
    const LoadedConfig loaded = from_toml(
        postgresql("conninfo = \"host=db sslmode=verify-full\"\npassword_file = \"/p\"\ntimeout = \"3 s\"\nresync_interval = \"1 min\"\n"));
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_EQ(all_of(loaded).find("tenants"), std::string::npos) << all_of(loaded);
    const PostgresSettings& settings = *loaded.config->tenants.postgresql;
    EXPECT_EQ(settings.conninfo, "host=db sslmode=verify-full");
    EXPECT_EQ(settings.password_file, "/p");
    EXPECT_EQ(settings.timeout, std::chrono::seconds(3));
    EXPECT_EQ(settings.resync_interval, std::chrono::minutes(1));
}

TEST(Postgresql, what_cannot_be) {
    struct Bad {
        const char *lines, *says;
    };
    for (const Bad& bad :
         {Bad{"conninfo = \"host=db password=secret\"\n", "has a password"}, Bad{"conninfo = \"hots=secret\"\n", "is no connection"},
          Bad{"timeout = \"0 s\"\n", "tenants.postgresql.timeout"}, Bad{"timeout = \"31 s\"\n", "tenants.postgresql.timeout"},
          Bad{"resync_interval = \"0 s\"\n", "tenants.postgresql.resync_interval"}, Bad{"url = \"\"\n", "unknown"}}) {
        const LoadedConfig loaded = from_toml(postgresql(bad.lines));
        EXPECT_FALSE(loaded.config) << bad.lines;
        EXPECT_NE(all_of(loaded).find(bad.says), std::string::npos) << all_of(loaded);
        EXPECT_EQ(all_of(loaded).find("secret"), std::string::npos) << all_of(loaded);
    }
    const LoadedConfig json = from_json(R"({"authorisation": {"mode": "enforce"}, "tenants": {"source": "postgresql"}})");
    EXPECT_FALSE(json.config);
    EXPECT_NE(all_of(json).find("the only source"), std::string::npos) << all_of(json);
}

TEST(Postgresql, a_server_that_anybody_may_play_is_warned_of) {
    const LoadedConfig loaded = from_toml(postgresql("conninfo = \"host=db sslmode=require\"\n"));
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_NE(all_of(loaded).find("sslmode=verify-full"), std::string::npos) << all_of(loaded);
}

TEST(OpenidBase, is_https_at_a_name) {
    const auto with = [](std::string_view base) {
        return from_toml(std::string(minimal) + "[tenants]\nopenid_base = \"" + std::string(base) + "\"\n");
    };
    const LoadedConfig loaded = with("https://login.example:8443/x");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_EQ(loaded.config->tenants.openid_base, "https://login.example:8443/x");
    for (const char* const bad : {"", "http://login.example", "https://192.0.2.1", "https://login.example/?q"}) {
        EXPECT_FALSE(with(bad).config) << bad;
        EXPECT_NE(all_of(with(bad)).find("tenants.openid_base"), std::string::npos) << all_of(with(bad));
    }
}

}  // namespace
}  // namespace exota::config
