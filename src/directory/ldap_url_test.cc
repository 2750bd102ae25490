#include "directory/ldap_url.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

TEST(LdapUrl, servers) {
    const struct {
        std::string_view text, same, address;
    } cases[] = {
        {"ldap://ldap.example.net", "ldap://ldap.example.net:389", ""},
        {"LDAP://192.0.2.1:1389/", "ldap://192.0.2.1:1389", "192.0.2.1:1389"},
        {"ldaps://[2001:db8::1]", "ldaps://[2001:db8::1]:636", "[2001:db8::1]:636"},
        {"ldaps://[2001:db8::1]:7", "ldaps://[2001:db8::1]:7", "[2001:db8::1]:7"},
        {"ldapi://%2Frun%2Fldapi", "ldapi://%2Frun%2Fldapi", "unix:/run/ldapi"},
        {"ldapi://", "ldapi://%2Fvar%2Frun%2Fslapd%2Fldapi", "unix:/var/run/slapd/ldapi"},
        {"ldap://h:65535", "ldap://h:65535", ""},
    };
    for (const auto& c : cases) {
        const auto url = LdapUrl::parse(c.text);
        ASSERT_TRUE(url) << c.text << ": " << url.error().detail;
        EXPECT_EQ(url->text(), c.same);
        EXPECT_EQ(url->address() ? url->address()->text() : "", c.address);
    }
}

TEST(LdapUrl, what_is_none) {
    for (const std::string& text : {std::string("ldap.example.net"),
                                    std::string("http://x"),
                                    std::string(""),
                                    std::string("ldap://"),
                                    std::string("ldap://:389"),
                                    std::string("ldap://h:0"),
                                    std::string("ldap://h:65536"),
                                    std::string("ldap://h:x"),
                                    std::string("ldap://h/dc=x"),
                                    std::string("ldap://h?x"),
                                    std::string("ldap://2001:db8::1"),
                                    std::string("ldap://[::1"),
                                    std::string("ldap://[h]"),
                                    std::string("ldap://[127.0.0.1]"),
                                    std::string("ldap://u@h"),
                                    std::string("ldap://a b"),
                                    std::string("ldapi://%2"),
                                    std::string("ldapi://%zz"),
                                    std::string("ldapi://relative"),
                                    std::string("ldapi://%2F%00"),
                                    "ldap://" + std::string(254, 'a'),
                                    "ldapi://%2F" + std::string(107, 'a')})
        EXPECT_FALSE(LdapUrl::parse(text)) << text;
    EXPECT_TRUE(LdapUrl::parse("ldapi://%2F" + std::string(106, 'a')));
    EXPECT_TRUE(LdapUrl::parse("ldap://" + std::string(253, 'a')));
}

}  // namespace
}  // namespace exota::directory
