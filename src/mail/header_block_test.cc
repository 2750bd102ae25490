#include "mail/header_block.h"

#include <gtest/gtest.h>

namespace exota::mail {
namespace {

using namespace std::string_view_literals;

std::string text_of(const std::vector<MessageField>& fields) {
    std::string out;
    for (const MessageField& field : fields) out += '[' + field.name + '|' + field.value + ']';
    return out;
}

constexpr std::size_t plenty = 1'000'000;

TEST(HeaderBlock, is_split_into_fields_and_body) {
    const struct {
        std::string_view message, fields, body;
    } cases[] = {
        {"A: 1\r\nB:2\r\n\r\nbody\r\n", "[A| 1][B|2]", "body\r\n"},
        {"A: 1\nB:2\n\nbody\n", "[A| 1][B|2]", "body\n"},
        {"A: 1\r\n 2\r\n\t3\r\n\r\n", "[A| 1\r\n 2\r\n\t3]", ""},
        {"A: 1\n 2\n", "[A| 1\r\n 2]", ""},
        {"A: 1", "[A| 1]", ""},  // a line without an end
        {"A: 1\n 2", "[A| 1\r\n 2]", ""},
        {"A: 1\r", "[A| 1]", ""},  // cut within its end
        {"", "", ""},
        {"\r", "", ""},
        {"\r\nA: 1\r\n", "", "A: 1\r\n"},
        // The first line that is no field begins the body, as in Postfix: what stands behind it is no header any more.
        {"A: 1\nnonsense\nFrom: evil@x.test\n", "[A| 1]", "nonsense\nFrom: evil@x.test\n"},
        {" folded first\nA: 1\n", "", " folded first\nA: 1\n"},
        {": no name\nA: 1\n", "", ": no name\nA: 1\n"},
        {"A B: 1\n", "", "A B: 1\n"},
        {"N\xc3\xa4me: 1\n", "", "N\xc3\xa4me: 1\n"},
        {"A : 1\nB\t : 2\n\n", "[A | 1][B\t | 2]", ""},
        // A lone CR ends no line; a NUL ends nothing.
        {"A: 1\rFrom: evil@x.test\r\n\r\n", "[A| 1\rFrom: evil@x.test]", ""},
        {"A: 1\0B: 2\r\n\r\n"sv, "[A| 1\0B: 2]"sv, ""},
        {"A\0: 1\nB: 2\n"sv, "", "A\0: 1\nB: 2\n"sv},
        {"A: 1\r\r\nB: 2\r\n\r\n", "[A| 1\r][B| 2]", ""},
        {"A: 1\n\r\nB: 2\n", "[A| 1]", "B: 2\n"},
        {"A: 1\n \nB: 2\n", "[A| 1\r\n ][B| 2]", ""},  // a blank is no empty line
        {"A:\n\n", "[A|]", ""},
    };
    for (const auto& c : cases) {
        const auto parts = split_message(c.message, plenty);
        ASSERT_TRUE(parts) << c.message;
        EXPECT_EQ(text_of(parts->fields), c.fields) << c.message;
        EXPECT_EQ(parts->body, c.body) << c.message;
    }
}

TEST(HeaderBlock, has_a_limit) {
    const struct {
        std::string_view message;
        std::size_t octets;  // of its header
    } cases[] = {
        {"A: 1\r\nB: 2\r\n\r\nbody", 12},
        {"A: 1\nB: 2\n\nbody", 10},
        {"A: 1\n 2", 7},
        {"A: 1", 4},
        {"A: 1\nnonsense: no\nbody", 18},
        {"A: 1\nno field, and as long as it likes\n", 5},
    };
    for (const auto& c : cases) {
        EXPECT_TRUE(split_message(c.message, c.octets)) << c.message;
        const auto more = split_message(c.message, c.octets - 1);
        ASSERT_FALSE(more) << c.message;
        EXPECT_EQ(more.error().code, base::Errc::too_long);
    }
    EXPECT_TRUE(split_message("\r\nbody", 0)) << "no header has no octet";
    EXPECT_TRUE(split_message("body", 0));
}

TEST(HeaderBlock, lines_that_are_cut_already_keep_what_is_in_them) {
    const std::vector<std::string> lines{"A: 1\nFrom: evil@x.test", " 2", "B: 3", "", "C: 4"};
    EXPECT_EQ(text_of(fields_of_lines(lines)), "[A| 1\nFrom: evil@x.test\r\n 2][B| 3]");
}

TEST(HeaderBlock, names_are_compared_without_case_and_blanks) {
    EXPECT_TRUE(is_named({"FROM \t", ""}, "From"));
    EXPECT_FALSE(is_named({"From", ""}, "Fro"));
}

TEST(HeaderBlock, edits_are_carried_out_in_their_order) {
    constexpr auto add = EditOp::add, insert = EditOp::insert, remove = EditOp::remove;
    const struct {
        std::vector<HeaderEdit> edits;
        std::string_view fields;  // of A: 1, B: 2, a : 3
        bool all_found = true;
    } cases[] = {
        {{}, "[A| 1][B| 2][a | 3]"},
        {{{add, 0, "C", "4"}}, "[A| 1][B| 2][a | 3][C| 4]"},
        {{{insert, 0, "C", "4"}}, "[C| 4][A| 1][B| 2][a | 3]"},
        {{{insert, 1, "C", "4"}}, "[A| 1][C| 4][B| 2][a | 3]"},
        {{{insert, 3, "C", "4"}}, "[A| 1][B| 2][a | 3][C| 4]"},
        {{{insert, 4, "C", "4"}}, "[A| 1][B| 2][a | 3][C| 4]"},
        {{{insert, 0xffffffff, "C", "4"}}, "[A| 1][B| 2][a | 3][C| 4]"},
        {{{insert, 0, "C", "4"}, {insert, 0, "D", "5"}}, "[D| 5][C| 4][A| 1][B| 2][a | 3]"},
        {{{add, 0, "C", "4\n\t5\r\n 6"}}, "[A| 1][B| 2][a | 3][C| 4\r\n\t5\r\n 6]"},
        {{{remove, 1, "a", ""}}, "[B| 2][a | 3]"},
        {{{remove, 2, "A", ""}}, "[A| 1][B| 2]"},
        {{{remove, 2, "A", ""}, {remove, 1, "A", ""}}, "[B| 2]"},
        {{{remove, 1, "A", ""}, {remove, 1, "A", ""}}, "[B| 2]"},  // the second is the first by then
        {{{remove, 3, "A", ""}}, "[A| 1][B| 2][a | 3]", false},
        {{{remove, 0, "A", ""}}, "[A| 1][B| 2][a | 3]", false},
        {{{remove, 1, "Z", ""}, {add, 0, "C", "4"}}, "[A| 1][B| 2][a | 3][C| 4]", false},
    };
    for (const auto& c : cases) {
        std::vector<MessageField> fields{{"A", " 1"}, {"B", " 2"}, {"a ", " 3"}};
        const auto done = apply_edits(c.edits, fields);
        EXPECT_EQ(text_of(fields), c.fields);
        ASSERT_EQ(done.has_value(), c.all_found) << c.fields;
        if (!done) EXPECT_EQ(done.error().code, base::Errc::not_found);
    }
}

TEST(HeaderBlock, is_written_as_it_is_read_again) {
    const auto parts = split_message("A: 1\n 2\nB : 3\r\r\n\nbody", plenty);
    ASSERT_TRUE(parts);
    EXPECT_EQ(header_text(parts->fields), "A: 1\r\n 2\r\nB : 3\r\r\n");
    EXPECT_EQ(header_text({}), "");
}

}  // namespace
}  // namespace exota::mail
