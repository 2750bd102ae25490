#include "authn/suffixes.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::authn {
namespace {

TEST(Suffixes, organisational_domains_by_list) {
    const std::vector<std::string> shared{"onmicrosoft.com", "mail.onmicrosoft.com"};
    struct Case {
        std::string_view domain, want;
    };
    const Case cases[] = {
        {"contoso.com", "contoso.com"},
        {"a.b.contoso.com", "contoso.com"},
        {"a.contoso.co.uk", "contoso.co.uk"},
        {"contoso.onmicrosoft.com", "contoso.onmicrosoft.com"},
        {"x.contoso.onmicrosoft.com", "contoso.onmicrosoft.com"},
        {"contoso.mail.onmicrosoft.com", "contoso.mail.onmicrosoft.com"},  // the longer suffix, not mail.onmicrosoft.com
        {"onmicrosoft.com", "onmicrosoft.com"},
        {"notonmicrosoft.com", "notonmicrosoft.com"},
        {"com", "com"},
        {"co.uk", "co.uk"},
    };
    for (const Case& c : cases) EXPECT_EQ(listed_organizational_domain(c.domain, shared, PublicSuffixes::system()), c.want) << c.domain;
}

TEST(Suffixes, public_suffixes) {
    EXPECT_TRUE(PublicSuffixes::system().is_public_suffix("com"));
    EXPECT_TRUE(PublicSuffixes::system().is_public_suffix("co.uk"));
    EXPECT_FALSE(PublicSuffixes::system().is_public_suffix("contoso.com"));
    EXPECT_EQ(PublicSuffixes::system().registrable_domain("co.uk"), "");
}

}  // namespace
}  // namespace exota::authn
