// [recipients.ldap] and [recipients.postgresql]: what they become, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

LoadedConfig with(std::string_view text) { return from_toml(std::string(minimal) + "[inbound]\nmode = \"enforce\"\n" + std::string(text)); }

std::string text_of(const LoadedConfig& loaded, std::string_view key) {
    const auto found = std::ranges::find(loaded.problems, key, &Problem::key);
    return found == loaded.problems.end() ? "" : found->text;
}

constexpr std::string_view ldap =
    "[recipients]\nsource = \"ldap\"\n[recipients.ldap]\nservers = [\"ldaps://a.example\", \"ldaps://b.example\"]\nbase = \"dc=example\"\n";
constexpr std::string_view postgresql = "[recipients]\nsource = \"postgresql\"\n[recipients.postgresql]\n";

TEST(ConfigRecipients, from_ldap_as_tenants_are_asked_there) {
    const LoadedConfig loaded = with(ldap);
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_TRUE(loaded.config->recipients.ask);
    const directory::RecipientSourceSettings& source = loaded.config->recipient_source;
    ASSERT_TRUE(source.ldap);
    EXPECT_FALSE(source.postgresql);
    EXPECT_EQ(source.ldap->servers.size(), 2U);
    EXPECT_EQ(source.ldap->base, "dc=example");
    EXPECT_EQ(source.ldap->filter, "(|(mail=%r)(proxyAddresses=smtp:%r))");
    EXPECT_EQ(source.ldap->timeout, std::chrono::seconds(2));
    EXPECT_FALSE(loaded.config->tenants.ldap);
    const directory::RecipientSourceSettings fresh;
    EXPECT_EQ(source.positive_ttl, fresh.positive_ttl);
    EXPECT_EQ(source.negative_ttl, fresh.negative_ttl);
    EXPECT_EQ(source.cache_entries, fresh.cache_entries);
    EXPECT_EQ(source.max_stale, loaded.config->tenants.max_stale);
}

TEST(ConfigRecipients, from_postgresql) {
    const LoadedConfig loaded =
        with(std::string(postgresql) + "conninfo = \"host=/run/postgresql dbname=mail\"\npassword_file = \"secret\"\ntimeout = 3\n");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_TRUE(loaded.config->recipients.ask);
    const auto& source = loaded.config->recipient_source.postgresql;
    ASSERT_TRUE(source);
    EXPECT_EQ(source->conninfo, "host=/run/postgresql dbname=mail");
    EXPECT_EQ(source->password_file, "/nowhere/secret");
    EXPECT_EQ(source->timeout, std::chrono::seconds(3));
    EXPECT_FALSE(loaded.config->tenants.postgresql);
}

TEST(ConfigRecipients, neither_without_being_the_source) {
    for (const std::string_view source : {"none", "file"}) {
        std::string text(ldap);
        text.replace(text.find("\"ldap\""), 6, '"' + std::string(source) + '"');
        if (source == "file") text.insert(text.find("[recipients.ldap]"), "file = \"r\"\n");
        const LoadedConfig loaded = with(text);
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_FALSE(loaded.config->recipients.ask) << source;
        EXPECT_FALSE(loaded.config->recipient_source.is_asked()) << source;
    }
}

TEST(ConfigRecipients, what_is_wrong_is_refused_at_its_key) {
    const struct {
        std::string text;
        std::string_view key, want;
    } cases[] = {
        {"[recipients]\nsource = \"ldap\"\n[recipients.ldap]\nbase = \"dc=x\"\n", "recipients.ldap.servers", "names no server"},
        {"[recipients]\nsource = \"ldap\"\n[recipients.ldap]\nservers = [\"ldaps://a\"]\n", "recipients.ldap.base", "names no DN"},
        {"[recipients]\nsource = \"ldap\"\n[recipients.ldap]\nservers = [\"http://a\"]\nbase = \"dc=x\"\n", "recipients.ldap.servers",
         "must begin with"},
        {std::string(ldap) + "filter = \"(mail=x)\"\n", "recipients.ldap.filter", "lacks %r"},
        {std::string(ldap) + "filter = \"(mail=%r\"\n", "recipients.ldap.filter", "is no filter"},
        {std::string(ldap) + "bind_dn = \"cn=x\"\n", "recipients.ldap.bind_dn", "go together"},
        {std::string(ldap) + "sasl = \"external\"\nbind_dn = \"cn=x\"\npassword_file = \"p\"\n", "recipients.ldap.sasl", "external"},
        {std::string(ldap) + "password_file = \"missing\"\nbind_dn = \"cn=x\"\n", "recipients.ldap.password_file", "missing"},
        {std::string(postgresql) + "conninfo = \"password=secret\"\n", "recipients.postgresql.conninfo", "has a password"},
        {std::string(postgresql) + "conninfo = \"=\"\n", "recipients.postgresql.conninfo", "is no connection string"},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = with(c.text);
        EXPECT_FALSE(loaded.config) << c.text;
        EXPECT_NE(text_of(loaded, c.key).find(c.want), std::string::npos) << c.text << all_of(loaded);
        EXPECT_EQ(all_of(loaded).find("secret"), std::string::npos);
    }
}

TEST(ConfigRecipients, whoever_may_answer_in_the_servers_place_is_warned_of) {
    std::string open(ldap);
    open.replace(open.find("ldaps://a"), 9, "ldap://a").append("starttls = false\n");
    EXPECT_NE(text_of(with(open), "recipients.ldap.starttls").find("says who is a recipient"), std::string::npos);
    EXPECT_NE(text_of(with(std::string(postgresql) + "conninfo = \"host=db.example\"\n"), "recipients.postgresql.conninfo")
                  .find("decides who is a recipient"),
              std::string::npos);
}

}  // namespace
}  // namespace exota::config
