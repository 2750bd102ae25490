#include "directory/ldap_entry.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace exota::directory {
namespace {

const LdapSettings own;
LdapSettings predecessors() {
    LdapSettings settings;
    settings.schema = LdapSettings::Schema::predecessors;
    return settings;
}
tenant::Defaults defaults() {
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("client-cert + dkim")};
    return defaults;
}
constexpr const char* id = "1234abcd-18c5-45e8-88de-123456789abc";

TEST(LdapEntry, schema_2_is_a_tenant) {
    const LdapEntry entry{"cn=contoso,dc=example,dc=net",
                          {{"EXOTADOMAIN", {"contoso.com", "*.contoso.com"}},
                           {"exotaTenantId", {id, "22222222-18c5-45e8-88de-123456789abc"}},
                           {"exotaMilterTenantId", {"1234ABCD-18c5-45e8-88de-123456789abc"}},
                           {"exotaOrganization", {"contoso.net"}},
                           {"exotaDkimDomain", {"sign.example.org"}},
                           {"exotaProof", {"client-cert + tenant-id"}},
                           {"exotaConnectorClient", {"203.0.113.7"}},
                           {"exotaLimit", {"1000 messages / hour"}},
                           {"exotaAlignment", {"relaxed"}},
                           {"exotaLimitAction", {"reject"}},
                           {"exotaMode", {"defer"}},
                           {"exotaForwarding", {"journal"}},
                           {"exotaHybrid", {"TRUE"}},
                           {"exotaRecipients", {"contoso.com=authoritative", "*.contoso.com=internal-relay"}},
                           {"description", {"whatever"}}}};
    const tenant::ReadTenant read = read_entry(entry, "contoso.com", own, defaults());
    ASSERT_TRUE(read.tenant) << errors_of(entry, read.problems);
    EXPECT_EQ(read.tenant->name, entry.dn);
    const tenant::Policy& policy = read.tenant->policy;
    EXPECT_TRUE(policy.hybrid && policy.mode == tenant::Mode::defer && policy.forwarding == tenant::Forwarding::journal &&
                policy.alignment == tenant::Alignment::relaxed && policy.limit_action == tenant::LimitAction::reject);
    EXPECT_EQ(policy.recipients_at("contoso.com"), tenant::RecipientType::authoritative);
    EXPECT_EQ(policy.recipients_at("a.contoso.com"), tenant::RecipientType::internal_relay);
    EXPECT_EQ(policy.limits.size(), 1U);
    EXPECT_EQ(policy.connector_clients.size(), 1U);
    EXPECT_TRUE(read.tenant->own.with_dkim_domain("sign.example.org") && read.tenant->own.with_organization("contoso.net"));

    LdapEntry named = entry;
    named.attributes.push_back({"exotaTenantName", {"contoso"}});
    EXPECT_EQ(read_entry(named, "contoso.com", own, defaults()).tenant->name, "contoso");
    named.attributes.back().second.emplace_back("twice");
    EXPECT_EQ(errors_of(named, read_entry(named, "contoso.com", own, defaults()).problems),
              "cn=contoso,dc=example,dc=net: exotaTenantName: must have one value, has 2");
}

TEST(LdapEntry, schema_1_is_a_domain) {
    const LdapEntry entry{
        "cn=x", {{"exotamiltertenantid", {id}}, {"exotaMilterDkimEnabled", {"TRUE"}}, {"exotaMilterDkimAlignmentRequired", {"FALSE"}}}};
    const tenant::ReadTenant read = read_entry(entry, "contoso.com", predecessors(), defaults());
    ASSERT_TRUE(read.tenant);
    EXPECT_TRUE(read.tenant->own.with_literal_domain("contoso.com"));
    EXPECT_EQ(read.tenant->tenant_id, id);
    EXPECT_FALSE(read.tenant->policy.v1_dkim_alignment_required);
    EXPECT_TRUE(read_entry({"cn=x", {}}, "contoso.com", predecessors(), defaults()).tenant) << "nothing of it need be there";

    LdapSettings renamed = predecessors();
    renamed.tenant_id_attribute = "employeeNumber";
    const tenant::ReadTenant other =
        read_entry({"cn=x", {{"employeeNumber", {id}}, {"exotaMilterTenantId", {"nonsense"}}}}, "contoso.com", renamed, defaults());
    ASSERT_TRUE(other.tenant);
    EXPECT_EQ(other.tenant->tenant_id, id);
}

TEST(LdapEntry, malformed_ones_say_why) {
    const struct {
        LdapEntry entry;
        LdapSettings settings;
        std::string_view why;
    } cases[] = {
        {{"cn=x", {{"exotaMilterTenantId", {id, id}}}}, predecessors(), "cn=x: exotaMilterTenantId: must have one value, has 2"},
        {{"cn=x", {{"exotaMilterTenantId", {"nonsense"}}}}, predecessors(), "cn=x: tenant_id: \"nonsense\" is no UUID"},
        {{"cn=x", {{"exotaMilterDkimEnabled", {"yes"}}}}, predecessors(), "cn=x: dkim_enabled: must be true or false"},
        {{"cn=x", {{"exotaMode", {"loud"}}}}, own, "cn=x: mode: must be"},
        {{"cn=x", {{"exotaDomain", {std::string("a\0b", 3)}}}}, own, "cn=x: domains[0]: "},
        {{std::string(200, 'x'), {}}, own, std::string_view("xxx")},
        {{"", {}}, own, ": "},
    };
    for (const auto& c : cases) {
        const tenant::ReadTenant read = read_entry(c.entry, "contoso.com", c.settings, defaults());
        EXPECT_FALSE(read.tenant) << c.why;
        EXPECT_TRUE(errors_of(c.entry, read.problems).starts_with(c.why)) << errors_of(c.entry, read.problems);
    }
    LdapEntry many{"cn=x", {{"exotaDomain", {}}}};
    for (int i = 0; i < 500; ++i) many.attributes[0].second.push_back("a.." + std::to_string(i));
    EXPECT_LT(errors_of(many, read_entry(many, "contoso.com", own, defaults()).problems).size(), 1100U);
}

TEST(LdapEntry, every_attribute_is_asked_for_and_stands_in_the_schema_that_is_shipped) {
    const std::vector<std::string> wanted = wanted_attributes(own);
    std::ifstream file(std::string(EXOTA_SOURCE_DIR) + "/packaging/ldap/exota.schema");
    std::stringstream schema;
    schema << file.rdbuf();
    std::ifstream ldif_file(std::string(EXOTA_SOURCE_DIR) + "/packaging/ldap/exota.ldif");
    std::stringstream ldif;
    ldif << ldif_file.rdbuf();
    for (const std::string& name : wanted) {
        EXPECT_NE(schema.str().find('\'' + name + '\''), std::string::npos) << name;
        EXPECT_NE(ldif.str().find('\'' + name + '\''), std::string::npos) << name;
    }
    EXPECT_EQ(wanted.size(), std::size(own_attributes) + 1);
    EXPECT_EQ(wanted_attributes(predecessors()),
              (std::vector<std::string>{"exotaMilterTenantId", "exotaMilterDkimEnabled", "exotaMilterDkimAlignmentRequired"}));
}

}  // namespace
}  // namespace exota::directory
