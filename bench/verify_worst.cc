// The worst that a sender can make verification do: each case burns what a limit lets through, or shows that a limit refuses it early.
//
//     verify_bench --benchmark_filter=worst_case
//
// DNS answers are there at once, so what is timed is our own work; waiting is bounded by the deadline of a message (`dns.deadline`).
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "authn/dkim_sign_helper.h"
#include "authn/dns_message.h"
#include "authn/dns_wire_test_helper.h"
#include "authn/message_test_helper.h"
#include "authn/spf.h"

namespace {

using namespace exota::authn;

constexpr std::int64_t now = 1'700'000'000;

const TestSigner& signer() {
    static const TestSigner made = TestSigner::rsa(2048);
    return made;
}

MockDns keys() { return MockDns().txt("sel._domainkey.example.com", signer().record()); }

std::size_t count_of(const DkimOutcome& outcome, DkimValue value) {
    std::size_t count = 0;
    for (const auto& result : outcome.signatures) count += result.value == value;
    return count;
}

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

/// As many valid signatures as the default limit on a header lets through: only the first of them are evaluated.
void worst_case_signatures(benchmark::State& state) {
    TestMessage message;
    sign(message, signer(), {});
    const TestField signature = message.fields.front();
    for (int i = 0; i < 999; ++i) message.fields.insert(message.fields.begin(), signature);
    const std::string text = message.text();
    const MockDns zone = keys();
    for (auto _ : state) {
        const Verified verified = verify(text, zone, now);
        must(count_of(verified.dkim, DkimValue::pass) == VerifyLimits{}.dkim.max_signatures, "as many as the limit pass");
    }
}
BENCHMARK(worst_case_signatures)->Name("worst_case/1000_signatures")->Unit(benchmark::kMicrosecond);

/// Twenty signatures that each hash a header of nearly a megabyte.
void worst_case_headers(benchmark::State& state) {
    TestMessage message;
    TestSignature how;
    for (int i = 0; i < 250; ++i) how.names += ":X-Big";
    for (int i = 0; i < 250; ++i) message.fields.push_back({"X-Big", " " + std::string(3700, 'x')});
    sign(message, signer(), how);
    const TestField signature = message.fields.front();
    for (int i = 0; i < 19; ++i) message.fields.insert(message.fields.begin(), signature);
    const std::string text = message.text();
    const MockDns zone = keys();
    for (auto _ : state) must(count_of(verify(text, zone, now).dkim, DkimValue::pass) == 20, "all of them pass");
}
BENCHMARK(worst_case_headers)->Name("worst_case/20_signatures_of_a_1_MiB_header")->Unit(benchmark::kMicrosecond);

/// One field of `octets` where a signature is expected: refused by its size.
void worst_case_names(benchmark::State& state) {
    TestMessage message;
    sign(message, signer(), {});
    std::string& value = message.fields.front().value;
    std::string names = "h=From";
    while (names.size() < 100'000) names += ":From";
    value.replace(value.find("h=From"), 6, names);
    const std::string text = message.text();
    const MockDns zone = keys();
    for (auto _ : state) must(count_of(verify(text, zone, now).dkim, DkimValue::pass) == 0, "it is refused");
}
BENCHMARK(worst_case_names)->Name("worst_case/h_of_100_kB")->Unit(benchmark::kMicrosecond);

void worst_case_key(benchmark::State& state) {
    TestMessage message;
    sign(message, signer(), {});
    const std::string text = message.text();
    const MockDns zone = MockDns().txt("sel._domainkey.example.com", "v=DKIM1; p=" + std::string(65'000, 'A'));
    for (auto _ : state) must(count_of(verify(text, zone, now).dkim, DkimValue::permerror) == 1, "it is refused");
}
BENCHMARK(worst_case_key)->Name("worst_case/key_record_of_64_kB")->Unit(benchmark::kMicrosecond);

/// Ten includes, each with a hundred networks that do not match.
void worst_case_spf(benchmark::State& state) {
    std::string record = "v=spf1", networks;
    for (int i = 0; i < 100; ++i) networks += " ip4:198.51." + std::to_string(i) + ".0/24";
    MockDns zone;
    for (int i = 0; i < 10; ++i) {
        const std::string name = "i" + std::to_string(i) + ".example.com";
        record += " include:" + name;
        zone.txt(name, "v=spf1" + networks + " -all");
    }
    zone.txt("example.com", record + networks + " -all");
    const SpfQuery query{.ip = *exota::base::IpAddress::parse("192.0.2.1"), .helo = "mail.example.com", .mail_from = "a@example.com"};
    for (auto _ : state) {
        Dns dns;
        SpfResult result;
        do {
            result = check_spf(query, dns);
            zone.answer(dns);
        } while (result.pending);
        must(result.value == SpfValue::fail && result.lookups == 10, "all look-ups are used");
    }
}
BENCHMARK(worst_case_spf)->Name("worst_case/spf_of_10_look_ups")->Unit(benchmark::kMicrosecond);

/// An answer full of aliases that lead in a circle.
void worst_case_aliases(benchmark::State& state) {
    const DnsQuestion question{"c0.test", RecordType::txt};
    constexpr std::size_t count = 1000;
    std::string packet = std::string("\x12\x34\x81\x80", 4) + number16(1) + number16(count) + number16(0) + number16(0);
    packet += wire(question.name) + number16(static_cast<std::size_t>(question.type)) + number16(1);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string target = wire("c" + std::to_string((i + 1) % count) + ".test");
        packet += wire("c" + std::to_string(i) + ".test") + number16(static_cast<std::size_t>(RecordType::cname)) + number16(1) +
                  std::string("\0\0\1\0", 4) + number16(target.size()) + target;
    }
    for (auto _ : state)
        must(read_dns_message(packet, question).status == DnsStatus::temporary_failure, "a chain without end is trouble, not absence");
}
BENCHMARK(worst_case_aliases)->Name("worst_case/1000_cnames_in_a_circle")->Unit(benchmark::kMicrosecond);

}  // namespace
