// What verification costs, beside what OpenSSL alone would take.
//
//     verify_bench                                  all
//     verify_bench --benchmark_filter=realistic     the gate: `ratio` must be at most 1.5
//
// The realistic message is one of Exchange Online: 35 fields, 7 KiB of header, 20 KiB of body, one RSA-2048 DKIM signature, one ARC set.
// Its bare cost is three RSA-2048 verifications with a key and context that are reused, and SHA-256 of the message's octets once. Both are
// measured in turns within one loop, so that a machine that changes its speed changes both.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "authn/dkim_sign_helper.h"
#include "authn/message_test_helper.h"

namespace {

using namespace exota::authn;

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};

const TestSigner& signer() {
    static const TestSigner made = TestSigner::rsa(2048);
    return made;
}

std::string lines_of_text(std::size_t octets, bool wasteful) {
    const char* const words[] = {"invoice",  "delivery", "quarter",  "report",  "meeting",
                                 "contract", "revenue",  "attached", "regards", "project"};
    std::mt19937 random(7);
    std::string text;
    while (text.size() < octets) {
        for (int i = 0; i < 11; ++i) text.append(words[random() % 10]).append(wasteful && random() % 2 == 0 ? "  " : " ");
        if (!wasteful) text.pop_back();
        text += "\r\n";
    }
    return text;
}

std::string blob(std::size_t octets) {
    std::mt19937 random(3);
    std::string raw(octets, '\0');
    for (char& c : raw) c = static_cast<char>(random());
    std::string out = " ";
    const std::string text = exota::base::base64_encode(raw);
    for (std::size_t at = 0; at < text.size(); at += 76) out.append(at == 0 ? "" : "\r\n ").append(text, at, 76);
    return out;
}

TestMessage realistic(std::string body) {
    TestMessage message;
    message.body = std::move(body);
    message.fields = {{"From", " Jane Doe <jane.doe@contoso.com>"},
                      {"To", " Bob <bob@partner.example>"},
                      {"Subject", " Quarterly report"},
                      {"Date", " Tue, 14 Nov 2023 22:13:20 +0000"},
                      {"Message-ID", " <DB9PR01MB12345678@DB9PR01MB1234.eurprd01.prod.exchangelabs.com>"},
                      {"Content-Type", " multipart/alternative;\r\n\tboundary=\"_000_DB9PR01MB12345678_\""},
                      {"MIME-Version", " 1.0"},
                      {"X-MS-Exchange-SenderADCheck", " 1"},
                      {"X-Microsoft-Antispam-Message-Info", blob(1300)},
                      {"X-MS-Exchange-AntiSpam-MessageData-0", blob(1300)}};
    for (int i = 0; i < 20; ++i)
        message.fields.push_back({"X-MS-Exchange-Something-" + std::to_string(i), " 0c7d4a5e-1111-4222-8333-08dc00000000"});
    seal(message, signer(), 1,
         {.message_signature = {.names = "From:Date:Subject:Message-ID:Content-Type:X-MS-Exchange-AntiSpam-MessageData-0:"
                                         "X-MS-Exchange-AntiSpam-MessageData-ChunkCount:X-MS-Exchange-SenderADCheck"}});
    sign(message, signer(), {.names = "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck"});
    return message;
}

Dns answers() {
    Dns dns;
    for (const char* name : {"sel._domainkey.example.com", "sel._domainkey.hop1.example"})
        dns.put({name, RecordType::txt}, {.status = DnsStatus::data, .records = {signer().record()}});
    return dns;
}

void verify_once(const TestMessage& message, Dns& dns, KeyCache& keys) {
    MessageVerifier verifier{VerifyLimits{}};
    for (const TestField& field : message.fields) verifier.header_field(field.name, field.value);
    verifier.end_of_header();
    for (std::string_view body = message.body; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 65535)))
        verifier.body(body.substr(0, 65535));
    verifier.end_of_body();
    const DkimOutcome dkim = verifier.check_dkim(dns, now, keys);
    const ArcOutcome arc = verifier.check_arc(dns, now, keys);
    if (dkim.signatures.at(0).value != DkimValue::pass || arc.value != ArcResult::pass)
        throw std::runtime_error("must pass: " + dkim.signatures[0].reason + arc.reason);
}

double cpu_microseconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

void realistic_message(benchmark::State& state) {
    const TestMessage message = realistic(lines_of_text(20 * 1024, false));
    const std::string text = message.text();
    Dns dns = answers();
    KeyCache keys;
    auto key = PublicKey::rsa(signer().public_octets());
    const Sha256Digest digest{};
    const std::string signature = signer().sign(digest);
    std::vector<double> bare, ours;
    for (auto _ : state) {
        const double start = cpu_microseconds();
        Sha256 hash;
        hash.update(text);
        benchmark::DoNotOptimize(hash.finish());
        for (int i = 0; i < 3; ++i)
            if (!key->verify(digest, signature)) throw std::runtime_error("must verify");
        const double middle = cpu_microseconds();
        verify_once(message, dns, keys);
        const double end = cpu_microseconds();
        bare.push_back(middle - start);
        ours.push_back(end - middle);
    }
    const double bare_median = median(bare), ours_median = median(ours);
    state.counters["bare_us"] = bare_median;
    state.counters["verify_us"] = ours_median;
    state.counters["ratio"] = ours_median / bare_median;
}
BENCHMARK(realistic_message)->Unit(benchmark::kMicrosecond);

long resident_kibibytes() {
    std::ifstream statm("/proc/self/statm");
    long total = 0, resident = 0;
    statm >> total >> resident;
    return resident * 4;
}

void body_of_10_mib(benchmark::State& state, const char* form, bool wasteful) {
    TestMessage message;
    message.body = lines_of_text(10 * 1024 * 1024, wasteful);
    sign(message, signer(), {.body_form = form});
    Dns dns = answers();
    KeyCache keys;
    const long before = resident_kibibytes();
    for (auto _ : state) {
        MessageVerifier verifier(VerifyLimits{}, {.arc = false});
        for (const TestField& field : message.fields) verifier.header_field(field.name, field.value);
        verifier.end_of_header();
        for (std::string_view body = message.body; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 65535)))
            verifier.body(body.substr(0, 65535));
        verifier.end_of_body();
        if (verifier.check_dkim(dns, now, keys).signatures.at(0).value != DkimValue::pass) throw std::runtime_error("must pass");
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.body.size()));
    state.counters["grown_KiB"] = static_cast<double>(resident_kibibytes() - before);
}
BENCHMARK_CAPTURE(body_of_10_mib, simple, "simple", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(body_of_10_mib, relaxed, "relaxed", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(body_of_10_mib, relaxed_every_second_blank_doubled, "relaxed", true)->Unit(benchmark::kMillisecond);

struct Nothing final : OctetSink {
    void take(std::string_view run) override { benchmark::DoNotOptimize(run.data()); }
};

void canonicalize_20_kib(benchmark::State& state, bool wasteful) {
    const std::string body = lines_of_text(20 * 1024, wasteful);
    for (auto _ : state) {
        BodyCanonicalizer canonicalizer(Canonicalization::relaxed);
        Nothing nothing;
        canonicalizer.update(body, nothing);
        canonicalizer.finish(nothing);
    }
}
BENCHMARK_CAPTURE(canonicalize_20_kib, text, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(canonicalize_20_kib, every_second_blank_doubled, true)->Unit(benchmark::kMicrosecond);

void worst_body(benchmark::State& state, const char* unit) {
    std::string body;
    while (body.size() < 1024 * 1024) body += unit;
    for (auto _ : state) {
        BodyHash hash(Canonicalization::relaxed);
        hash.update(body);
        hash.finish();
        benchmark::DoNotOptimize(hash.digest());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK_CAPTURE(worst_body, blanks, "  ")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(worst_body, line_ends, "\r\n")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(worst_body, tab_and_letter, "\tx")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(worst_body, blank_line_letter, " \r\nx")->Unit(benchmark::kMicrosecond);

void key_record(benchmark::State& state) {
    const std::string record = signer().record();
    for (auto _ : state) benchmark::DoNotOptimize(parse_key_record(record, {}));
}
BENCHMARK(key_record)->Unit(benchmark::kMicrosecond);

void flood_of_signatures(benchmark::State& state) {
    TestMessage message = realistic(lines_of_text(20 * 1024, false));
    const TestField signature = message.fields.front();
    for (int i = 1; i < 1000; ++i) message.fields.insert(message.fields.begin(), signature);
    Dns dns = answers();
    KeyCache keys;
    for (auto _ : state) verify_once(message, dns, keys);
}
BENCHMARK(flood_of_signatures)->Name("1000_signatures_of_which_20_are_evaluated")->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
