// SMTP smuggling: everything that some reader has taken for the end of data. Each is no end here, the message is refused at its true end,
// and nothing from that place on is handed on.
#include <gtest/gtest.h>

#include "wire/smtp/data_test_events.h"

namespace exota::smtp {
namespace {

using namespace std::string_literals;

TEST(DataSmuggling, what_is_not_quite_the_end_is_not_the_end) {
    const std::string endings[] = {
        "\n.\n"s,         "\n.\r\n"s,       "\r\n.\n"s,       "\r.\r"s,        "\r.\r\n"s,        "\r\n.\r"s,
        "\r.\n"s,         "\n.\r"s,         "\r\n\0.\r\n"s,   "\r\n.\0\r\n"s,  "\r\n.\r\0\n"s,    "\r\0\n.\r\n"s,
        "\0\r\n.\0\r\n"s, "\r\n.\r\r\n"s,   "\r\r\n.\r\n\0"s, "\n\n.\n\n"s,    "\r\n.\n\r\n"s,    "\n\r.\r\n"s,
        "\n\r\n.\n"s,     "\r\n..\n.\r\n"s, "\n..\r\n"s,      "\r\n.\r.\r\n"s, "\r\n.\r\r.\r\n"s,
    };
    const std::string smuggled = "MAIL FROM:<admin@a.example>\r\nRCPT TO:<victim@b.example>\r\nDATA\r\nFrom: x\r\n\r\nx";
    for (const std::string& ending : endings) {
        // Where the sequence brings a true end of its own, there is the end; it was refused by then.
        const std::string bytes = "A: b\r\n\r\nbody" + ending + smuggled + "\r\n.\r\nNOOP\r\n";
        std::string first;
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            DataReader reader({});
            const std::string seen = data_events(reader, bytes, piece);
            EXPECT_EQ(reader.fault(), DataFault::bad_octets) << ::testing::PrintToString(ending) << " by " << piece;
            EXPECT_TRUE(reader.ended());
            EXPECT_TRUE(seen.starts_with("{A| b}=body")) << ::testing::PrintToString(seen);
            if (piece == 1) first = seen;
            EXPECT_EQ(seen, first) << ::testing::PrintToString(ending) << " by " << piece;
            const std::string handed_on = seen.substr(0, seen.find('$'));
            EXPECT_EQ(handed_on.find("MAIL"), std::string::npos) << ::testing::PrintToString(ending);
        }
    }
}

TEST(DataSmuggling, the_end_is_where_the_sender_of_a_strict_reader_has_it) {
    struct Case {
        std::string bytes, left;
    };
    const Case cases[] = {
        {"x\n.\r\nMAIL\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {"x\r.\r\nMAIL\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {"x\r\n.\nMAIL\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {"x\r\n\0.\r\nMAIL\r\n.\r\nNOOP\r\n"s, "NOOP\r\n"},
        {"x\r\n.\0\r\nMAIL\r\n.\r\nNOOP\r\n"s, "NOOP\r\n"},
        {"x\r\n.\r\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {"x\r\r\n.\r\nNOOP\r\n", "NOOP\r\n"},  // CRLF.CRLF is there, behind a CR that is bare
        {"x\n\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {"A\0: b\r\n.\r\nNOOP\r\n"s, "NOOP\r\n"},
        {"A: b\n c\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {".\rx\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
        {"\n.\r\n\r\n.\r\nNOOP\r\n", "NOOP\r\n"},
    };
    for (const Case& c : cases)
        for (std::size_t piece = 1; piece <= c.bytes.size(); ++piece) {
            DataReader reader({});
            const std::string seen = data_events(reader, c.bytes, piece);
            EXPECT_EQ(reader.fault(), DataFault::bad_octets) << ::testing::PrintToString(c.bytes) << " by " << piece;
            EXPECT_EQ(seen.substr(seen.find('$') + 1), c.left) << ::testing::PrintToString(c.bytes) << " by " << piece;
        }
}

TEST(DataSmuggling, a_field_before_the_fault_is_handed_on_and_one_with_it_is_not) {
    for (const auto& [bytes, want] : {std::pair{"A: b\r\nC: d\n\r\n.\r\n"s, "{A| b}$"s},
                                      {"A: b\r\n c\rd\r\nE: f\r\n.\r\n"s, "$"s},
                                      {"A: b\r\n\0\r\n.\r\n"s, "{A| b}$"s},
                                      {"A: b\r\n\n\r\n.\r\n"s, "{A| b}$"s}})
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            DataReader reader({});
            EXPECT_EQ(data_events(reader, bytes, piece), want) << ::testing::PrintToString(bytes) << " by " << piece;
            EXPECT_EQ(reader.fault(), DataFault::bad_octets);
        }
}

}  // namespace
}  // namespace exota::smtp
