#include "directory/prefix_file.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using namespace std::chrono;

base::IpAddress address(std::string_view text) { return base::IpAddress::parse(text).value(); }

TEST(PrefixFile, reads_prefixes_with_their_days) {
    const PrefixFile file = parse_prefix_file(
        "# whom we keep out\r\n"
        "192.0.2.0/24   until 2026-12-31 # ticket 4711\n"
        "\n"
        "2001:db8::/32\n"
        "198.51.100.7\tuntil\t2028-02-29\n");
    ASSERT_TRUE(file.table) << file.problems.front().text;
    EXPECT_TRUE(file.problems.empty());
    EXPECT_EQ(file.table->size(), 3U);
    const sys_days new_years_eve = 2026y / December / 31;
    EXPECT_EQ(file.table->find(address("192.0.2.1"), new_years_eve)->line, 2U);
    EXPECT_FALSE(file.table->find(address("192.0.2.1"), new_years_eve + days{1}));
    EXPECT_EQ(file.table->find(address("2001:db8::1"), new_years_eve)->line, 4U);
    EXPECT_TRUE(file.table->find(address("198.51.100.7"), 2028y / February / 29));
    EXPECT_FALSE(file.table->find(address("198.51.100.7"), 2028y / March / 1));
}

TEST(PrefixFile, an_empty_one_contains_nobody) {
    const PrefixFile file = parse_prefix_file("");
    ASSERT_TRUE(file.table);
    EXPECT_EQ(file.table->size(), 0U);
}

TEST(PrefixFile, says_what_is_wrong_where) {
    struct Case {
        std::string_view line, want;
    };
    constexpr std::string_view no_date = "behind `until` stands no date such as 2026-12-31";
    constexpr std::string_view no_until = "behind the prefix stands something other than `until DATE`";
    const Case cases[] = {
        {"192.0.2", "no IP address in prefix"},
        {"example.com", "no IP address in prefix"},
        {"192.0.2.0/33", "prefix length is not 0 to 32"},
        {"192.0.2.1/24", "host bits are set behind the prefix length"},
        {"192.0.2.0/24 ticket", no_until},
        {"192.0.2.0/24#ticket", "prefix length is not 0 to 32"},
        {"192.0.2.0/24 UNTIL 2026-12-31", no_until},
        {"192.0.2.0/24 until", no_date},
        {"192.0.2.0/24 until tomorrow", no_date},
        {"192.0.2.0/24 until 2026-02-29", no_date},
        {"192.0.2.0/24 until 2026-13-01", no_date},
        {"192.0.2.0/24 until 2026-1-1", no_date},
        {"192.0.2.0/24 until 2026-12-31x", no_date},
        {"192.0.2.0/24 until 2026-12-31 x", no_date},
        {"192.0.2.0/24 until -026-12-31", no_date},
        {"192.0.2.0/24 until 2026--1-31", no_date},
        {"192.0.2.0/24 198.51.100.0/24", no_until},
    };
    for (const Case& c : cases) {
        const PrefixFile file = parse_prefix_file("203.0.113.0/24\n" + std::string(c.line) + "\n203.0.113.0/24\n");
        EXPECT_FALSE(file.table) << c.line;
        EXPECT_EQ(file.problems, (std::vector<ListProblem>{{2, std::string(c.want)}})) << c.line;
    }
}

TEST(PrefixFile, limits_on_both_sides) {
    const std::string long_line = "192.0.2.1 # " + std::string(max_list_line_octets - 12, 'x');
    EXPECT_TRUE(parse_prefix_file(long_line).table);
    EXPECT_EQ(parse_prefix_file(long_line + 'x').problems, (std::vector<ListProblem>{{1, "longer than 1000 octets"}}));
    EXPECT_TRUE(parse_prefix_file("192.0.2.1\n192.0.2.2\n", 2).table);
    EXPECT_EQ(parse_prefix_file("192.0.2.1\n192.0.2.2\n\n192.0.2.3\nx\n", 2).problems,
              (std::vector<ListProblem>{{4, "is one more than 2 prefixes"}}));
}

}  // namespace
}  // namespace exota::directory
