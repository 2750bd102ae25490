#include "mail/author.h"

#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "base/text.h"
#include "mail/cfws.h"

namespace exota::mail {
namespace {

using Fields = std::vector<std::string>;

std::string outcome(std::string_view field) {
    const auto mailbox = parse_single_mailbox(field);
    return mailbox ? mailbox->text() : "refused: " + mailbox.error().detail;
}

/// So many octets, of which each line has a hundred.
std::string folded(char octet, std::size_t octets) {
    std::string out;
    for (std::size_t i = 0; i < octets; ++i) out += i % 100 == 98 ? '\n' : i % 100 == 99 ? ' ' : octet;
    return out;
}

TEST(Author, exactly_one_field) {
    EXPECT_EQ(parse_author({}).error().problem, AuthorProblem::missing);
    const Fields one{" Jane <j@X.example>"};
    ASSERT_TRUE(parse_author(one));
    EXPECT_EQ(parse_author(one)->text(), "j@x.example");
    const Fields two{" j@x.example", " j@x.example"};  // equal, yet a reader may add them up or take either
    EXPECT_EQ(parse_author(two).error(), (AuthorError{AuthorProblem::ambiguous, "two From fields"}));
    const Fields three{"j@x.example", "", ""};
    EXPECT_EQ(parse_author(three).error().problem, AuthorProblem::ambiguous);
    const Fields empty{""};
    EXPECT_EQ(parse_author(empty).error(), (AuthorError{AuthorProblem::ambiguous, "no address"}));
}

TEST(Author, limits_on_both_sides) {
    const std::string local(max_local_part_octets, 'a');
    EXPECT_EQ(outcome(local + "@x.example"), local + "@x.example");
    EXPECT_EQ(outcome(local + "a@x.example"), "refused: a local part of more than 64 octets");
    EXPECT_EQ(outcome('"' + local + "\"@x.example"), local + "@x.example");
    EXPECT_EQ(outcome('"' + local + "a\"@x.example"), "refused: a local part of more than 64 octets");

    const std::string long_field = folded(' ', max_author_field_octets - 11);
    EXPECT_EQ(outcome(long_field + "j@x.example"), "j@x.example");
    EXPECT_EQ(outcome(long_field + " j@x.example"), "refused: a field of more than 65536 octets");

    const std::string blanks(max_author_line_octets - 11, ' ');
    EXPECT_EQ(outcome(blanks + "j@x.example"), "j@x.example");
    EXPECT_EQ(outcome(blanks + " j@x.example"), "refused: a line of more than 900 octets");
    for (const std::string_view fold : {"\n ", "\r\n "}) {  // each line by itself, the octets of a fold not counted
        const std::string before = "Jane" + std::string(fold) + std::string(max_author_line_octets - 14, ' ') + "<j@x.example>";
        const std::string behind = std::string(fold) + '(' + std::string(max_author_line_octets - 3, 'a') + ')';
        EXPECT_EQ(outcome(before + behind), "j@x.example");
        EXPECT_EQ(outcome(before + ' ' + behind), "refused: a line of more than 900 octets");
        EXPECT_EQ(outcome(before + behind + ','), "refused: a line of more than 900 octets");
    }

    const auto nested = [](int depth) { return std::string(depth, '(') + std::string(depth, ')'); };
    EXPECT_EQ(outcome(nested(max_comment_depth) + "j@x.example"), "j@x.example");
    EXPECT_EQ(outcome(nested(max_comment_depth + 1) + "j@x.example"), "refused: a comment that never closes or nests too deep");
    EXPECT_EQ(outcome("j@x.example" + nested(max_comment_depth + 1)), "refused: a comment that never closes or nests too deep");
}

TEST(Author, many_comments_and_words_take_linear_time) {
    std::string field;
    while (field.size() < max_author_field_octets - 100) field += "(a)\"b\" c\n ";
    EXPECT_EQ(outcome(field + "<j@x.example>"), "j@x.example");
    EXPECT_EQ(outcome(folded('(', max_author_field_octets)), "refused: a comment that never closes or nests too deep");
    EXPECT_EQ(outcome(folded('"', max_author_field_octets)), "refused: no address");
    const auto repeated = [](std::string_view text) {
        std::string out;
        while (out.size() < max_author_field_octets - 100) out += text;
        return out;
    };
    EXPECT_EQ(outcome(repeated("=?a\n ") + "<j@x.example>"), "j@x.example");
    EXPECT_EQ(outcome(repeated("=?utf-8?q?a?=\n ") + "<j@x.example>"), "j@x.example");
    EXPECT_EQ(outcome(repeated("=?utf-8?q?a?==?utf-8?b?YQ==?=\n ") + "=?a <j@x.example>"), "j@x.example");
}

// Found by a forger who compared readers; ceo@evil.example is what at least one of them shows.
TEST(Author, what_some_reader_takes_for_another_author) {
    constexpr std::string_view stray = "refused: an =? that begins no encoded-word, before a ?=";
    constexpr std::string_view quote = "refused: a comment with a quote or square bracket";
    constexpr std::string_view early = "refused: a comment that some end at an earlier parenthesis, with an address";
    const std::array<std::pair<std::string_view, std::string_view>, 21> rows{{
        {R"("=?utf-8*" <j@x.example> (?q?hello?=" <ceo@evil.example> (x)))", quote},
        {R"("=?utf-8*" <j@x.example> (?q?hello?= ceo))", stray},
        {"=?utf-8*@x.example (?q?ceo?= <ceo@evil.example>)", "refused: an encoded-word in the address"},
        {"\"=?utf-8*\"@x.example (?q?ceo?= <ceo@evil.example>)", "refused: an encoded-word in the address"},
        {"j=?@x.example (?q?ceo?= <ceo@evil.example>)", stray},
        {"=?@x.example (<ceo@evil.example> =?utf-8?q?a?=)", stray},
        {"Chief =? <j@x.example> (<ceo@evil.example> =?utf-8?q?aaaaa?=)", stray},
        {"=?u?q?a?b?= <j@x.example> (<ceo@evil.example> =?utf-8?q?aaaaaaaaaaaaaa?=)", stray},
        {"=?u?q?a?=?b?= <j@x.example>", stray},
        {"=??q?a?= <j@x.example>", stray},
        {"=?u v?q?a?= <j@x.example>", stray},
        {"=?utf-8?x?a?= <j@x.example>", stray},
        {R"((\=?u?q?a=?=) <j@x.example> (=?utf-8?q?aaaaa?=))", stray},
        {R"((") <j@x.example> ((" ) <ceo@evil.example>))", quote},
        {"Boss ([) <j@x.example> ((]) <ceo@evil.example>)", quote},
        {R"(j@x.example (" (" ) <ceo@evil.example>))", quote},
        {R"(G: j@x.example; ("(") <ceo@evil.example>))", quote},
        {"j@x.example (a ])", quote},
        {"j@x.example (a (b) <ceo@evil.example>)", early},
        {R"(j@x.example (a \) <ceo@evil.example>))", early},
        {"j@x.example (a (b), ceo@evil.example)", early},
    }};
    for (const auto& [field, wanted] : rows) EXPECT_EQ(outcome(field), wanted) << field;
}

TEST(Author, what_honest_programs_write) {
    for (const std::string_view field : {
             R"("=?a" <j@x.example>)",
             "=?iso-2022-jp?B?GyRCJSIbKEI=?=\r\n\t=?iso-2022-jp?B?GyRCJSIbKEI=?= <j@x.example>",
             R"("=?iso-2022-jp?B?GyRCJSIbKEI=?=" <j@x.example>)",
             "=?ks_c_5601-1987?B?sKE=?= <j@x.example>",
             R"("=?ISO_8859-1:1987?q?a?=" <j@x.example>)",
             "=?utf-8'en?q?a?= <j@x.example>",
             "=?utf-8?B?44GC?==?UTF-8?b?44GC?= <j@x.example>",
             "=?utf-8?q?a?=: j@x.example;",
             R"(=?utf-8?q?"a: b"?=: j@x.example;)",
             R"(=?utf-8?Q?"Doe, J=C3=A4ne"?= <j@x.example>)",
             R"(J =?utf-8?Q?J "a" b "c"?= <j@x.example>)",
             R"("=?utf-8?Q?a" b "c?=" <j@x.example>)",
             "=?utf-8?q?a?=?= <j@x.example>",
             "j@x.example (=?utf-8?q?a (b)?=)",
             "Jane (a (b (c))) <j@x.example>",
             "Jane (a@evil.example) <j@x.example>",
             "Jane (<a@evil.example>) <j@x.example>",
             R"(Jane (a \) b) <j@x.example>)",
             R"("Doe ([" <j@x.example>)",
         })
        EXPECT_EQ(outcome(field), "j@x.example") << field;
    EXPECT_EQ(outcome("!#$%&'*+-/=?^_`{|}~@x.example"), "!#$%&'*+-/=?^_`{|}~@x.example");
    EXPECT_EQ(outcome("j=?@x.example"), "j=?@x.example");  // nothing behind could be its charset
}

/// What a back-quoted example of the table stands for: C escapes \r \n \t \xHH and two backslashes for one.
std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        switch (text[i]) {
            case 'r':
                out += '\r';
                break;
            case 'n':
                out += '\n';
                break;
            case 't':
                out += '\t';
                break;
            case '\\':
                out += '\\';
                break;
            case 'x':
                if (i + 2 >= text.size()) return std::nullopt;
                out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
                i += 2;
                break;
            default:
                return std::nullopt;
        }
    }
    return out;
}

/// The content of a cell between its first and its last back-quote.
std::string_view quoted(std::string_view cell) {
    const std::size_t first = cell.find('`');
    const std::size_t last = cell.rfind('`');
    return first == last ? std::string_view{} : cell.substr(first + 1, last - first - 1);
}

// The document is the table: each of its rows is run, so it cannot say what the code does not do.
TEST(Author, docs_from_field_is_true) {
    std::ifstream document(EXOTA_SOURCE_DIR "/docs/from-field.md");
    ASSERT_TRUE(document) << "docs/from-field.md is missing";
    int rows = 0, taken = 0;
    for (std::string line; std::getline(document, line);) {
        if (!line.starts_with("| `")) continue;
        std::string_view rest = std::string_view(line).substr(1);
        const std::string_view example = quoted(base::take_until(rest, '|'));
        const std::string_view verdict = base::trim(base::take_until(rest, '|'));
        const std::optional<std::string> field = unescape(example);
        ASSERT_TRUE(field) << line;
        ++rows;
        if (verdict.starts_with("refused: ")) {
            EXPECT_EQ(outcome(*field), verdict) << line;
        } else {
            ++taken;
            EXPECT_EQ(outcome(*field), unescape(quoted(verdict))) << line;
        }
    }
    EXPECT_GE(rows, 100);
    EXPECT_GE(taken, 30);
}

}  // namespace
}  // namespace exota::mail
