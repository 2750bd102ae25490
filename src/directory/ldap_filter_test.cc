#include "directory/ldap_filter.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

TEST(LdapFilter, names_are_escaped) {
    const struct {
        std::string_view name, filter;
    } cases[] = {
        {"contoso.com", "(d=contoso.com)"},
        {"fu*", "(d=fu\\2a)"},
        {"*", "(d=\\2a)"},
        {"a)(objectClass=*", "(d=a\\29\\28objectClass=\\2a)"},
        {"a\\2a", "(d=a\\5c2a)"},
        {std::string_view("a\0b", 3), "(d=a\\00b)"},
        {"m\xc3\xbcnchen", "(d=m\\c3\\bcnchen)"},
        {"%d", "(d=%d)"},
        {"", "(d=)"},
        {"a b\n\x7f", "(d=a b\\0a\\7f)"},
    };
    const auto filter = LdapFilter::parse("(d=%d)", "%d");
    ASSERT_TRUE(filter);
    for (const auto& c : cases) EXPECT_EQ(filter->with(c.name), c.filter);
}

TEST(LdapFilter, the_name_may_stand_in_several_places) {
    const auto filter = LdapFilter::parse("(&(objectClass=x)(|(associatedDomain=%d)(mail=*@%d)(!(off=%d%d))(cn=100%)))", "%d");
    ASSERT_TRUE(filter) << filter.error().detail;
    EXPECT_EQ(filter->with("a*"), "(&(objectClass=x)(|(associatedDomain=a\\2a)(mail=*@a\\2a)(!(off=a\\2aa\\2a))(cn=100%)))");
    EXPECT_EQ(filter->with_any(), "(&(objectClass=x)(|(associatedDomain=*)(mail=*@*)(!(off=*))(cn=100%)))");
    EXPECT_EQ(filter->attributes(), std::vector<std::string>{"associatedDomain"});
}

TEST(LdapFilter, what_is_none_says_why) {
    const struct {
        std::string text, why;
    } cases[] = {
        {"", "is no filter"},
        {"domainName=%d", "is no filter"},
        {"(domainName=%d", "is no filter"},
        {"(domainName=%d))", "is no filter"},
        {"((domainName=%d))", "is no filter"},
        {"(&)", "is no filter"},
        {"(!(a=%d)(b=%d))", "is no filter"},
        {"(=%d)", "is no filter"},
        {"(%d)", "is no filter"},
        {"(%d=x)", "where no value is"},
        {"(a=b)(c=%d)", "is no filter"},
        {"(domainName=x)", "lacks %d"},
        {"(&(a=%d)" + std::string(40, '(') + ")", "is no filter"},
        {"(a=" + std::string(LdapFilter::max_octets - 5, 'x') + "%d)", "longer than"},
        {std::string("(a=\0%d)", 7), "NUL"},
    };
    for (const auto& c : cases) {
        const auto filter = LdapFilter::parse(c.text, "%d");
        ASSERT_FALSE(filter) << c.text;
        EXPECT_NE(filter.error().detail.find(c.why), std::string::npos) << c.text << ": " << filter.error().detail;
    }
    EXPECT_TRUE(LdapFilter::parse("(a=" + std::string(LdapFilter::max_octets - 6, 'x') + "%d)", "%d"));
    std::string deep = "(a=%d)";
    for (int i = 0; i < 32; ++i) deep = "(!" + deep + ')';
    EXPECT_TRUE(LdapFilter::parse(deep, "%d"));
    EXPECT_FALSE(LdapFilter::parse("(!" + deep + ')', "%d"));
}

}  // namespace
}  // namespace exota::directory
