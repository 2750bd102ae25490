#include "authn/dns_names.h"

#include <gtest/gtest.h>

namespace exota::authn {
namespace {

TEST(DnsNames, what_can_be_asked_for) {
    const std::string label(63, 'a');
    const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'a');
    for (const std::string& name : {std::string("a"), std::string("a.example"), std::string("a.example."), label, longest})
        EXPECT_TRUE(is_dns_name(name, 1)) << name;
    for (const std::string& name :
         {std::string(), std::string("."), std::string("a..b"), std::string(".a"), label + 'a', longest + 'a', std::string("[192.0.2.1]")})
        EXPECT_FALSE(is_dns_name(name, 1)) << name;
    for (const char odd : {'\\', '\t', '\n', '\x7f', '\x80', '\xff', '\0'})
        EXPECT_FALSE(is_dns_name(std::string("a.b") + odd + "c.d", 2)) << int{odd};
    for (const char plain : {' ', '!', '"', '_', '~'}) EXPECT_TRUE(is_dns_name(std::string("a.b") + plain + "c.d", 2)) << plain;
    EXPECT_TRUE(is_dns_name("a.example", 2));
    EXPECT_FALSE(is_dns_name("example", 2));
}

TEST(DnsNames, of_addresses) {
    EXPECT_EQ(reverse_name(base::IpAddress::parse("192.0.2.1").value()), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_name(base::IpAddress::parse("2001:db8::567:89ab").value()),
              "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    EXPECT_EQ(address_of(std::string_view("\xC0\x00\x02\x01", 4))->text(), "192.0.2.1");
    EXPECT_EQ(address_of(std::string(15, '\0') + '\1')->text(), "::1");
    for (const std::size_t size : {0U, 3U, 5U, 15U, 17U}) EXPECT_FALSE(address_of(std::string(size, '\0'))) << size;
}

}  // namespace
}  // namespace exota::authn
