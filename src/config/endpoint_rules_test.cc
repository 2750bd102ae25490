#include "config/endpoint_rules.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "base/joined.h"

namespace exota::config {
namespace {

EndpointList list_of(std::initializer_list<std::string_view> prefixes) {
    EndpointList list;
    for (const std::string_view prefix : prefixes) list.prefixes.push_back(base::IpPrefix::parse(prefix).value());
    list.records = 1;
    return list;
}

std::string objections(const EndpointList& list, const EndpointList* before = nullptr) {
    return base::joined(objections_to(list, before), "; ");
}

TEST(EndpointRules, ExtentCountsEachAddressOnce) {
    const struct {
        EndpointList list;
        EndpointExtent extent;
    } cases[] = {
        {list_of({}), {0, 0}},
        {list_of({"192.0.2.0/24"}), {256, 0}},
        {list_of({"192.0.2.0/25", "192.0.2.128/25", "192.0.2.0/24", "192.0.2.7"}), {256, 0}},
        {list_of({"192.0.2.1", "192.0.2.2"}), {2, 0}},
        {list_of({"0.0.0.0/0", "192.0.2.1"}), {std::uint64_t{1} << 32, 0}},
        {list_of({"2001:db8::/48", "2001:db8:0:1::/64"}), {0, 65536}},
        {list_of({"2001:db8::/64", "2001:db8:0:1::/64"}), {0, 2}},
        {list_of({"2001:db8::1", "2001:db8::2", "2001:db8:0:1::/80"}), {0, 2}},
        {list_of({"2001:db8::1", "2001:db8::/63"}), {0, 2}},
        {list_of({"::1", "192.0.2.1"}), {1, 1}},
        {list_of({"::/0"}), {0, UINT64_MAX}},
        {list_of({"::/1", "8000::/1"}), {0, UINT64_MAX}},
        {list_of({"::ffff:192.0.2.0/120"}), {256, 0}},
    };
    for (const auto& c : cases) EXPECT_EQ(extent_of(c.list), c.extent) << base::joined(c.list.prefixes, " ", &base::IpPrefix::text);
}

TEST(EndpointRules, PrefixesThatHoldTooMuch) {
    const struct {
        std::string_view prefix;
        bool taken;
    } cases[] = {
        {"64.0.0.0/10", true},
        {"64.0.0.0/9", false},
        {"0.0.0.0/0", false},
        {"192.0.2.1", true},
        {"2001:db8::/32", true},
        {"2001:db8::/31", false},
        {"::/0", false},
        {"2001:db8::1", true},
        {"::ffff:64.0.0.0/106", true},
        {"::ffff:64.0.0.0/105", false},
        {"::ffff:0.0.0.0/96", false},
        // IPv6 prefixes that reach around ::ffff:0:0/96, where all IPv4 addresses are.
        {"::/32", false},
        {"::/80", false},
        {"::fffe:0:0/95", false},
        {"::fffe:0:0/96", true},
        {"::ffff:0:0:0/96", true},
    };
    for (const auto& c : cases) EXPECT_EQ(objections(list_of({c.prefix})).empty(), c.taken) << c.prefix << objections(list_of({c.prefix}));
    EXPECT_EQ(objections(list_of({"10.0.0.0/8", "192.0.2.0/24", "2000::/3"})),
              "10.0.0.0/8 is shorter than /10; 2000::/3 is shorter than /32");
}

TEST(EndpointRules, BothSidesOfEachLimit) {
    const EndpointList even = list_of({"192.0.2.0/30", "2001:db8::/62"}), odd = list_of({"192.0.2.0/30", "192.0.2.4", "2001:db8::/64"}),
                       four_only = list_of({"192.0.2.0/30"}), laboratory = list_of({"10.1.2.0/31"});
    const struct {
        const char* name;
        const EndpointList* before;
        EndpointList after;
        std::string_view says;  // empty: taken
    } cases[] = {
        {"the_same", &even, even, ""},
        {"half_of_ipv4", &even, list_of({"192.0.2.0/31", "2001:db8::/62"}), ""},
        {"less_than_half_of_ipv4", &even, list_of({"192.0.2.0/32", "2001:db8::/62"}), "1 IPv4 addresses instead of 4, less than half"},
        {"three_of_five", &odd, list_of({"192.0.2.0/31", "192.0.2.2", "2001:db8::/64"}), ""},
        {"two_of_five", &odd, list_of({"192.0.2.0/31", "2001:db8::/64"}), "2 IPv4 addresses instead of 5, less than half"},
        {"twice_the_ipv4", &even, list_of({"192.0.2.0/29", "2001:db8::/62"}), ""},
        {"one_more_than_twice", &even, list_of({"192.0.2.0/29", "192.0.2.8", "2001:db8::/62"}),
         "9 IPv4 addresses instead of 4, more than twice"},
        {"half_of_ipv6", &even, list_of({"192.0.2.0/30", "2001:db8::/63"}), ""},
        {"less_than_half_of_ipv6", &even, list_of({"192.0.2.0/30", "2001:db8::/64"}), "1 IPv6 networks (/64) instead of 4, less than half"},
        {"twice_the_ipv6", &even, list_of({"192.0.2.0/30", "2001:db8::/61"}), ""},
        {"more_than_twice_the_ipv6", &even, list_of({"192.0.2.0/30", "2001:db8::/61", "2001:db9::/64"}),
         "9 IPv6 networks (/64) instead of 4, more than twice"},
        {"no_ipv4", &even, list_of({"2001:db8::/62"}), "no IPv4 addresses any more"},
        {"no_ipv6", &even, four_only, "no IPv6 networks (/64) any more"},
        {"ipv6_is_new", &four_only, even, ""},
        {"ipv6_was_never_there", &four_only, four_only, ""},
        {"half_of_it_stays", &even, list_of({"192.0.2.2/31", "198.51.100.0/31", "2001:db8::/63", "2001:db9::/63"}), ""},
        {"less_than_half_of_ipv4_stays", &even, list_of({"192.0.2.3", "198.51.100.0/31", "198.51.100.2", "2001:db8::/62"}),
         "of 4 IPv4 addresses it keeps 1, less than half"},
        {"less_than_half_of_ipv6_stays", &even, list_of({"192.0.2.0/30", "2001:db8::/64", "2001:db9::/63"}),
         "of 4 IPv6 networks (/64) it keeps 1, less than half"},
        {"other_addresses", &even, list_of({"198.51.100.0/30", "2001:db9::/62"}), "it keeps 0"},
        {"private_addresses_come", &even, list_of({"192.0.2.0/30", "10.1.2.0/31", "2001:db8::/62"}),
         "10.1.2.0/31 is not of the public internet"},
        {"loopback_comes", &even, list_of({"192.0.2.0/30", "2001:db8::/62", "::1"}), "::1/128 is not of the public internet"},
        {"one_around_a_private_range_comes", &even, list_of({"192.0.2.0/30", "2001:db8::/62", "192.160.0.0/11"}),
         "192.160.0.0/11 is not of"},
        {"private_addresses_were_there", &laboratory, list_of({"10.1.2.0/31", "127.0.0.1"}), ""},
        {"nothing_before", nullptr, four_only, ""},
    };
    for (const auto& c : cases) {
        const std::string said = objections(c.after, c.before);
        EXPECT_EQ(said.empty(), c.says.empty()) << c.name << ": " << said;
        EXPECT_NE(said.find(c.says), std::string::npos) << c.name << ": " << said;
    }
}

TEST(EndpointRules, DoublingEndsAtALimit) {
    const EndpointList ipv4 = list_of({"64.0.0.0/11"}), ipv6 = list_of({"2001:db8::/45"}), both = list_of({"64.0.0.0/11", "2001:db8::/45"});
    EXPECT_EQ(objections(list_of({"64.0.0.0/10"}), &ipv4), "");
    EXPECT_EQ(objections(list_of({"64.0.0.0/11", "128.0.0.0/11"}), &ipv4), "");
    const EndpointList most = list_of({"64.0.0.0/10", "2001:db8::/44"});
    EXPECT_EQ(objections(most, &both), "");
    EXPECT_EQ(objections(list_of({"64.0.0.0/10", "128.0.0.0/32", "2001:db8::/44"}), &most),
              "it has 4194305 IPv4 addresses, more than 4194304 in all");
    EXPECT_EQ(objections(list_of({"64.0.0.0/10", "2001:db8::/44", "2001:db9::/64"}), &most),
              "it has 1048577 IPv6 networks (/64), more than 1048576 in all");
    EXPECT_NE(objections(list_of({"64.0.0.0/11", "2001:db8::/32"}), &ipv4).find("in all"), std::string::npos) << "a family that is new";
    EXPECT_EQ(objections(list_of({"2001:db8::/44"}), &ipv6), "");
    const EndpointList meant = list_of({"64.0.0.0/10", "128.0.0.0/10", "2001:db8::/32"});
    EXPECT_EQ(objections(list_of({"64.0.0.0/10", "128.0.0.0/10", "144.0.0.0/12", "2001:db8::/32"}), &meant), "")
        << "an operator said that it is meant to have more";
    EXPECT_EQ(objections(list_of({"64.0.0.0/10", "128.0.0.0/10", "2001:db8::/32"})), "") << "nothing before";
}

TEST(EndpointRules, AnOperatorReadsFiveObjectionsAtMost) {
    const std::vector<std::string> five(5, "x");
    EXPECT_EQ(text_of_objections(five), "x; x; x; x; x");
    EXPECT_EQ(text_of_objections(std::vector<std::string>(7, "x")), "x; x; x; x; x; and 2 more");
    EXPECT_EQ(text_of_objections({}), "");
}

TEST(EndpointRules, NothingOverflows) {
    const EndpointList all = list_of({"::/0", "0.0.0.0/0"}), one = list_of({"2001:db8::/64"});
    EXPECT_NE(objections(one, &all).find("less than half"), std::string::npos);
    EXPECT_NE(objections(all, &one).find("more than twice"), std::string::npos);
    EXPECT_EQ(objections(list_of({"2001:db8::/64"}), &one), "");
}

TEST(EndpointRules, DifferenceIsOfPrefixesAsTheyStand) {
    const EndpointDifference changed =
        difference(list_of({"192.0.2.0/25", "198.51.100.0/24"}), list_of({"198.51.100.0/24", "192.0.2.0/24"}));
    EXPECT_EQ(base::joined(changed.added, " ", &base::IpPrefix::text), "192.0.2.0/24");
    EXPECT_EQ(base::joined(changed.removed, " ", &base::IpPrefix::text), "192.0.2.0/25");
    EXPECT_TRUE(difference(list_of({"192.0.2.0/25"}), list_of({"192.0.2.0/25"})).added.empty());
}

}  // namespace
}  // namespace exota::config
