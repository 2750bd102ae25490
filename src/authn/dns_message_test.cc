#include "authn/dns_message.h"

#include <gtest/gtest.h>

#include "authn/dns_wire_test_helper.h"

namespace exota::authn {
namespace {

using namespace std::string_literals;

struct TestRecord {
    std::string owner;
    RecordType type;
    std::string data;
};

std::string packet(const DnsQuestion& question, const std::vector<TestRecord>& records, int rcode = 0, int flags = 0x8180) {
    std::string out = "\x12\x34"s + number16(static_cast<std::size_t>(flags | rcode)) + number16(1) + number16(records.size()) +
                      number16(0) + number16(0);
    out += wire(question.name) + number16(static_cast<std::size_t>(question.type)) + number16(1);
    for (const TestRecord& record : records)
        out += wire(record.owner) + number16(static_cast<std::size_t>(record.type)) + number16(1) + "\0\0\1\0"s +
               number16(record.data.size()) + record.data;
    return out;
}

const DnsQuestion txt{"k._domainkey.a.test", RecordType::txt};

TEST(DnsMessage, joins_the_strings_of_a_txt_record) {
    const auto answer = read_dns_message(packet(txt, {{txt.name, RecordType::txt, "\3abc\2de"}}), txt);
    EXPECT_EQ(answer.status, DnsStatus::data);
    EXPECT_EQ(answer.records, std::vector{"abcde"s});
}

TEST(DnsMessage, follows_cnames_and_only_them) {
    const auto answer = read_dns_message(packet(txt, {{txt.name, RecordType::cname, wire("K.b.Test")},
                                                      {"k.b.test", RecordType::cname, wire("k.c.test")},
                                                      {"k.c.test", RecordType::txt, "\1x"},
                                                      {"elsewhere.test", RecordType::txt, "\1y"}}),
                                         txt);
    EXPECT_EQ(answer.records, std::vector{"x"s});
    EXPECT_EQ(answer.canonical_name, "k.c.test");
    EXPECT_EQ(read_dns_message(packet(txt, {{txt.name, RecordType::txt, "\1x"}}), txt).canonical_name, "") << "no CNAME";
    EXPECT_EQ(read_dns_message(packet(txt, {{txt.name, RecordType::cname, wire("k.b.test")}}, 3), txt).canonical_name, "k.b.test");
}

TEST(DnsMessage, loops_end) {
    const auto answer =
        read_dns_message(packet(txt, {{txt.name, RecordType::cname, wire("b.test")}, {"b.test", RecordType::cname, wire(txt.name)}}), txt);
    EXPECT_EQ(answer.status, DnsStatus::temporary_failure);
}

TEST(DnsMessage, what_is_not_there_and_what_failed) {
    EXPECT_EQ(read_dns_message(packet(txt, {}), txt).status, DnsStatus::no_data);
    EXPECT_EQ(read_dns_message(packet(txt, {}, 3), txt).status, DnsStatus::nxdomain);
    for (const int rcode : {1, 2, 4, 5, 9})
        EXPECT_EQ(read_dns_message(packet(txt, {}, rcode), txt).status, DnsStatus::temporary_failure) << rcode;
    EXPECT_EQ(read_dns_message(packet(txt, {}, 0, 0x0180), txt).status, DnsStatus::temporary_failure);  // a question
    EXPECT_EQ(read_dns_message(packet(txt, {}, 0, 0x8380), txt).status, DnsStatus::temporary_failure);  // truncated
    EXPECT_EQ(read_dns_message(packet({"other.test", RecordType::txt}, {}), txt).status, DnsStatus::temporary_failure);
    EXPECT_EQ(read_dns_message(packet({txt.name, RecordType::a}, {}), txt).status, DnsStatus::temporary_failure);
    EXPECT_EQ(read_dns_message("", txt).status, DnsStatus::temporary_failure);
}

TEST(DnsMessage, broken_records_are_no_data) {
    const DnsQuestion a{"a.test", RecordType::a}, mx{"a.test", RecordType::mx};
    for (const auto& data : {""s, "\1\2\3"s, "\1\2\3\4\5"s})
        EXPECT_EQ(read_dns_message(packet(a, {{"a.test", RecordType::a, data}}), a).status, DnsStatus::temporary_failure);
    for (const auto& data : {""s, "\5abc"s})
        EXPECT_EQ(read_dns_message(packet(txt, {{txt.name, RecordType::txt, data}}), txt).status, DnsStatus::temporary_failure);
    for (const auto& data : {"\0"s, "\0\1\5ab"s, "\0\1\1.\0"s, "\0\1\xc0\xff"s})
        EXPECT_EQ(read_dns_message(packet(mx, {{"a.test", RecordType::mx, data}}), mx).status, DnsStatus::temporary_failure);
    EXPECT_EQ(read_dns_message(packet(mx, {{"a.test", RecordType::mx, "\0\x0a"s + wire("MX.a.test")}}), mx).records,
              std::vector{"\0\x0amx.a.test"s});
}

TEST(DnsMessage, every_prefix_of_a_packet_is_harmless) {
    const std::string whole = packet(txt, {{txt.name, RecordType::cname, wire("b.test")}, {"b.test", RecordType::txt, "\3abc"}});
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_EQ(read_dns_message(std::string_view(whole).substr(0, length), txt).status, DnsStatus::temporary_failure) << length;
}

TEST(DnsMessage, keeps_no_more_records_than_the_limit) {
    std::vector<TestRecord> records(max_dns_records + 10, {txt.name, RecordType::txt, "\1x"});
    EXPECT_EQ(read_dns_message(packet(txt, records), txt).records.size(), max_dns_records);
    records.resize(max_dns_records);
    EXPECT_EQ(read_dns_message(packet(txt, records), txt).records.size(), max_dns_records);
}

}  // namespace
}  // namespace exota::authn
