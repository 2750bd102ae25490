#include "base/prefix_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace exota::base {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr sys_days today{days{20'000}};

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }
PrefixTable::Entry entry(std::string_view prefix, std::uint32_t line, sys_days last_day = PrefixTable::forever) {
    return {IpPrefix::parse(prefix).value(), line, last_day};
}

TEST(PrefixTable, empty_contains_nothing) {
    EXPECT_FALSE(PrefixTable().find(address("192.0.2.1"), today));
    EXPECT_FALSE(PrefixTable(std::vector<PrefixTable::Entry>()).find(address("::"), today));
    EXPECT_EQ(PrefixTable().memory_octets(), 0U);
}

TEST(PrefixTable, finds_what_contains_the_address) {
    const PrefixTable table({entry("192.0.2.0/24", 1), entry("192.0.2.128/25", 2), entry("198.51.100.7", 3), entry("2001:db8::/32", 4),
                             entry("2001:db8:1::/48", 5), entry("255.255.255.255", 6), entry("0.0.0.0/8", 7),
                             entry("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8), entry("192.0.2.0/24", 9)});
    EXPECT_EQ(table.size(), 9U);
    struct Case {
        std::string_view address;
        std::uint32_t line;  // 0: none
    };
    const Case cases[] = {
        {"192.0.1.255", 0},
        {"192.0.2.0", 9},  // of two that are the same the one that comes last
        {"192.0.2.127", 9},
        {"192.0.2.128", 2},
        {"192.0.2.255", 2},
        {"192.0.3.0", 0},
        {"::ffff:192.0.2.1", 9},
        {"198.51.100.6", 0},
        {"198.51.100.7", 3},
        {"198.51.100.8", 0},
        {"2001:db7:ffff::", 0},
        {"2001:db8::", 4},
        {"2001:db8:1::1", 5},
        {"2001:db8:2::", 4},
        {"2001:db9::", 0},
        {"255.255.255.255", 6},
        {"255.255.255.254", 0},
        {"0.0.0.0", 7},
        {"0.255.255.255", 7},
        {"1.0.0.0", 0},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 0},
        {"::", 0},
    };
    for (const Case& c : cases) {
        const auto found = table.find(address(c.address), today);
        EXPECT_EQ(found ? found->line : 0, c.line) << c.address;
    }
}

TEST(PrefixTable, everything_is_ipv4_too) {
    EXPECT_TRUE(PrefixTable({entry("::/0", 1)}).find(address("192.0.2.1"), today));
    EXPECT_TRUE(PrefixTable({entry("::ffff:0:0/96", 1)}).find(address("192.0.2.1"), today));
    EXPECT_FALSE(PrefixTable({entry("0.0.0.0/0", 1)}).find(address("2001:db8::1"), today));
    EXPECT_FALSE(PrefixTable({entry("::/96", 1)}).find(address("192.0.2.1"), today));
}

TEST(PrefixTable, an_entry_ends_with_its_last_day) {
    const PrefixTable table({entry("192.0.2.0/24", 1, today), entry("198.51.100.0/24", 2, today - days{1}),
                             entry("203.0.113.0/24", 3, today), entry("203.0.113.7", 4, today - days{1})});
    EXPECT_TRUE(table.find(address("192.0.2.1"), today));
    EXPECT_FALSE(table.find(address("192.0.2.1"), today + days{1}));
    EXPECT_FALSE(table.find(address("198.51.100.1"), today));
    EXPECT_EQ(table.find(address("203.0.113.7"), today)->line, 3U) << "the shorter one still holds";
    EXPECT_EQ(table.find(address("203.0.113.7"), today - days{1})->line, 3U) << "the one that holds longest";
}

/// Against every prefix in turn, for sizes around those of nodes.
TEST(PrefixTable, says_what_the_list_says) {
    std::mt19937 random(7);
    for (const std::size_t size : {1U, 7U, 8U, 15U, 16U, 17U, 100U, 255U, 256U, 257U, 3000U, 4096U, 9000U}) {
        std::vector<PrefixTable::Entry> entries;
        for (std::uint32_t line = 1; line <= size; ++line) {
            std::array<std::uint8_t, 16> octets{};
            const bool v4 = random() % 2 == 0;
            if (v4) octets[10] = octets[11] = 0xff;
            // Few values an octet, so that many are within each other.
            for (std::size_t i = v4 ? 12 : 0; i < 16; ++i) octets[i] = std::array<std::uint8_t, 5>{0, 1, 127, 128, 255}[random() % 5];
            const unsigned bits = v4 ? 96 + random() % 33 : random() % 129;
            for (unsigned bit = bits; bit < 128; ++bit) octets[bit / 8] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
            const std::string text = IpAddress::from_octets(octets).text();
            const auto prefix = IpPrefix::parse(text + '/' + std::to_string(IpAddress::from_octets(octets).is_v4() ? bits - 96 : bits));
            ASSERT_TRUE(prefix) << text << ' ' << bits;
            entries.push_back({*prefix, line, random() % 3 == 0 ? PrefixTable::forever : today + days{static_cast<int>(random() % 5) - 2}});
        }
        const PrefixTable table(entries);
        for (int i = 0; i < 500; ++i) {
            std::array<std::uint8_t, 16> octets = entries[random() % size].prefix.network().octets();
            if (i % 3 == 0) octets = entries[random() % size].prefix.last().octets();
            if (i % 2 == 0) octets[random() % 16] ^= static_cast<std::uint8_t>(1 << random() % 8);
            const IpAddress seen = IpAddress::from_octets(octets);
            const auto found = table.find(seen, today);
            sys_days longest = today - days{1};
            for (const auto& e : entries)
                if (e.prefix.contains(seen)) longest = std::max(longest, e.last_day);
            ASSERT_EQ(found.has_value(), longest >= today) << size << ' ' << seen.text();
            if (!found) continue;
            ASSERT_TRUE(entries[found->line - 1].prefix.contains(seen)) << size << ' ' << seen.text();
            ASSERT_EQ(entries[found->line - 1].last_day, longest) << size << ' ' << seen.text();
        }
    }
}

TEST(IpPrefix, says_where_it_ends) {
    struct Case {
        std::string_view prefix, last;
        int bits;
    };
    const Case cases[] = {
        {"192.0.2.0/24", "192.0.2.255", 120},
        {"192.0.2.7", "192.0.2.7", 128},
        {"40.92.0.0/15", "40.93.255.255", 111},
        {"0.0.0.0/0", "255.255.255.255", 96},
        {"2001:db8::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", 33},
        {"::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0},
    };
    for (const Case& c : cases) {
        const IpPrefix prefix = IpPrefix::parse(c.prefix).value();
        EXPECT_EQ(prefix.last().text(), c.last) << c.prefix;
        EXPECT_EQ(prefix.bits(), c.bits) << c.prefix;
    }
}

}  // namespace
}  // namespace exota::base
