#include "directory/ldap_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace exota::directory {
namespace {

using Attributes = std::vector<std::pair<std::string, std::vector<std::string>>>;

TEST(LdapRows, an_entry_is_a_tenant_as_in_a_file) {
    const struct {
        const char* name;
        Attributes attributes;
        const char *row, *document;
    } cases[] = {
        {"names",
         {{"exotaTenantName", {"contoso"}},
          {"exotaDomain", {"b.test", "A.test", "*.a.test"}},
          {"EXOTATENANTID", {"1234ABCD-18C5-45E8-88DE-123456789ABC"}}},
         "contoso",
         R"({"tenant_ids":["1234abcd-18c5-45e8-88de-123456789abc"],"domains":["*.a.test","a.test","b.test"]})"},
        {"one id under two names",
         {{"exotaMilterTenantId", {"1234abcd-18c5-45e8-88de-123456789abc"}}, {"exotaTenantId", {"1234ABCD-18C5-45E8-88DE-123456789ABC"}}},
         "cn=x",
         R"({"tenant_ids":["1234abcd-18c5-45e8-88de-123456789abc"]})"},
        {"an attribute in two pieces",
         {{"exotaDomain", {"a.test"}}, {"exotaDomain", {"b.test"}}},
         "cn=x",
         R"({"domains":["a.test","b.test"]})"},
        {"words",
         {{"exotaMode", {"monitor"}}, {"exotaForwarding", {"TRUE"}}, {"exotaHybrid", {"false"}}},
         "cn=x",
         R"({"forwarding":true,"hybrid":false,"mode":"monitor"})"},
        {"journal", {{"exotaForwarding", {"journal"}}}, "cn=x", R"({"forwarding":"journal"})"},
        {"lists in any order",
         {{"exotaLimit", {"20 recipients / day", "1 messages / hour"}}},
         "cn=x",
         R"({"limits":["1 messages / hour","20 recipients / day"]})"},
        {"recipients", {{"exotaRecipients", {"authoritative"}}}, "cn=x", R"({"recipients":"authoritative"})"},
        {"recipients of domains",
         {{"exotaRecipients", {"a.test=authoritative", "B.test = internal-relay"}}},
         "cn=x",
         R"({"recipients":{"a.test":"authoritative","b.test":"internal-relay"}})"},
        {"others", {{"cn", {"x"}}, {"exotaColour", {"red"}}, {"exotaDomain;lang-en", {"x.test"}}, {"exotaMode", {}}}, "cn=x", "{}"},
    };
    for (const auto& c : cases) {
        const auto rows = rows_of({{.dn = "cn=x", .attributes = c.attributes}});
        ASSERT_EQ(rows.size(), 1U) << c.name;
        EXPECT_EQ(rows[0].name, c.row) << c.name;
        EXPECT_EQ(rows[0].document, c.document) << c.name;
        EXPECT_EQ(rows[0].wrong, "") << c.name;
    }
}

TEST(LdapRows, an_entry_that_cannot_be_read_says_why) {
    const struct {
        Attributes attributes;
        const char* wrong;
    } cases[] = {
        {{{"exotaMode", {"monitor", "defer"}}}, "exotaMode must have one value, has 2"},
        {{{"exotaDomain", {"\xff.test"}}}, "exotaDomain is no UTF-8"},
        {{{"exotaDomain", {}}, {"exotaDomain;range=0-1499", {"a.test"}}}, "exotaDomain has more values than the server gives at once"},
        {{{"exotaRecipients", {"a.test=authoritative", "A.test=internal-relay"}}}, "exotaRecipients has two words for one domain"},
    };
    for (const auto& c : cases) {
        const auto rows = rows_of({{.dn = "cn=x", .attributes = c.attributes}});
        ASSERT_EQ(rows.size(), 1U) << c.wrong;
        EXPECT_EQ(rows[0].name, "cn=x");
        EXPECT_EQ(rows[0].wrong, c.wrong);
    }
}

TEST(LdapRows, who_shares_a_name_is_served_as_he_was) {
    const auto entry = [](std::string dn, std::vector<std::string> names, std::string domain) {
        return LdapEntry{std::move(dn), {{"exotaTenantName", std::move(names)}, {"exotaDomain", {std::move(domain)}}}};
    };
    TenantRows held({.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")}}, {});
    auto before = rows_of({entry("cn=1", {"contoso"}, "1.test"), entry("cn=4", {"fabrikam"}, "4.test")});
    ASSERT_TRUE(held.take_all(std::move(before)));
    auto rows = rows_of({entry("cn=1", {"contoso"}, "1.test"), entry("cn=2", {"contoso"}, "2.test"), entry("cn=3", {"contoso"}, "3.test"),
                         entry("cn=4", {"fabrikam", "northwind"}, "40.test"), entry("cn=5", {"good"}, "5.test")});
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0].wrong, "is the name of cn=1 and of cn=3");
    EXPECT_EQ(rows[1].wrong, "exotaTenantName must have one value, has 2");
    const auto taken = held.take_all(std::move(rows));
    ASSERT_TRUE(taken) << taken.error().detail;
    EXPECT_EQ(taken->bad, 3U);
    EXPECT_EQ(taken->kept, 2U);
    for (const char* domain : {"1.test", "4.test", "5.test"}) EXPECT_TRUE(taken->index->covering(domain)) << domain;
    for (const char* domain : {"2.test", "3.test", "40.test"}) EXPECT_FALSE(taken->index->covering(domain)) << domain;
    const auto told = std::ranges::find(taken->problems, tenant::Problem::Severity::error, &tenant::Problem::severity);
    ASSERT_NE(told, taken->problems.end());
    EXPECT_EQ(told->path, "tenants.contoso");
    EXPECT_EQ(told->text, "is the name of cn=1 and of cn=3 (its last good version is served)");
}

TEST(LdapRows, a_long_name_of_an_entry_is_not_told_whole) {
    const std::string dn(1000, 'x');
    const auto rows = rows_of({{dn, {{"exotaTenantName", {"a"}}}}, {dn, {{"exotaTenantName", {"a"}}}}});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_LT(rows[0].wrong.size(), 450U);
}

}  // namespace
}  // namespace exota::directory
