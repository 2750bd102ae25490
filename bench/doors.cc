// What an inbound door costs besides verification: a client in a table of prefixes, a recipient in a list, the judgement of a message. Run
// by hand; docs/benchmarks.md has its figures.
//   usage: doors            prints ns a look-up for a thousand and for a million entries, beside what their ratio is; ns a judgement
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/prefix_table.h"
#include "decision/judge_inbound.h"
#include "evidence/collector.h"
#include "tenant/recipient_list.h"
#include "tenant/tenants_file.h"

namespace {

using namespace exota;
using Clock = std::chrono::steady_clock;

constexpr std::size_t look_ups = 2'000'000;
std::uint64_t sink = 0;  // so that nothing is optimised away

/// The best of several rounds, in nanoseconds for each of `count`: what else runs here only adds to it.
double best_of(auto look_up_all, std::size_t count = look_ups) {
    double best = 1e9;
    for (int round = 0; round < 7; ++round) {
        const auto began = Clock::now();
        look_up_all();
        const std::chrono::duration<double, std::nano> took = Clock::now() - began;
        best = std::min(best, took.count() / static_cast<double>(count));
    }
    return best;
}

base::IpAddress address(std::mt19937_64& random, bool v4) {
    std::array<std::uint8_t, 16> octets{};
    if (v4) octets[10] = octets[11] = 0xff;
    for (std::size_t i = v4 ? 12 : 2; i < (v4 ? 16U : 8U); ++i) octets[i] = static_cast<std::uint8_t>(random());
    if (!v4) octets[0] = 0x20, octets[1] = static_cast<std::uint8_t>(random() % 4);
    return base::IpAddress::from_octets(octets);
}

/// @param hits  of a hundred addresses that are asked for, how many are in the table; the others are somebody's.
double of_prefixes(std::size_t count, bool v4, unsigned hits) {
    std::mt19937_64 random(count);
    std::vector<base::PrefixTable::Entry> entries;
    while (entries.size() < count) {
        auto prefix = base::IpPrefix::parse(address(random, v4).text());
        if (prefix) entries.push_back({*prefix, static_cast<std::uint32_t>(entries.size() + 1)});
    }
    std::vector<base::IpAddress> asked;
    for (std::size_t i = 0; i < 65536; ++i)
        asked.push_back(random() % 100 < hits ? entries[random() % count].prefix.network() : address(random, v4));
    const base::PrefixTable table(std::move(entries));
    const std::chrono::sys_days today{std::chrono::days{20000}};
    return best_of([&] {
        for (std::size_t i = 0; i < look_ups; ++i) sink += table.find(asked[i % asked.size()], today).has_value() ? 1 : 0;
    });
}

/// @param different  how many are asked for in turn: few of them stay in the processor's cache.
double of_recipients(std::size_t count, std::size_t different) {
    std::mt19937_64 random(count);
    tenant::RecipientList list(base::HashKey({random(), random(), random()}));
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back("first.last" + std::to_string(i) + "@company" + std::to_string(i % 997) + ".example");
        list.add(all.back());
    }
    std::vector<tenant::RecipientName> asked;
    for (std::size_t i = 0; i < different; ++i) {
        const std::string& one = all[random() % count];
        asked.push_back(tenant::RecipientName::parse(i % 4 == 0 ? "x" + one : one, {}).value());
    }
    return best_of([&] {
        for (std::size_t i = 0; i < look_ups; ++i) sink += list.knows(asked[i % asked.size()], {}) ? 1 : 0;
    });
}

double of_names() {
    const std::string written = "First.Last4711@company42.example";
    return best_of([&] {
        for (std::size_t i = 0; i < look_ups; ++i) sink += tenant::RecipientName::parse(written, {})->text().size();
    });
}

// --- The judgement of a message, whose results are known -------------------------------------------------------------------------------

tenant::Index thousand_tenants() {
    std::string text = R"({"version": 2, "tenants": {"own": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"],
        "domains": ["own.example"], "hybrid": true, "recipients": "authoritative"})";
    for (int i = 0; i < 1000; ++i) text += ", \"t" + std::to_string(i) + "\": {\"domains\": [\"d" + std::to_string(i) + ".example\"]}";
    return *tenant::read_tenants(text + "}}", {}).index;
}

decision::Rules enforcing() {
    decision::Rules rules;
    rules.mode = tenant::Mode::enforce;
    rules.exchange_online = {base::IpPrefix::parse("40.92.0.0/15").value()};
    rules.dkim_source = decision::DkimSource::verify;
    rules.header.authserv_id = "mx.example.net";
    rules.inbound.emplace().mode = tenant::Mode::enforce;
    rules.inbound->eop.results = decision::EopUse::enforce;
    return rules;
}

enum class Written : std::uint8_t { by_its_author, by_somebody, handed_over };

evidence::Evidence message(Written written) {
    static const evidence::MessageLimits limits;
    evidence::Collector collector(limits, {.eop = true, .indirect = true});
    const bool handed_over = written == Written::handed_over;
    evidence::Client client;
    client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse(handed_over ? "40.92.0.10" : "192.0.2.9").value(),
                                                         evidence::Source::mta};
    collector.connected(client, "Postfix 3.7.11");
    evidence::Tls tls{.version = "TLSv1.3"};
    tls.certificate_name = evidence::Observed<std::string>{"mail.protection.outlook.com", evidence::Source::peer_certificate};
    if (handed_over) collector.tls(tls);
    collector.mail("<bounce@bank.example>");
    collector.recipient("bob@own.example");
    if (handed_over) {
        collector.header_field("X-MS-Exchange-CrossTenant-Id", " f0000000-0000-4000-8000-00000000000f");
        collector.header_field("X-MS-Exchange-CrossTenant-AuthAs", " Anonymous");
        collector.header_field("X-Forefront-Antispam-Report", " CIP:192.0.2.1;CTRY:US;LANG:en;SCL:1;SRV:;IPV:NLI;DIR:INB;");
        collector.header_field("Authentication-Results",
                               " spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=bank.example; dkim=none (message not signed)"
                               " header.d=none;dmarc=fail action=oreject header.from=bank.example;compauth=none reason=451");
    }
    collector.header_field("From", " Jane <jane@bank.example>");
    for (int i = 0; i < 30; ++i) collector.header_field("X-Something-" + std::to_string(i), " 0c7d4a5e-1111-4222-8333-08dc00000000");
    evidence::Evidence evidence = collector.finish();
    auto& verified = evidence.verification;
    verified.dkim.emplace();
    const mail::Domain bank = mail::Domain::parse("bank.example").value();
    const bool proven = written == Written::by_its_author;
    if (proven)
        verified.dkim->push_back({.value = evidence::DkimResult::Value::pass, .sdid = bank, .source = evidence::Source::own_verification});
    verified.spf = evidence::SpfVerification{.value = evidence::SpfValue::fail, .domain = bank, .detail = {}};
    auto& dmarc = verified.dmarc.emplace();
    dmarc.value = proven ? evidence::DmarcValue::pass : evidence::DmarcValue::fail;
    dmarc.aligned_dkim = proven;
    dmarc.published = {.has_record = true, .enforced = "reject", .policy_domain = "bank.example"};
    return evidence;
}

double of_judgement(Written written, decision::Reason want) {
    constexpr std::size_t judgements = 100'000;
    static const tenant::Index tenants = thousand_tenants();
    static const decision::Rules rules = enforcing();
    const evidence::Evidence evidence = message(written);
    const decision::InboundFacts facts{.client = {}, .recipients = {decision::RecipientIs::known}};
    const decision::Decision once = decision::judge_inbound(evidence, &tenants, rules, facts);
    if (once.reason != want) {
        std::fprintf(stderr, "doors: judged %s\n", once.why.c_str());
        std::exit(1);
    }
    return best_of(
        [&] {
            for (std::size_t i = 0; i < judgements; ++i)
                sink += decision::judge_inbound(evidence, &tenants, rules, facts).reason == want ? 1 : 0;
        },
        judgements);
}

}  // namespace

int main() {
    for (const bool v4 : {true, false})
        for (const unsigned hits : {0U, 5U, 100U}) {
            const double few = of_prefixes(1000, v4, hits), many = of_prefixes(1'000'000, v4, hits);
            std::printf("prefixes ipv%d hits %u%% thousand_ns %.1f million_ns %.1f ratio %.2f\n", v4 ? 4 : 6, hits, few, many, many / few);
        }
    const double few = of_recipients(1000, 65536), many = of_recipients(1'000'000, 65536), cached = of_recipients(1'000'000, 256);
    std::printf("recipients thousand_ns %.1f million_ns %.1f ratio %.2f million_cached_ns %.1f\n", few, many, many / few, cached);
    std::printf("recipient name read_ns %.1f\n", of_names());
    std::printf("judge_inbound passed_ns %.0f refused_ns %.0f handed_over_ns %.0f\n",
                of_judgement(Written::by_its_author, decision::Reason::passed),
                of_judgement(Written::by_somebody, decision::Reason::dmarc_failed),
                of_judgement(Written::handed_over, decision::Reason::eop_verdict));
    return sink == 0 ? 1 : 0;
}
