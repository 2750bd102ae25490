// [tenants.ldap] and the predecessor's MILTER_LDAP_*.
#include <gtest/gtest.h>

#include <fstream>

#include "config/testing.h"

namespace exota::config {
namespace {

using directory::LdapSettings;
using testing::all_of;
using testing::from_toml;
using testing::minimal;

std::string ldap(std::string_view lines) {
    return std::string(minimal) + "[tenants]\nsource = \"ldap\"\n[tenants.ldap]\nstarttls = false\n" + std::string(lines);
}
constexpr std::string_view usual = "servers = [\"ldapi://%2Fs\"]\nbase = \"dc=x\"\n";

class PasswordFile {
public:
    explicit PasswordFile(std::string_view text) : path_(::testing::TempDir() + "exota_ldap_password") { std::ofstream(path_) << text; }
    ~PasswordFile() { std::remove(path_.c_str()); }
    PasswordFile(const PasswordFile&) = delete;
    PasswordFile& operator=(const PasswordFile&) = delete;
    std::string lines() const { return "bind_dn = \"cn=r\"\npassword_file = \"" + path_ + "\"\n"; }

private:
    std::string path_;
};

TEST(Ldap, defaults_are_those_of_the_struct) {
    const LoadedConfig loaded = from_toml(ldap(usual));
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_EQ(loaded.config->tenants.source, "ldap");
    ASSERT_TRUE(loaded.config->tenants.ldap);
    const LdapSettings& settings = *loaded.config->tenants.ldap;
    const LdapSettings fresh;
    EXPECT_EQ(settings.servers, std::vector<std::string>{"ldapi://%2Fs"});
    EXPECT_TRUE(settings.mode == fresh.mode && settings.sasl == fresh.sasl && settings.schema == fresh.schema &&
                settings.wildcards == fresh.wildcards);
    EXPECT_EQ(settings.filter, fresh.filter);
    EXPECT_EQ(settings.tenant_id_filter + settings.organization_filter + settings.dkim_domain_filter, "");
    EXPECT_EQ(settings.tenant_id_attribute, fresh.tenant_id_attribute);
    EXPECT_EQ(settings.dkim_enabled_attribute, fresh.dkim_enabled_attribute);
    EXPECT_EQ(settings.dkim_alignment_attribute, fresh.dkim_alignment_attribute);
    EXPECT_TRUE(settings.timeout == fresh.timeout && settings.cache_ttl == fresh.cache_ttl && settings.negative_ttl == fresh.negative_ttl &&
                settings.cache_entries == fresh.cache_entries && settings.refresh_interval == fresh.refresh_interval);
}

TEST(Ldap, what_is_given) {
    const PasswordFile password("secret\r\nmore\n");
    const LoadedConfig loaded = from_toml(ldap(std::string(usual) + password.lines() +
                                               "filter = \"(a=%d)\"\nschema = 1\ntimeout = \"3 s\"\ncache_entries = 100\n"
                                               "[tenants.ldap.attributes]\ntenant_id = \"x\"\n"));
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    const LdapSettings& settings = *loaded.config->tenants.ldap;
    EXPECT_EQ(settings.bind_dn, "cn=r");
    EXPECT_EQ(settings.password, "secret");
    EXPECT_EQ(settings.filter, "(a=%d)");
    EXPECT_EQ(settings.schema, LdapSettings::Schema::predecessors);
    EXPECT_EQ(settings.timeout, std::chrono::seconds(3));
    EXPECT_EQ(settings.tenant_id_attribute, "x");
    EXPECT_EQ(all_of(loaded).find("secret"), std::string::npos);
}

TEST(Ldap, what_cannot_be) {
    const PasswordFile password("secret"), *const file = &password;
    const struct {
        std::string lines, key, text;
    } cases[] = {
        {"base = \"dc=x\"\n", "tenants.ldap.servers", "names no server"},
        {"servers = [\"http://x\"]\nbase = \"dc=x\"\n", "tenants.ldap.servers", "must begin with"},
        {"servers = [\"ldapi://%2Fs\"]\n", "tenants.ldap.base", "names no DN"},
        {std::string(usual) + "filter = \"(a=b)\"\n", "tenants.ldap.filter", "lacks %d"},
        {std::string(usual) + "tenant_id_filter = \"(a=%d)\"\n", "tenants.ldap.tenant_id_filter", "lacks %t"},
        {std::string(usual) + "schema = 1\ntenant_id_filter = \"(a=%t)\"\n", "tenants.ldap.tenant_id_filter", "schema = \"2\""},
        {std::string(usual) + "bind_dn = \"cn=r\"\n", "tenants.ldap.bind_dn", "go together"},
        {std::string(usual) + "password_file = \"/x\"\n", "tenants.ldap.password_file", "go together"},
        {std::string(usual) + "bind_dn = \"cn=r\"\npassword_file = \"/nowhere/x\"\n", "tenants.ldap.password_file", "/nowhere/x: "},
        {std::string(usual) + "sasl = \"external\"\n" + file->lines(), "tenants.ldap.sasl", "neither bind_dn"},
        {"servers = [\"ldaps://x\"]\nbase = \"dc=x\"\nca_file = \"/nowhere/ca\"\n", "tenants.ldap.ca_file", "/nowhere/ca: "},
        {std::string(usual) + "mode = \"snapshot\"\nschema = 1\n", "tenants.ldap.mode", "needs schema = \"2\""},
        {std::string(usual) + "timeout = 61\n", "tenants.ldap.timeout", "60"},
        {std::string(usual) + "[tenants.ldap.attributes]\ntenant_id = \"\"\n", "tenants.ldap.attributes.tenant_id", "names no attribute"},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(ldap(c.lines));
        EXPECT_FALSE(loaded.config) << c.lines;
        ASSERT_EQ(loaded.problems.size(), 1U) << c.lines << all_of(loaded);
        EXPECT_EQ(loaded.problems[0].key, c.key) << c.lines;
        EXPECT_NE(loaded.problems[0].text.find(c.text), std::string::npos) << loaded.problems[0].text;
        EXPECT_EQ(all_of(loaded).find("secret"), std::string::npos);
    }
    const LoadedConfig filters =
        from_toml(ldap(std::string(usual) + "filter = \"(a=b)\"\ntenant_id_filter = \"(a=%d)\"\norganization_filter = \"(\"\n"));
    EXPECT_EQ(filters.problems.size(), 3U) << "all of them: " << all_of(filters);
    const LoadedConfig json = from_json(R"({"authorisation": {"mode": "enforce"}, "tenants": {"source": "ldap", "ldap": {}}})");
    EXPECT_FALSE(json.config);
    EXPECT_NE(all_of(json).find("the only source"), std::string::npos) << all_of(json);
}

TEST(Ldap, what_is_held_outlasts_the_next_reading) {
    const auto with = [](int max_stale, int refresh_interval, std::string_view mode = "snapshot") {
        return from_toml(std::string(minimal) + "[tenants]\nsource = \"ldap\"\nmax_stale = " + std::to_string(max_stale) +
                         "\n[tenants.ldap]\nmode = \"" + std::string(mode) + "\"\nrefresh_interval = " + std::to_string(refresh_interval) +
                         '\n' + std::string(usual));
    };
    for (const LoadedConfig& good : {with(1200, 600), with(2, 1), with(1199, 600, "lookup")}) EXPECT_TRUE(good.config) << all_of(good);
    const LoadedConfig bad = with(1199, 600);
    EXPECT_FALSE(bad.config);
    ASSERT_EQ(bad.problems.size(), 1U) << all_of(bad);
    EXPECT_EQ(bad.problems[0].key, "tenants.max_stale");
    for (const char* const said : {"is 1199 s", "tenants.ldap.refresh_interval (600 s)", "at least 1200 s", "at most 599 s"})
        EXPECT_NE(bad.problems[0].text.find(said), std::string::npos) << bad.problems[0].text;
    EXPECT_FALSE(with(1, 1).config);
    EXPECT_EQ(all_of(with(1, 1)).find("at most"), std::string::npos) << "there is no shorter one: " << all_of(with(1, 1));
}

TEST(Ldap, in_the_clear_is_warned_of) {
    const LoadedConfig loaded = from_toml(ldap("servers = [\"ldap://x\"]\nbase = \"dc=x\"\n"));
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_NE(all_of(loaded).find("reads the password"), std::string::npos) << all_of(loaded);
}

TEST(Ldap, the_predecessors_variables) {
    const auto load = [](std::vector<std::string> more) {
        std::vector<std::string> variables{"MILTER_POLICY_SOURCE=ldap", "MILTER_X509_ENABLED=1"};
        variables.insert(variables.end(), more.begin(), more.end());
        std::vector<const char*> entries;
        for (const std::string& variable : variables) entries.push_back(variable.c_str());
        entries.push_back(nullptr);
        return from_environment(entries.data());
    };
    const std::vector<std::string> whole{"MILTER_LDAP_SERVER_URI=ldap://192.0.2.1:1389", "MILTER_LDAP_SEARCH_BASE=dc=x",
                                         "MILTER_LDAP_QUERY=(associatedDomain=%d)"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), whole.begin(), whole.end());
        return load(more);
    };
    LoadedConfig loaded = with({"MILTER_LDAP_BINDDN=cn=r", "MILTER_LDAP_BINDPW=secret", "MILTER_LDAP_TENANT_ID_ATTR=a",
                                "MILTER_LDAP_DKIM_ENABLED_ATTR=b", "MILTER_LDAP_DKIM_ALIGNMENT_REQUIRED_ATTR=c"});
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_EQ(all_of(loaded).find("secret"), std::string::npos);
    const LdapSettings& settings = *loaded.config->tenants.ldap;
    EXPECT_EQ(loaded.config->tenants.source, "ldap");
    EXPECT_EQ(settings.servers, std::vector<std::string>{"ldap://192.0.2.1:1389"});
    EXPECT_EQ(settings.schema, LdapSettings::Schema::predecessors);
    EXPECT_FALSE(settings.starttls);
    EXPECT_EQ(settings.timeout, std::chrono::seconds(5));
    EXPECT_EQ(settings.filter, "(associatedDomain=%d)");
    EXPECT_EQ(settings.bind_dn + settings.password, "cn=rsecret");
    EXPECT_EQ(settings.tenant_id_attribute + settings.dkim_enabled_attribute + settings.dkim_alignment_attribute, "abc");

    const struct {
        std::vector<std::string> variables;
        std::string_view text;
    } cases[] = {
        {{}, "ENV[MILTER_LDAP_SERVER_URI] is mandatory!"},
        {{}, "ENV[MILTER_LDAP_SEARCH_BASE] is mandatory!"},
        {{}, "ENV[MILTER_LDAP_QUERY] is mandatory!"},
        {{"MILTER_LDAP_RECEIVE_TIMEOUT=soon"}, "ENV[MILTER_LDAP_RECEIVE_TIMEOUT] must be an integer!"},
        {{"MILTER_LDAP_RECEIVE_TIMEOUT=0"}, "1 to 60"},
        {{"MILTER_LDAP_BINDDN=cn=r"}, "go together"},
        {{"MILTER_LDAP_QUERY=associatedDomain=%d"}, "is no filter"},
        {{"MILTER_LDAP_QUERY="}, "names no filter: nobody could be found"},
        {{"MILTER_LDAP_SERVER_URI="}, "must begin with ldap://"},
        {{"MILTER_LDAP_TENANT_ID_ATTR="}, "names no attribute"},
        {{"MILTER_LDAP_DKIM_ENABLED_ATTR="}, "names no attribute"},
        {{"MILTER_LDAP_DKIM_ALIGNMENT_REQUIRED_ATTR="}, "names no attribute"},
    };
    for (const auto& c : cases) {
        loaded = load(c.variables);
        EXPECT_FALSE(loaded.config);
        EXPECT_NE(all_of(loaded).find(c.text), std::string::npos) << all_of(loaded);
    }
}

}  // namespace
}  // namespace exota::config
