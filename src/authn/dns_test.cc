#include "authn/dns.h"

#include <gtest/gtest.h>

namespace exota::authn {
namespace {

TEST(Dns, asks_each_question_once_and_remembers_the_answer) {
    Dns dns;
    EXPECT_EQ(dns.ask("Example.Test.", RecordType::txt), nullptr);
    EXPECT_EQ(dns.ask("example.test", RecordType::txt), nullptr);
    EXPECT_EQ(dns.ask("example.test", RecordType::a), nullptr);
    const auto pending = dns.take_pending();
    ASSERT_EQ(pending.size(), 2U);
    EXPECT_EQ(pending[0].name, "example.test");
    EXPECT_FALSE(dns.has_pending());
    dns.put(pending[0], {.status = DnsStatus::data, .secure = true, .records = {"v=1"}});
    const DnsAnswer* answer = dns.ask("EXAMPLE.test", RecordType::txt);
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->records.front(), "v=1");
    EXPECT_FALSE(dns.has_pending());
}

}  // namespace
}  // namespace exota::authn
