// What an inbound door's look-ups cost: a client in a table of prefixes, a recipient in a list. Run by hand; docs/benchmarks.md has its
// figures.
//   usage: doors            prints ns a look-up for a thousand and for a million entries, beside what their ratio is
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/prefix_table.h"
#include "tenant/recipient_list.h"

namespace {

using namespace exota;
using Clock = std::chrono::steady_clock;

constexpr std::size_t look_ups = 2'000'000;
std::uint64_t sink = 0;  // so that nothing is optimised away

/// The best of several rounds, in nanoseconds a look-up: what else runs here only adds to it.
double best_of(auto look_up_all) {
    double best = 1e9;
    for (int round = 0; round < 7; ++round) {
        const auto began = Clock::now();
        look_up_all();
        const std::chrono::duration<double, std::nano> took = Clock::now() - began;
        best = std::min(best, took.count() / look_ups);
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

double of_recipients(std::size_t count) {
    std::mt19937_64 random(count);
    tenant::RecipientList list(base::HashKey({random(), random(), random()}));
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back("first.last" + std::to_string(i) + "@company" + std::to_string(i % 997) + ".example");
        list.add(all.back());
    }
    std::vector<tenant::RecipientName> asked;
    for (std::size_t i = 0; i < 65536; ++i) {
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

}  // namespace

int main() {
    for (const bool v4 : {true, false})
        for (const unsigned hits : {0U, 5U, 100U}) {
            const double few = of_prefixes(1000, v4, hits), many = of_prefixes(1'000'000, v4, hits);
            std::printf("prefixes ipv%d hits %u%% thousand_ns %.1f million_ns %.1f ratio %.2f\n", v4 ? 4 : 6, hits, few, many, many / few);
        }
    const double few = of_recipients(1000), many = of_recipients(1'000'000);
    std::printf("recipients thousand_ns %.1f million_ns %.1f ratio %.2f\n", few, many, many / few);
    std::printf("recipient name read_ns %.1f\n", of_names());
    return sink == 0 ? 1 : 0;
}
