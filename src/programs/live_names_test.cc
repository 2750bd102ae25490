// Live names against servers that do not help: time is bounded, and what could not be found out is never an absence.
#include "programs/live_names.h"

#include <gtest/gtest.h>

#include "net/testing.h"

namespace exota::programs {
namespace {

TEST(LiveNames, OneDeadlineForAllQuestions) {
    const net::testing::DnsSocket silent;
    net::ResolverSettings settings;
    settings.servers = {silent.server()};
    for (const net::Dnssec dnssec : {net::Dnssec::off, net::Dnssec::automatic}) {
        settings.dnssec = dnssec;
        LiveNames names(settings, std::chrono::milliseconds(20));
        const auto began = std::chrono::steady_clock::now();
        authn::Dns dns;
        for (const char* name : {"a.example", "b.example", "c.example"}) {
            names.answer({{name, authn::RecordType::txt}, {name, authn::RecordType::a}}, dns);
            for (const auto type : {authn::RecordType::txt, authn::RecordType::a}) {
                const authn::DnsAnswer* answer = dns.ask(name, type);
                ASSERT_NE(answer, nullptr);
                EXPECT_EQ(answer->status, authn::DnsStatus::temporary_failure);
            }
        }
        EXPECT_LT(std::chrono::steady_clock::now() - began, settings.timeout) << "the time limit of one question was waited for";
    }
}

TEST(LiveNames, SettingsThatLibunboundRefusesAreATemporaryFailure) {
    net::ResolverSettings settings;
    settings.servers = {"no address"};
    LiveNames names(settings, std::chrono::milliseconds(200));
    authn::Dns dns;
    names.answer({{"a.example", authn::RecordType::txt}}, dns);
    ASSERT_NE(dns.ask("a.example", authn::RecordType::txt), nullptr);
    EXPECT_EQ(dns.ask("a.example", authn::RecordType::txt)->status, authn::DnsStatus::temporary_failure);
}

}  // namespace
}  // namespace exota::programs
