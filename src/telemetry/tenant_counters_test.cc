#include "telemetry/tenant_counters.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace exota::telemetry {
namespace {

using enum decision::Verdict;

/// "NAME verdict judged: number", in order.
std::vector<std::string> lines_of(const TenantCounters& counters) {
    std::vector<std::string> lines;
    counters.each([&](std::string_view name, decision::Verdict verdict, decision::Verdict judged, std::uint64_t number) {
        lines.push_back(std::string(name) + ' ' + std::string(name_of(verdict)) + ' ' + std::string(name_of(judged)) + ": " +
                        std::to_string(number));
    });
    return lines;
}

TEST(TenantCounters, nothing_unless_wanted) {
    TenantCounters counters;
    counters.judged("contoso", accept, accept);
    EXPECT_TRUE(lines_of(counters).empty());
}

TEST(TenantCounters, no_more_than_wanted) {
    TenantCounters counters;
    counters.tell_apart(2);
    for (const char* tenant : {"contoso", "fabrikam", "tailspin", "contoso", "wingtip", ""}) counters.judged(tenant, accept, reject);
    counters.judged("contoso", reject, reject);
    EXPECT_EQ(lines_of(counters), (std::vector<std::string>{"contoso accept reject: 2", "contoso reject reject: 1",
                                                            "fabrikam accept reject: 1", "(others) accept reject: 2"}));
}

TEST(TenantCounters, are_read_while_the_loop_counts) {
    TenantCounters counters;
    counters.tell_apart(500);
    std::atomic<bool> done{false};
    std::thread loop([&] {
        for (int i = 0; i < 2000; ++i) counters.judged("t" + std::to_string(i % 600), accept, accept);
        done = true;
    });
    while (!done) lines_of(counters);
    loop.join();
    std::uint64_t sum = 0;
    counters.each([&](std::string_view, decision::Verdict, decision::Verdict, std::uint64_t number) { sum += number; });
    EXPECT_EQ(sum, 2000U);
    EXPECT_EQ(lines_of(counters).size(), 501U);
}

}  // namespace
}  // namespace exota::telemetry
