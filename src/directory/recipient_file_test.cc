#include "directory/recipient_file.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

bool knows(const RecipientFile& file, std::string_view address, const tenant::RecipientRules& rules = {}) {
    return file.list->knows(tenant::RecipientName::parse(address, rules).value(), rules);
}

TEST(RecipientFile, reads_addresses_and_domains) {
    const RecipientFile file = parse_recipient_file(
        "# staff\n"
        "John@Example.com\r\n"
        "  \"john smith\"@example.com # quoted\n"
        "a#b@example.com\n"
        "@ALL.example\n"
        "john@example.com\n",
        {}, {});
    ASSERT_TRUE(file.list) << file.problems.front().text;
    EXPECT_EQ(file.list->size(), 4U) << "one is there twice";
    EXPECT_TRUE(knows(file, "john+x@example.com"));
    EXPECT_TRUE(knows(file, "\"John Smith\"@example.com"));
    EXPECT_TRUE(knows(file, "a#b@example.com"));
    EXPECT_TRUE(knows(file, "x@all.example"));
    EXPECT_FALSE(knows(file, "a@example.com"));
}

TEST(RecipientFile, an_empty_one_knows_only_postmaster) {
    const RecipientFile file = parse_recipient_file("", {}, {});
    ASSERT_TRUE(file.list);
    EXPECT_TRUE(knows(file, "postmaster@example.com"));
    EXPECT_FALSE(knows(file, "john@example.com"));
}

TEST(RecipientFile, keeps_letter_case_where_it_counts) {
    const tenant::RecipientRules rules{.fold_case = false};
    const RecipientFile file = parse_recipient_file("John@Example.com\n", rules, {});
    EXPECT_TRUE(knows(file, "John@EXAMPLE.com", rules));
    EXPECT_FALSE(knows(file, "john@example.com", rules));
}

TEST(RecipientFile, says_what_is_wrong_where) {
    for (const std::string_view line : {"john", "john@", "john@[192.0.2.1]", "@", "@-.example", "@192.0.2.1", "john smith@example.com",
                                        "john@example.com jane@example.com", "<john@example.com>", "example.com"}) {
        const RecipientFile file = parse_recipient_file("jane@example.com\n" + std::string(line) + "\n\n", {}, {});
        EXPECT_FALSE(file.list) << line;
        ASSERT_EQ(file.problems.size(), 1U) << line;
        EXPECT_EQ(file.problems[0].line, 2U) << line;
        EXPECT_FALSE(file.problems[0].text.empty()) << line;
    }
}

TEST(RecipientFile, limits_on_both_sides) {
    const std::string long_line = "a@example.com # " + std::string(max_list_line_octets - 16, 'x');
    EXPECT_TRUE(parse_recipient_file(long_line, {}, {}).list);
    EXPECT_EQ(parse_recipient_file(long_line + 'x', {}, {}).problems, (std::vector<ListProblem>{{1, "longer than 1000 octets"}}));
    EXPECT_TRUE(parse_recipient_file("a@example.com\nb@example.com\n", {}, {}, 2).list);
    EXPECT_EQ(parse_recipient_file("a@example.com\nb@example.com\nc@example.com\nx\n", {}, {}, 2).problems,
              (std::vector<ListProblem>{{3, "is one more than 2 recipients"}}));
}

}  // namespace
}  // namespace exota::directory
