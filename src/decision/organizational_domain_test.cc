// Organisational domains by the public suffix list and by shared suffixes.
#include "decision/organizational_domain.h"

#include <gtest/gtest.h>

namespace exota::decision {
namespace {

const std::vector<std::string> shared{"onmicrosoft.com", "mail.onmicrosoft.com", "partner.onmschina.cn"};

TEST(OrganizationalDomain, OneLabelBelowTheLongestSuffix) {
    struct Row {
        std::string_view name, organization;
    };
    constexpr Row rows[] = {
        {"contoso.com", "contoso.com"},
        {"a.b.contoso.com", "contoso.com"},
        {"contoso.co.uk", "contoso.co.uk"},
        {"mail.contoso.co.uk", "contoso.co.uk"},
        {"co.uk", ""},
        {"com", ""},
        {"contoso.onmicrosoft.com", "contoso.onmicrosoft.com"},
        {"x.contoso.onmicrosoft.com", "contoso.onmicrosoft.com"},
        {"onmicrosoft.com", ""},
        {"contoso.mail.onmicrosoft.com", "contoso.mail.onmicrosoft.com"},
        {"x.contoso.mail.onmicrosoft.com", "contoso.mail.onmicrosoft.com"},
        {"mail.onmicrosoft.com", ""},
        {"contoso.partner.onmschina.cn", "contoso.partner.onmschina.cn"},
        {"notonmicrosoft.com", "notonmicrosoft.com"},
        {"", ""},
    };
    for (const Row& row : rows) EXPECT_EQ(organizational_domain(row.name, shared), row.organization) << row.name;
}

TEST(OrganizationalDomain, WithoutSharedSuffixesTheListAloneSpeaks) {
    EXPECT_EQ(organizational_domain("a.contoso.onmicrosoft.com", {}), "onmicrosoft.com");
}

TEST(OrganizationalDomain, TheLongerSuffixWins) {
    EXPECT_EQ(organizational_domain("a.b.co.uk", {"uk"}), "b.co.uk");
    EXPECT_EQ(organizational_domain("a.b.contoso.co.uk", {"contoso.co.uk"}), "b.contoso.co.uk");
}

TEST(OrganizationalDomain, IsAViewIntoItsArgument) {
    const std::string name = "a.contoso.com";
    const std::string_view organization = organizational_domain(name, shared);
    EXPECT_EQ(organization.data(), name.data() + 2);
}

}  // namespace
}  // namespace exota::decision
