// The counters of tenants' limits that all loops share, from several threads at once. (Alone they are tested in gate/limits_test.cc; here
// is where threads are, and ThreadSanitizer looks.)
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "app/shared_limits.h"
#include "gate/session_fixture.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;

constexpr gate::Instant start{std::chrono::hours(1000)};
constexpr unsigned most = 1000;
const std::vector<tenant::Limit> limit{{most, tenant::LimitUnit::messages, 24h}};

/// How many of four times `most` messages were let through, a thread for each of the four.
unsigned passed_of(const std::function<bool()>& count) {
    std::atomic<unsigned> passed = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (unsigned i = 0; i < most; ++i)
                if (count()) ++passed;
        });
    threads.clear();  // waits for them
    return passed;
}

TEST(LimitsOfLoops, hold_between_threads) {
    const auto tenants = gate::testing::index_of(
        R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "limits": ["1000 messages / day"]}}})");
    gate::TenantLimits limits(*tenants, nullptr);
    const tenant::Number contoso = tenants->covering("contoso.test")->tenant;
    const unsigned passed = passed_of([&] { return !limits.count(contoso, tenants->policy(contoso).limits, 1, start).exceeded; });
    EXPECT_LE(passed, most);
    EXPECT_GE(passed, most - 10) << "two at the edge may both be refused, no more";
}

TEST(LimitsOfLoops, hold_by_name_between_threads) {
    SharedLimits limits;
    EXPECT_EQ(passed_of([&] { return limits.count("contoso", limit, 1, start).passed.is(gate::PassedLimit::none); }), most);
}

}  // namespace
}  // namespace exota::app
