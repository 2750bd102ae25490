#include "programs/mock_zone.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

using authn::DnsStatus;
using authn::RecordType;

TEST(MockZone, answers_as_the_zone_says) {
    const auto zone = MockZone::parse(R"({
        "T.example.": [{"TXT": "one"}, {"TXT": ["tw", "o"]}, {"MX": [10, "MX.example."]}],
        "a.example": [{"A": "192.0.2.1"}, {"AAAA": "2001:db8::1"}, {"PTR": "Name.Example"}],
        "alias.example": [{"CNAME": "t.example"}],
        "loop.example": [{"CNAME": "loop.example"}],
        "dangling.example": [{"CNAME": "nowhere.example"}],
        "some.example": [{"A": "192.0.2.1"}, "TIMEOUT"],
        "bogus.example": ["BOGUS"],
        "empty.example": []})");
    ASSERT_TRUE(zone) << zone.error().detail;
    struct Case {
        const char* name;
        RecordType type;
        DnsStatus status;
        std::vector<std::string> records;
    };
    const std::string ipv6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    const Case cases[] = {
        {"t.EXAMPLE", RecordType::txt, DnsStatus::data, {"one", "two"}},
        {"t.example.", RecordType::mx, DnsStatus::data, {std::string("\0\x0amx.example", 12)}},
        {"t.example", RecordType::a, DnsStatus::no_data, {}},
        {"a.example", RecordType::a, DnsStatus::data, {"\xc0\x00\x02\x01"}},
        {"a.example", RecordType::aaaa, DnsStatus::data, {ipv6}},
        {"a.example", RecordType::ptr, DnsStatus::data, {"name.example"}},
        {"alias.example", RecordType::txt, DnsStatus::data, {"one", "two"}},
        {"loop.example", RecordType::txt, DnsStatus::temporary_failure, {}},
        {"dangling.example", RecordType::txt, DnsStatus::nxdomain, {}},
        {"some.example", RecordType::a, DnsStatus::data, {"\xc0\x00\x02\x01"}},
        {"some.example", RecordType::txt, DnsStatus::temporary_failure, {}},
        {"bogus.example", RecordType::txt, DnsStatus::bogus, {}},
        {"empty.example", RecordType::txt, DnsStatus::no_data, {}},
        {"absent.example", RecordType::txt, DnsStatus::nxdomain, {}},
    };
    for (Case c : cases) {
        if (c.type == RecordType::a && c.status == DnsStatus::data) c.records = {std::string("\xc0\x00\x02\x01", 4)};
        const authn::DnsAnswer answer = zone->answer({c.name, c.type});
        EXPECT_EQ(answer.status, c.status) << c.name;
        EXPECT_EQ(answer.records, c.records) << c.name;
    }
}

TEST(MockZone, says_what_is_wrong) {
    for (const char* text :
         {"", "[]", R"({"a": 1})", R"({"a": [1]})", R"({"a": ["LATER"]})", R"({"a": [{"TXT": 1}]})", R"({"a": [{"XYZ": "x"}]})",
          R"({"a": [{"A": "2001:db8::1"}]})", R"({"a": [{"AAAA": "192.0.2.1"}]})", R"({"a": [{"MX": "x"}]})",
          R"({"a": [{"MX": [70000, "x"]}]})", R"({"a": [{"TXT": ["x", 1]}]})", R"({"a": [{"TXT": "x", "A": "192.0.2.1"}]})"})
        EXPECT_FALSE(MockZone::parse(text)) << text;
}

}  // namespace
}  // namespace exota::programs
