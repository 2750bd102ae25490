#include "base/ip.h"

#include <gtest/gtest.h>

namespace exota::base {
namespace {

TEST(IpAddress, one_canonical_form) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0::1", "2001:db8::1"},
        {"IPv6:2a01:111:f400::10", "2a01:111:f400::10"},
        {"", ""},
        {"192.0.2", ""},
        {"192.0.2.256", ""},
        {"fe80::1%eth0", ""},
        {"[::1]", ""},
        {"10.0.0.1127.0.0.1", ""},
        {std::string_view("192.0.2.1\0", 10), ""},
        {"0192.0.2.1", ""},
    };
    for (const Case& c : cases) {
        const auto got = IpAddress::parse(c.text);
        EXPECT_EQ(got ? got->text() : "", c.want) << c.text;
    }
}

TEST(IpPrefix, contains_what_it_says) {
    struct Case {
        std::string_view prefix, address;
        bool want;
    };
    const Case cases[] = {
        {"40.92.0.0/15", "40.93.255.255", true},
        {"40.92.0.0/15", "40.94.0.0", false},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"::/0", "192.0.2.1", true},
        {"2a01:111:f400::/48", "2a01:111:f400:ffff::1", true},
        {"2a01:111:f400::/48", "2a01:111:f401::1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"192.0.2.0/24", "::ffff:192.0.2.200", true},
    };
    for (const Case& c : cases)
        EXPECT_EQ(IpPrefix::parse(c.prefix)->contains(*IpAddress::parse(c.address)), c.want) << c.prefix << ' ' << c.address;
}

TEST(IpPrefix, overlaps_what_shares_an_address) {
    struct Case {
        std::string_view a, b;
        bool want;
    };
    const Case cases[] = {
        {"40.92.0.0/15", "40.92.0.0/15", true},
        {"40.92.0.0/15", "40.93.7.0/24", true},
        {"40.92.0.0/15", "40.94.0.0/15", false},
        {"40.92.0.0/15", "40.0.0.0/8", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"0.0.0.0/0", "40.92.0.0/15", true},
        {"0.0.0.0/0", "2001:db8::/32", false},
        {"::/0", "40.92.0.0/15", true},
        {"40.92.0.0/15", "40.91.255.255", false},
        {"2a01:111:f400::/48", "2a01::/16", true},
        {"2a01:111:f400::/48", "2a01:111:f401::/48", false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(IpPrefix::parse(c.a)->overlaps(*IpPrefix::parse(c.b)), c.want) << c.a << ' ' << c.b;
        EXPECT_EQ(IpPrefix::parse(c.b)->overlaps(*IpPrefix::parse(c.a)), c.want) << c.b << ' ' << c.a;
    }
}

TEST(IpPrefix, refuses_slips) {
    for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/24x", "x/8", "::/129", "/8"})
        EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

TEST(IpPrefix, prints_what_it_read) {
    for (const char* text : {"40.92.0.0/15", "2a01:111:f403::/48", "0.0.0.0/0", "::/0"}) EXPECT_EQ(IpPrefix::parse(text)->text(), text);
}

}  // namespace
}  // namespace exota::base
