#include "wire/smtp/data.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/smtp/data_test_events.h"

namespace exota::smtp {
namespace {

using namespace std::string_literals;

TEST(Data, has_fields_and_a_body) {
    struct Case {
        std::string_view bytes, want;
    };
    const Case cases[] = {
        {".\r\n", "^$"},
        {".\r\nQUIT\r\n", "^$QUIT\r\n"},
        {"\r\n.\r\n", "=$"},
        {"A: b\r\n.\r\n", "{A| b}^$"},
        {"A: b\r\n\r\n.\r\n", "{A| b}=$"},
        {"A: b\r\n\r\nx\r\n.\r\nMAIL", "{A| b}=x\r\n$MAIL"},
        {"A: b\r\nC:d\r\n\r\n\r\nx\r\n\r\n.\r\n", "{A| b}{C|d}=\r\nx\r\n\r\n$"},
        {"A: b\r\n c\r\n\td\r\nE:\r\n \r\n\r\n.\r\n", "{A| b\r\n c\r\n\td}{E|\r\n }=$"},
        {"A \t: b\r\n\r\n.\r\n", "{A \t| b}=$"},
        {"A::b:c\r\n\r\n.\r\n", "{A|:b:c}=$"},
        {"X-!#~: b\r\n\r\n.\r\n", "{X-!#~| b}=$"},
        {"..A: b\r\n\r\n...\r\n..\r\n.x\r\n.\r\n", "{.A| b}=..\r\n.\r\nx\r\n$"},
        {"A: b\r\n. c\r\n\r\n.\r\n", "{A| b\r\n c}=$"},  // the dot is none of the text: a continuation
        {"A: b\r\n.C: d\r\n\r\n.\r\n", "{A| b}{C| d}=$"},
        {"A: b\r\n.\r\n.\r\n", "{A| b}^$.\r\n"},
        // A line that is no field ends the header and begins the body.
        {"no field\r\nA: b\r\n\r\n.\r\n", "~no field\r\nA: b\r\n\r\n$"},
        {"A: b\r\nno field\r\nC: d\r\n.\r\n", "{A| b}~no field\r\nC: d\r\n$"},
        {"From x Mon 12:00\r\nA: b\r\n.\r\n", "~From x Mon 12:00\r\nA: b\r\n$"},
        {"From : x\r\nA: b\r\n.\r\n", "~From : x\r\nA: b\r\n$"},
        {".>>From : x\r\n.\r\n", "~>>From : x\r\n$"},
        {"A: b\r\nFrom : x\r\n.\r\n", "{A| b}{From | x}^$"},  // such a line is the first or none
        {"From\t: x\r\n>From: y\r\n.\r\n", "{From\t| x}{>From| y}^$"},
        {"FROM : x\r\n.\r\n", "{FROM | x}^$"},
        {" A: b\r\n\r\n.\r\n", "~ A: b\r\n\r\n$"},
        {":b\r\n.\r\n", "~:b\r\n$"},
        {"A b: c\r\n.\r\n", "~A b: c\r\n$"},
        {"\xc3\xa9: c\r\n.\r\n", "~\xc3\xa9: c\r\n$"},
        {"A\x01: c\r\n.\r\n", "~A\x01: c\r\n$"},
        {"A\r\n.\r\n", "~A\r\n$"},
    };
    for (const Case& c : cases)
        for (std::size_t piece = 1; piece <= c.bytes.size(); ++piece) {
            DataReader reader({});
            EXPECT_EQ(data_events(reader, c.bytes, piece), c.want) << c.bytes << " by " << piece;
            EXPECT_EQ(reader.fault(), DataFault::none);
            EXPECT_TRUE(reader.ended());
        }
}

TEST(Data, limits_take_effect_at_their_octet_however_the_input_is_cut) {
    const DataLimits limits{.message_octets = 20, .line_octets = 8, .header_octets = 14};
    struct Case {
        std::string_view bytes, want;
        DataFault fault;
    };
    const Case cases[] = {
        {"A:b\r\n\r\n12345678\r\n1\r\n.\r\n", "{A|b}=12345678\r\n1\r\n$", DataFault::none},           // 20 octets
        {"A:b\r\n\r\n12345678\r\n12\r\n.\r\n", "{A|b}=12345678\r\n12$", DataFault::message_too_big},  // 21
        {"A:b\r\n\r\n12345678\r\n1234\r\n.\r\nX", "{A|b}=12345678\r\n123$X", DataFault::message_too_big},
        {"A:b\r\n\r\n1234567\r\n..\r\n.\r\n", "{A|b}=1234567\r\n.\r\n$", DataFault::none},  // 19: a dot is not counted
        {"A:b\r\n\r\n123456789\r\n.\r\n", "{A|b}=12345678$", DataFault::line_too_long},
        {"A:b\r\n\r\n.123456789\r\n.\r\n", "{A|b}=12345678$", DataFault::line_too_long},
        {"A:b\r\n\r\n.12345678\r\n.\r\n", "{A|b}=12345678\r\n$", DataFault::none},
        {"A:b\r\nC:d\r\n\r\n\r\n.\r\n", "{A|b}{C|d}=\r\n$", DataFault::none},
        {"A:b\r\nC:defg\r\n\r\n.\r\n", "{A|b}{C|defg}$", DataFault::header_too_big},  // 15 with the empty line
        {"A:b\r\nC:d\r\n efg\r\n\r\n.\r\n", "{A|b}$", DataFault::header_too_big},
        {"A:b\r\nC:defghijk\r\n\r\n.\r\n", "{A|b}$", DataFault::line_too_long},  // 10 in a line, 15 in all
        {"123456789\r\n.\r\n", "$", DataFault::line_too_long},
    };
    for (const Case& c : cases)
        for (std::size_t piece = 1; piece <= c.bytes.size(); ++piece) {
            DataReader reader(limits);
            EXPECT_EQ(data_events(reader, c.bytes, piece), c.want) << c.bytes << " by " << piece;
            EXPECT_EQ(reader.fault(), c.fault) << c.bytes << " by " << piece;
        }
}

TEST(Data, default_limits) {
    const std::string mebi(1024 * 1024, 'x');
    struct Case {
        std::string bytes;
        DataFault fault;
        std::uint64_t long_lines;
    };
    const Case cases[] = {
        {"A:b\r\n\r\n" + std::string(998, 'x') + "\r\n.\r\n", DataFault::none, 0},
        {"A:b\r\n\r\n" + std::string(999, 'x') + "\r\n..y\r\n.\r\n", DataFault::none, 1},
        {"A:b\r\n\r\n" + mebi + "\r\n.\r\n", DataFault::none, 1},
        {"A:b\r\n\r\n" + mebi + "x\r\n.\r\n", DataFault::line_too_long, 1},
    };
    for (const Case& c : cases) {
        DataReader reader({});
        data_events(reader, c.bytes, 4096);
        EXPECT_EQ(reader.fault(), c.fault);
        EXPECT_EQ(reader.long_lines(), c.long_lines);
        EXPECT_EQ(reader.kept_octets(), 0u);
    }
}

TEST(Data, keeps_no_more_of_a_header_than_its_limit) {
    DataReader reader({.header_octets = 1000});
    const std::string endless = "A: " + std::string(100, 'x') + "\r\n " + std::string(5000, 'y');
    std::size_t most = 0;
    for (const char& c : endless) {
        std::string_view one(&c, 1);
        while (reader.next(one)) {
        }
        most = std::max(most, reader.kept_octets());
    }
    EXPECT_EQ(reader.fault(), DataFault::header_too_big);
    EXPECT_EQ(most, 1000u);
    EXPECT_EQ(reader.kept_octets(), 0u);
}

TEST(Data, sees_octets_above_ASCII) {
    for (const auto& [bytes, eight_bit] : {std::pair{"A: b\r\n\r\nplain text, and more than eight\r\n.\r\n", false},
                                           {"A: b\r\n\r\nplain text, and more th\xc3\xa1n eight\r\n.\r\n", true},
                                           {"A: b\r\n\r\n\xff\r\n.\r\n", true},
                                           {"A: \xc3\xa9\r\n\r\nx\r\n.\r\n", true}}) {
        DataReader reader({});
        data_events(reader, bytes, 5);
        EXPECT_EQ(reader.eight_bit(), eight_bit) << bytes;
    }
}

TEST(Data, that_lie_whole_in_the_input_are_not_copied) {
    const std::string input = "A: b\r\n c\r\nD: e\r\n\r\nbody\r\nmore\r\n.\r\n";
    std::string_view bytes = input;
    DataReader reader({});
    const auto in_input = [&](std::string_view view) { return view.data() >= input.data() && view.data() < input.data() + input.size(); };
    while (const auto event = reader.next(bytes)) {
        if (const auto* field = std::get_if<Field>(&*event)) EXPECT_TRUE(in_input(field->raw));
        if (const auto* body = std::get_if<BodyOctets>(&*event)) EXPECT_EQ(body->octets.data(), input.data() + input.find("body"));
    }
    EXPECT_EQ(reader.kept_octets(), 0u);
}

TEST(Data, faults_have_their_replies) {
    EXPECT_EQ(reply_to(DataFault::bad_octets), (FixedReply{550, "5.6.11", "Bare CR, bare LF or NUL in the message"}));
    EXPECT_EQ(reply_to(DataFault::line_too_long).enhanced, "5.6.0");
    EXPECT_EQ(reply_to(DataFault::message_too_big).code, 552);
    EXPECT_EQ(reply_to(DataFault::header_too_big).code, 552);
}

}  // namespace
}  // namespace exota::smtp
