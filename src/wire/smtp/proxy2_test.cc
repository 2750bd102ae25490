#include "wire/smtp/proxy2.h"

#include <gtest/gtest.h>

#include "base/encode.h"

namespace exota::smtp {
namespace {

base::IpAddress address(std::string_view text) { return *base::IpAddress::parse(text); }
std::string hex(const ProxyFacts& facts) {
    std::string out;
    append_proxy2_header(out, facts);
    return base::hex_encode(out);
}

constexpr std::string_view signature = "0d0a0d0a000d0a515549540a";

TEST(Proxy2, has_the_octets_of_the_protocol) {
    struct Case {
        ProxyFacts facts;
        std::string want;
    };
    const Case cases[] = {
        {ProxyInet{address("192.0.2.1"), address("203.0.113.9"), 25000, 25}, "2111000cc0000201cb00710961a80019"},
        {ProxyInet{address("::ffff:192.0.2.1"), address("203.0.113.9"), 1, 65535}, "2111000cc0000201cb0071090001ffff"},
        {ProxyInet{address("2001:db8::1"), address("2001:db8::2"), 25000, 25},
         "2121002420010db800000000000000000000000120010db800000000000000000000000261a80019"},
        {ProxyInet{address("2001:db8::1"), address("203.0.113.9"), 2, 25},
         "2121002420010db800000000000000000000000100000000000000000000ffffcb00710900020019"},
        {ProxyLocal{}, "20000000"},
    };
    for (const Case& c : cases) EXPECT_EQ(hex(c.facts), std::string(signature) + c.want);
}

TEST(Proxy2, has_paths_of_fixed_length) {
    const std::string longest(108, 'p'), longer(200, 'p');
    std::string out;
    append_proxy2_header(out, ProxyUnix{"/run/a", ""});
    EXPECT_EQ(out.size(), 16u + 216);
    EXPECT_EQ(base::hex_encode(out.substr(12, 4)), "213100d8");
    EXPECT_EQ(out.substr(16, 7), std::string("/run/a\0", 7));
    std::string full, cut;
    append_proxy2_header(full, ProxyUnix{longest, "d"});
    append_proxy2_header(cut, ProxyUnix{longer, "d"});
    EXPECT_EQ(full, cut);
    EXPECT_EQ(full.substr(16 + 108, 2), std::string("d\0", 2));
}

}  // namespace
}  // namespace exota::smtp
