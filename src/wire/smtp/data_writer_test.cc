#include "wire/smtp/data_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "wire/smtp/data_test_events.h"

namespace exota::smtp {
namespace {

using namespace std::string_literals;

TEST(DataWriter, doubles_dots_at_the_beginning_of_lines) {
    struct Case {
        std::vector<std::string_view> parts;
        std::string_view want;
    };
    const Case cases[] = {
        {{}, ".\r\n"},
        {{""}, ".\r\n"},
        {{"x\r\n"}, "x\r\n.\r\n"},
        {{"x"}, "x\r\n.\r\n"},
        {{".\r\n"}, "..\r\n.\r\n"},
        {{"..x\r\n.\r\n", ".y\r\n"}, "...x\r\n..\r\n..y\r\n.\r\n"},
        {{"x", ".", "\r\n", ".", ".\r\n"}, "x.\r\n...\r\n.\r\n"},
        {{"a.b\r\n\r\n.\r\n\r\n"}, "a.b\r\n\r\n..\r\n\r\n.\r\n"},
    };
    for (const Case& c : cases) {
        DataWriter writer;
        std::string out;
        for (const std::string_view part : c.parts) writer.append(out, part);
        writer.finish(out);
        EXPECT_EQ(out, c.want);
    }
}

TEST(DataWriter, lets_no_field_of_ours_become_two) {
    struct Case {
        std::string_view name;
        std::string value;
        std::string_view want;
    };
    const Case cases[] = {
        {"A", "b", "A: b\r\n"},
        {"A", "b\n\tc", "A: b\r\n\tc\r\n"},
        {"A", "b\r\n c", "A: b\r\n c\r\n"},
        {"A", "b\nBcc: x", "A: b\r\n Bcc: x\r\n"},
        {"A", "b\r\n\r\nbody", "A: b\r\n \r\n body\r\n"},
        {"A", "b\n", "A: b\r\n \r\n"},
        {"A", "b\rc\0d"s, "A: b?c?d\r\n"},
        {"A", "b\r", "A: b?\r\n"},
        {".A", "b\n.c", "..A: b\r\n .c\r\n"},
    };
    for (const Case& c : cases) {
        DataWriter writer;
        std::string out;
        writer.append_field(out, c.name, c.value);
        EXPECT_EQ(out, c.want);
        writer.finish(out);
        DataReader reader({});
        const std::string seen = data_events(reader, out, 3);
        EXPECT_EQ(std::ranges::count(seen, '{'), 1) << seen;
        EXPECT_EQ(reader.fault(), DataFault::none);
    }
}

TEST(DataWriter, is_read_back) {
    const std::string message = ".A: b\r\n\r\n.\r\n..\r\n\r\n.x\r\nmore.\r\n";
    for (std::size_t piece = 1; piece <= message.size(); ++piece) {
        DataWriter writer;
        std::string out;
        for (std::size_t at = 0; at < message.size();) {
            std::size_t octets = std::min(piece, message.size() - at);
            if (message[at + octets - 1] == '\r') ++octets;
            writer.append(out, std::string_view(message).substr(at, octets));
            at += octets;
        }
        writer.finish(out);
        DataReader reader({});
        EXPECT_EQ(data_events(reader, out, 4), "{.A| b}=.\r\n..\r\n\r\n.x\r\nmore.\r\n$") << piece;
    }
}

}  // namespace
}  // namespace exota::smtp
