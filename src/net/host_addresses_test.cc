#include "net/host_addresses.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace exota::net {
namespace {

base::Result<Address> look_up(std::string_view endpoint) { return look_up_host(Endpoint::parse(endpoint).value()); }

TEST(HostAddresses, OfANameOrAnAddressWithThePortOfTheEndpoint) {
    EXPECT_EQ(look_up("inet:localhost:25").value().text(), "127.0.0.1:25");
    EXPECT_EQ(look_up("inet:192.0.2.7:10025").value().text(), "192.0.2.7:10025");
    EXPECT_EQ(look_up("inet6:[2001:db8::7]:10025").value().text(), "[2001:db8::7]:10025");
}

TEST(HostAddresses, WhatHasNoneIsAnErrorThatNamesIt) {
    const std::string name(64, 'a');  // too long for a label: nobody is asked
    const auto invalid = look_up("inet:" + name + ":25");
    ASSERT_FALSE(invalid);
    EXPECT_TRUE(invalid.error().code == base::Errc::not_found || invalid.error().code == base::Errc::unavailable);
    EXPECT_TRUE(invalid.error().detail.starts_with("inet:" + name + ":25: ")) << invalid.error().detail;
    for (const std::string_view endpoint : {"unix:/run/x", "systemd", "inet:25"})
        EXPECT_EQ(look_up(endpoint).error().code, base::Errc::invalid_data) << endpoint;
}

TEST(HostAddresses, AllOfAName) {
    const auto local = look_up_addresses("localhost").value();
    EXPECT_EQ(std::ranges::count(local, base::IpAddress::parse("127.0.0.1").value()), 1);
    EXPECT_EQ(look_up_addresses("2001:db8::7").value(), std::vector{base::IpAddress::parse("2001:db8::7").value()});
    EXPECT_FALSE(look_up_addresses(std::string(64, 'a')));
}

TEST(HostAddresses, LoopbackIsOneOfThisHost) {
    const std::vector<base::IpAddress> addresses = host_addresses();
    EXPECT_NE(std::ranges::find(addresses, base::IpAddress::parse("127.0.0.1").value()), addresses.end());
    std::vector<base::IpAddress> sorted = addresses;
    std::ranges::sort(sorted);
    EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end()) << "one of them twice";
}

}  // namespace
}  // namespace exota::net
