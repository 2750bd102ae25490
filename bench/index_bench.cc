// What a change of few tenants costs, laid over the others, beside building the index of all anew; and what the look-ups cost then.
//   usage: index_bench [DOMAINS]        (default 1000000, ten a tenant)
//   prints "build whole_ms W changed_1_ms A ratio A/W changed_999_ms B ratio B/W", then for look-ups that find what the processor has in
//   its cache, find any, and find nothing "whole_ns W over_1_ns A ratio A/W over_999_ns B ratio B/W", then the same of limits in
//   milliseconds (taking the counts over), and of memory in MiB
// All in one run, whole and laid over in turn, CPU time; of several rounds the fastest counts. Exits with 70 if the two say different
// things.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "directory/tenant_rows.h"
#include "gate/limits.h"

namespace {

using namespace exota;
using directory::TenantRow;
using directory::TenantRows;
using Shared = std::shared_ptr<const tenant::Index>;

constexpr std::size_t domains_each = 10, most_changed = TenantRows::most_over - 1;
const base::HashKey key({0x0123456789abcdef, 0x8c3b0d51f2e6a794, 0xd1e8a20f7c965b43});

std::string domain_of(std::size_t i) {
    constexpr std::string_view words[] = {"alpha", "consult", "energie", "gruppe", "handel", "klinik", "online", "partner", "technik"};
    constexpr std::string_view tops[] = {"com", "de", "net", "org", "co.uk", "ch", "fr", "eu"};
    char number[17];
    const auto end = std::to_chars(number, std::end(number), i, 16).ptr;
    return std::string(words[i % std::size(words)]) + '-' + std::string(number, end) + '.' + std::string(tops[i % std::size(tops)]);
}

/// @param version  an even one as at first, an odd one with another domain for the first.
TenantRow tenant_of(std::size_t i, std::size_t version) {
    char number[17];
    std::snprintf(number, sizeof number, "%012zx", i);
    std::string out = R"({"tenant_ids":["00000000-0000-4000-8000-)" + std::string(number) + R"("],"organizations":[")" +
                      domain_of(i * domains_each) + R"("],"domains":[")" + (version % 2 == 0 ? "" : "new-") + domain_of(i * domains_each);
    for (std::size_t n = 1; n < domains_each; ++n) out += R"(",")" + domain_of(i * domains_each + n);
    return {"t" + std::to_string(i), out + R"("]})"};
}

tenant::Defaults defaults() {
    tenant::Defaults out;
    out.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
    out.limits = {*tenant::Limit::parse("1000 messages / hour")};
    return out;
}

/// CPU time: the machine may do something else as well.
double nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Do>
double took(Do what) {
    const double start = nanoseconds();
    what();
    return nanoseconds() - start;
}

[[noreturn]] void fail(const char* why) {
    std::fprintf(stderr, "index_bench: %s\n", why);
    std::exit(70);
}

/// The index after the change.
Shared change(TenantRows& rows, std::vector<TenantRow> changed, bool whole) {
    const auto taken = rows.take(std::move(changed), {});
    if (!taken || !taken->changed || taken->whole != whole || taken->bad > 0) fail("a change was not taken as it should be");
    return taken->index;
}

/// The fastest of several changes of one tenant, in nanoseconds.
double of_one_change(TenantRows& rows, std::size_t& version, Shared& index) {
    double best = 1e18;
    for (int round = 0; round < 10; ++round) {
        std::vector<TenantRow> changed{tenant_of(0, ++version)};
        best = std::min(best, took([&] { index = change(rows, std::move(changed), false); }));
    }
    return best;
}

/// What is built whole, and where 1 and most_changed tenants lie over it.
struct Three {
    double whole = 1e18, one = 1e18, many = 1e18;

    template <class Measure>
    void measure(int rounds, const Shared& of_whole, const Shared& of_one, const Shared& of_many, Measure measure) {
        for (int round = 0; round < rounds; ++round) {
            whole = std::min(whole, measure(*of_whole));
            one = std::min(one, measure(*of_one));
            many = std::min(many, measure(*of_many));
        }
    }
    void print(const char* what, const char* unit, double nanoseconds_of_it) const {
        std::printf("%-16s whole_%s %.2f over_1_%s %.2f ratio %.4f over_%zu_%s %.2f ratio %.4f\n", what, unit, whole / nanoseconds_of_it,
                    unit, one / nanoseconds_of_it, one / whole, most_changed, unit, many / nanoseconds_of_it, many / whole);
    }
};

/// Nanoseconds for each of `count` look-ups.
double of_look_ups(const tenant::Index& index, const std::vector<std::string>& names, std::size_t count, bool found) {
    std::size_t seen = 0;
    const double all = took([&] {
        for (std::size_t i = 0; i < count; ++i) seen += index.covering(names[i % names.size()]).has_value() ? 1U : 0U;
    });
    if (seen != (found ? count : 0)) fail("a look-up is wrong");
    return all / static_cast<double>(count);
}

double of_limits(const tenant::Index& index, const gate::TenantLimits& previous) {
    return took([&] { const gate::TenantLimits taken_over(index, &previous); });
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t domains = 1'000'000;
    if (argc > 2 || (argc == 2 && std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), domains).ec != std::errc{}) ||
        domains / domains_each <= most_changed) {
        std::fputs("usage: index_bench [DOMAINS]        (10000 or more)\n", stderr);
        return 64;
    }
    const std::size_t tenants = domains / domains_each;
    TenantRows rows(defaults(), key);
    {
        std::vector<TenantRow> all;
        for (std::size_t i = 0; i < tenants; ++i) all.push_back(tenant_of(i, 0));
        if (const auto taken = rows.take_all(std::move(all)); !taken || taken->bad > 0) fail("the tenants were not taken");
    }
    Three build;
    Shared whole, one, many;
    for (int round = 0; round < 3; ++round)
        build.whole = std::min(build.whole, took([&] {
                                   whole = nullptr;
                                   const auto taken = rows.use(defaults());
                                   if (!taken || !taken->whole || taken->bad > 0) fail("the defaults were not taken");
                                   whole = taken->index;
                               }));
    std::size_t version = 0;
    build.one = of_one_change(rows, version, one);
    std::vector<TenantRow> others;
    for (std::size_t i = 1; i < most_changed; ++i) others.push_back(tenant_of(i * (tenants / most_changed), 1));
    many = change(rows, std::move(others), false);
    build.many = of_one_change(rows, version, many);
    std::printf("tenants %zu domains %zu\n", whole->tenant_count(), whole->domain_count());
    build.print("build", "ms", 1e6);

    // What nobody changed, so that all three find it.
    std::mt19937 random(1);
    std::vector<std::string> any, hot, none;
    for (std::size_t i = 0; i < 300'000; ++i)
        any.push_back(domain_of(random() % tenants * domains_each + 1 + random() % (domains_each - 1)));
    for (const std::string& name : any) none.push_back("no" + name);
    hot.assign(any.begin(), any.begin() + 100);
    for (const std::string& name : any) {
        const auto a = whole->covering(name), b = one->covering(name), c = many->covering(name);
        if (!a || !b || !c || whole->name(a->tenant) != one->name(b->tenant) || whole->name(a->tenant) != many->name(c->tenant))
            fail("they say different things");
    }
    for (const auto& [what, names, found] :
         {std::tuple("found, cached", &hot, true), {"found, any", &any, true}, {"not found", &none, false}}) {
        Three look_ups;
        look_ups.measure(7, whole, one, many, [&](const tenant::Index& index) { return of_look_ups(index, *names, 1'000'000, found); });
        look_ups.print(what, "ns", 1);
    }

    gate::TenantLimits counted(*whole, nullptr);
    for (std::size_t i = 0; i < tenants; i += 100) {
        const auto number = static_cast<tenant::Number>(i);
        counted.count(number, whole->policy(number).limits, 1, gate::Instant(std::chrono::hours(1000)));
    }
    Three limits;
    limits.measure(7, whole, one, many, [&](const tenant::Index& index) { return of_limits(index, counted); });
    limits.print("limits", "ms", 1e6);
    const auto octets = [](const Shared& index) { return static_cast<double>(index->memory_octets()); };
    const Three memory{octets(whole), octets(one), octets(many)};
    memory.print("memory", "mib", 1 << 20);
    return 0;
}
