#include "wire/smtp/line.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::smtp {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct Seen {
    std::string text;
    LineFault fault = LineFault::none;
    friend bool operator==(const Seen&, const Seen&) = default;
    friend void PrintTo(const Seen& seen, std::ostream* out) { *out << '"' << seen.text << "\" " << static_cast<int>(seen.fault); }
};

std::vector<Seen> lines_of(std::string_view bytes, std::size_t piece, LineReader& reader) {
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string_view part = bytes.substr(at, piece);
        while (const auto line = reader.next(part)) seen.push_back({std::string(line->text), line->fault});
        EXPECT_TRUE(part.empty());
    }
    return seen;
}

TEST(Line, ends_with_CRLF_and_with_nothing_else) {
    struct Case {
        std::string_view bytes;
        std::vector<Seen> want;
        bool within = false;
    };
    const Case cases[] = {
        {"", {}},
        {"NOOP\r\n", {{"NOOP"}}},
        {"\r\n", {{""}}},
        {"\r\n\r\n", {{""}, {""}}},
        {"NOOP\r\nQUIT\r\nRS", {{"NOOP"}, {"QUIT"}}, true},
        {"NOOP", {}, true},
        {"NOOP\r", {}, true},
        {"NOOP\n", {}, true},
        {"NOOP\nQUIT\r\n", {{"NOOP\nQUIT", LineFault::bare_lf}}},
        {"NOOP\rQUIT\r\n", {{"NOOP\rQUIT", LineFault::bare_cr}}},
        {"NOOP\r\r\n", {{"NOOP\r", LineFault::bare_cr}}},
        {"NOOP\n\r\n", {{"NOOP\n", LineFault::bare_lf}}},
        {"\n\r\n", {{"\n", LineFault::bare_lf}}},
        {"\n\r\nNOOP\r\n", {{"\n", LineFault::bare_lf}, {"NOOP"}}},
        {"NO\0OP\r\n"sv, {{"NO\0OP"s, LineFault::nul}}},
        {"NO\0\rP\n\r\n"sv, {{"NO\0\rP\n"s, LineFault::nul}}},
        {"a\n\0\r\n"sv, {{"a\n\0"s, LineFault::bare_lf}}},
        {"h\xc3\xa9\r\n", {{"h\xc3\xa9"}}},
    };
    for (const Case& c : cases)
        for (const std::size_t piece : {1u, 2u, 3u, 100u}) {
            LineReader reader;
            EXPECT_EQ(lines_of(c.bytes, piece, reader), c.want) << c.bytes << " by " << piece;
            EXPECT_EQ(reader.within_line(), c.within) << c.bytes << " by " << piece;
        }
}

TEST(Line, has_a_limit_and_MAIL_a_larger_one) {
    const auto line = [](std::string_view verb, std::size_t octets) {
        return std::string(verb) + std::string(octets - verb.size() - 2, 'x') + "\r\n";
    };
    struct Case {
        std::string bytes;
        bool fits;
    };
    const Case cases[] = {{line("RCPT", 2048), true},   {line("RCPT", 2049), false}, {line("MAIL", 2049), true},
                          {line("mAiL", 4096), true},   {line("MAIL", 4097), false}, {line(" MAIL", 2049), false},
                          {line("RCPT", 100000), false}};
    for (const Case& c : cases)
        for (const std::size_t piece : {std::size_t{1}, std::size_t{700}, std::size_t{2048}, c.bytes.size(), c.bytes.size() + 6}) {
            LineReader reader;
            const auto seen = lines_of(c.bytes + "NOOP\r\n", piece, reader);
            ASSERT_EQ(seen.size(), 2u);
            EXPECT_EQ(seen[0], (c.fits ? Seen{c.bytes.substr(0, c.bytes.size() - 2)} : Seen{"", LineFault::too_long})) << piece;
            EXPECT_EQ(seen[1], Seen{"NOOP"});
        }
}

TEST(Line, of_endless_length_takes_no_memory) {
    LineReader reader;
    const std::string much(1000, 'x');
    for (int i = 0; i < 1000; ++i) {
        std::string_view bytes = much;
        EXPECT_FALSE(reader.next(bytes));
        EXPECT_TRUE(bytes.empty());
        EXPECT_LE(reader.kept_octets(), 2048u);
    }
    EXPECT_EQ(reader.kept_octets(), 0u);
    std::string_view end = "\nx\r\n";  // the LF is bare: the line goes on
    const auto line = reader.next(end);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->fault, LineFault::too_long);
    EXPECT_TRUE(end.empty());
}

TEST(Line, that_is_whole_is_not_copied) {
    LineReader reader;
    const std::string_view input = "MAIL FROM:<a@b.example>\r\n";
    std::string_view bytes = input;
    EXPECT_EQ(reader.next(bytes)->text.data(), input.data());
}

}  // namespace
}  // namespace exota::smtp
