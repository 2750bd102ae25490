#include "authn/dkim_header.h"

#include <gtest/gtest.h>

namespace exota::authn {
namespace {

std::vector<std::uint32_t> positions(const HeaderFields& header, std::string_view name) {
    const auto found = header.named(name);
    return {found.begin(), found.end()};
}

TEST(HeaderFields, finds_names_without_regard_to_case_from_the_top) {
    HeaderFields header({});
    for (const char* name : {"Received", "From", "X", "received", "RECEIVED ", "Receive", "Receiveds"}) header.add(name, " v");
    header.close();
    using Positions = std::vector<std::uint32_t>;
    EXPECT_EQ(positions(header, "received"), (Positions{0, 3, 4}));
    EXPECT_EQ(positions(header, "FROM"), Positions{1});
    EXPECT_EQ(positions(header, "To"), Positions{});
    EXPECT_EQ(positions(header, ""), Positions{});
    EXPECT_EQ(header.name(4), "RECEIVED");
    EXPECT_EQ(header.written_name(4), "RECEIVED ");
}

TEST(HeaderFields, keeps_fields_as_on_the_wire_and_makes_line_ends_crlf) {
    HeaderFields header({});
    header.add("Subject ", "  a\n b\r\n\tc ");
    header.close();
    EXPECT_EQ(header.value(0), "  a\r\n b\r\n\tc ");
    EXPECT_EQ(header.canonical(0, Canonicalization::simple), "Subject :  a\r\n b\r\n\tc \r\n");
    EXPECT_EQ(header.canonical(0, Canonicalization::relaxed), "subject:a b c\r\n");
    EXPECT_EQ(header.canonical(0, Canonicalization::relaxed), "subject:a b c\r\n") << "kept from the first time";
}

TEST(HeaderFields, has_limits_of_octets_and_of_fields) {
    HeaderFields octets({.max_octets = 12, .max_fields = 10});
    octets.add("A", "1234");  // "A:1234\r\n" is 8
    EXPECT_FALSE(octets.overflowed());
    octets.add("B", "");  // 4 more
    EXPECT_FALSE(octets.overflowed());
    octets.add("C", "");
    EXPECT_TRUE(octets.overflowed());
    EXPECT_EQ(octets.size(), 2U);

    HeaderFields line_ends({.max_octets = 10, .max_fields = 10});
    line_ends.add("A", "1\n\n2");  // two octets become four: 10
    EXPECT_FALSE(line_ends.overflowed());
    HeaderFields line_ends_beyond({.max_octets = 9, .max_fields = 10});
    line_ends_beyond.add("A", "1\n\n2");
    EXPECT_TRUE(line_ends_beyond.overflowed());

    HeaderFields fields({.max_octets = 1000, .max_fields = 2});
    fields.add("A", "");
    fields.add("B", "");
    EXPECT_FALSE(fields.overflowed());
    fields.add("C", "");
    EXPECT_TRUE(fields.overflowed());
    fields.close();
    EXPECT_TRUE(fields.named("C").empty());
}

}  // namespace
}  // namespace exota::authn
