// [limits_store].
#include <gtest/gtest.h>

#include <fstream>

#include "config/reader.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using directory::LimitsStoreSettings;
using testing::all_of;
using testing::from_toml;
using testing::minimal;

std::string store(std::string_view lines) { return std::string(minimal) + "[limits_store]\n" + std::string(lines); }
constexpr std::string_view usual = "servers = [\"redis://127.0.0.1:6379/0\"]\n";

TEST(LimitsStore, without_servers_there_is_none) {
    for (const std::string& text : {std::string(minimal), store("servers = []\n"), store("timeout = \"7 ms\"\n")}) {
        const LoadedConfig loaded = from_toml(text);
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_FALSE(loaded.config->limits_store);
    }
}

TEST(LimitsStore, defaults_are_those_of_the_struct) {
    const LoadedConfig loaded = from_toml(store(usual));
    ASSERT_TRUE(loaded.config && loaded.config->limits_store) << all_of(loaded);
    const LimitsStoreSettings &settings = *loaded.config->limits_store, fresh;
    EXPECT_EQ(settings.servers, std::vector<std::string>{"redis://127.0.0.1:6379/0"});
    EXPECT_TRUE(settings.kind == fresh.kind && settings.fallback == fresh.fallback && settings.timeout == fresh.timeout);
    EXPECT_EQ(settings.prefix, fresh.prefix);
    EXPECT_EQ(settings.password + settings.ca_file + settings.certificate_file + settings.key_file, "");
}

TEST(LimitsStore, what_is_given) {
    const std::string path = ::testing::TempDir() + "exota_redis_password";
    std::ofstream(path) << "secret\r\nmore\n";
    const LoadedConfig loaded =
        from_toml(store("servers = [\"redis://exota@redis.example.net\"]\nprefix = \"mail:\"\ntimeout = \"1 s\"\n"
                        "fallback = \"tempfail\"\npassword_file = \"" +
                        path + "\"\n"));
    std::remove(path.c_str());
    ASSERT_TRUE(loaded.config && loaded.config->limits_store) << all_of(loaded);
    const LimitsStoreSettings& settings = *loaded.config->limits_store;
    EXPECT_EQ(settings.password, "secret");
    EXPECT_EQ(settings.prefix, "mail:");
    EXPECT_EQ(settings.timeout, std::chrono::seconds(1));
    EXPECT_EQ(settings.fallback, LimitsStoreSettings::Fallback::tempfail);
    EXPECT_NE(all_of(loaded).find("reads the password"), std::string::npos) << all_of(loaded);
    EXPECT_EQ(all_of(loaded).find("secret"), std::string::npos);
    for (const StartValue& value : loaded.config->start_values) EXPECT_EQ(value.value.find("secret"), std::string::npos) << value.key;
}

TEST(LimitsStore, what_cannot_be) {
    const struct {
        std::string lines, key, text;
    } cases[] = {
        {"servers = [\"http://x\"]\n", "limits_store.servers", "must begin with"},
        {"servers = [\"redis://:hunter2@x\"]\n", "limits_store.servers", "password_file"},
        {"servers = [\"redis://a\", \"redis://b\"]\n", "limits_store.servers", "kind says which"},
        {"servers = [\"rediss://a\"]\nca_file = \"/nowhere/ca\"\n", "limits_store.ca_file", "/nowhere/ca: "},
        {"servers = [\"rediss://a\"]\ncertificate_file = \"/nowhere/c\"\n", "limits_store.certificate_file", "/nowhere/c: "},
        {std::string(usual) + "password_file = \"/nowhere/p\"\n", "limits_store.password_file", "/nowhere/p: "},
        {std::string(usual) + "prefix = \"a{b}\"\n", "limits_store.prefix", "{ and }"},
        {std::string(usual) + "prefix = \"" + std::string(65, 'a') + "\"\n", "limits_store.prefix", "64"},
        {std::string(usual) + "timeout = \"0 ms\"\n", "limits_store.timeout", "1"},
        {std::string(usual) + "timeout = \"1001 ms\"\n", "limits_store.timeout", "1000"},
        {std::string(usual) + "timeout = \"5 min\"\n", "limits_store.timeout", "known are ms, s"},
        {std::string(usual) + "timeout = true\n", "limits_store.timeout", "\"5 ms\""},
        {std::string(usual) + "fallback = \"reject\"\n", "limits_store.fallback", "accept"},
        {std::string(usual) + "kind = \"sentinel\"\n", "limits_store.master_name", "is needed"},
        {std::string(usual) + "kind = \"sentinel\"\nmaster_name = \"a b\"\n", "limits_store.master_name", "visible"},
        {std::string(usual) + "kind = \"sentinel\"\nmaster_name = \"" + std::string(256, 'a') + "\"\n", "limits_store.master_name", "255"},
        {std::string(usual) + "kind = \"sentinel\"\nmaster_name = \"a\"\nsentinel_password_file = \"/nowhere/s\"\n",
         "limits_store.sentinel_password_file", "/nowhere/s: "},
        {std::string(usual) + "kind = \"cluster\"\nmaster_name = \"a\"\n", "limits_store.master_name", "is of no use"},
        {"servers = [\"redis://a/1\", \"redis://b/1\"]\nkind = \"cluster\"\n", "limits_store.servers", "names a database"},
        {"servers = [\"redis://a\", \"rediss://b\"]\nkind = \"cluster\"\n", "limits_store.servers", "alike"},
        {"servers = [\"redis://a\", \"redis://x@b\"]\nkind = \"cluster\"\n", "limits_store.servers", "alike"},
        {"servers = [\"redis://a\", \"redis://b/1\"]\nkind = \"cluster\"\n", "limits_store.servers", "alike"},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(store(c.lines));
        EXPECT_FALSE(loaded.config) << c.lines;
        ASSERT_EQ(loaded.problems.size(), 1U) << c.lines << all_of(loaded);
        EXPECT_EQ(loaded.problems[0].key, c.key) << c.lines;
        EXPECT_NE(loaded.problems[0].text.find(c.text), std::string::npos) << loaded.problems[0].text;
        EXPECT_EQ(all_of(loaded).find("hunter2"), std::string::npos);
    }
    EXPECT_TRUE(from_toml(store(std::string(usual) + "timeout = 1000\nprefix = \"" + std::string(64, 'a') + "\"\n")).config);
    EXPECT_TRUE(from_toml(store(std::string(usual) + "timeout = \"1 ms\"\nprefix = \"\"\n")).config);
}

TEST(LimitsStore, several_servers_are_of_a_kind) {
    const std::string path = ::testing::TempDir() + "exota_sentinel_password";
    std::ofstream(path) << "secret\n";
    const LoadedConfig sentinels = from_toml(store("servers = [\"redis://a/2\", \"redis://b/2\"]\nkind = \"sentinel\"\nmaster_name = \"" +
                                                   std::string(255, 'a') + "\"\nsentinel_password_file = \"" + path + "\"\n"));
    std::remove(path.c_str());
    ASSERT_TRUE(sentinels.config && sentinels.config->limits_store) << all_of(sentinels);
    EXPECT_EQ(sentinels.config->limits_store->kind, LimitsStoreSettings::Kind::sentinel);
    EXPECT_EQ(sentinels.config->limits_store->master_name, std::string(255, 'a'));
    EXPECT_EQ(sentinels.config->limits_store->sentinel_password, "secret");
    EXPECT_EQ(sentinels.config->limits_store->password, "");
    EXPECT_NE(all_of(sentinels).find("reads the password"), std::string::npos) << all_of(sentinels);
    const LoadedConfig cluster = from_toml(store("servers = [\"redis://a\", \"redis://b:7000/0\"]\nkind = \"cluster\"\n"));
    ASSERT_TRUE(cluster.config && cluster.config->limits_store) << all_of(cluster);
    EXPECT_EQ(cluster.config->limits_store->kind, LimitsStoreSettings::Kind::cluster);
}

TEST(Milliseconds, have_units) {
    EXPECT_EQ(parse_milliseconds("5 ms"), std::chrono::milliseconds(5));
    EXPECT_EQ(parse_milliseconds("2s"), std::chrono::milliseconds(2000));
    for (const char* none : {"", "5", "ms", "-5 ms", "5 min", "99999999999999999999 ms", "1000000001 ms"})
        EXPECT_FALSE(parse_milliseconds(none)) << none;
}

}  // namespace
}  // namespace exota::config
