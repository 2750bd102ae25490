#include "app/loop_tenants.h"

#include <gtest/gtest.h>

namespace exota::app {
namespace {

using namespace std::chrono_literals;

TEST(LoopTenants, a_directory_that_is_away_is_an_answer_and_counted) {
    config::Config config;
    EXPECT_FALSE(*lookup_options(config)) << "the tenants are in a file";
    config.tenants.ldap.emplace().servers = {"ldapi://%2Fnowhere%2Fldapi"};
    const auto options = lookup_options(config);
    ASSERT_TRUE(options && *options);
    net::Loop loop;
    std::vector<std::string> problems;
    LoopTenants tenants(loop, **options, [&](const std::string& problem) { problems.push_back(problem); });
    std::optional<directory::LdapLookup::Found> found;
    loop.post([&] {
        tenants.start();
        tenants.find({.domains = {"contoso.com"}}, [&](directory::LdapLookup::Found answer) { found = std::move(answer); });
    });
    loop.run_until([&] { return found.has_value(); });
    ASSERT_TRUE(found->is(directory::LdapLookup::Found::yes));
    EXPECT_NE((**found)->at_worst(), nullptr);
    EXPECT_EQ(tenants.counters().asked.value(), 1U);
    EXPECT_EQ(tenants.counters().unknown.value(), 1U);
    EXPECT_EQ(tenants.counters().kept.value(), 0U);
    EXPECT_EQ(tenants.status()->state().is, directory::SourceState::Is::failed);
    EXPECT_NE(tenants.status()->why(), "");
    EXPECT_TRUE(problems.empty());
    config.tenants.ldap->servers = {"nonsense"};
    EXPECT_FALSE(lookup_options(config));
}

TEST(SharedLimits, hold_for_all_loops) {
    SharedLimits limits;
    const std::vector<tenant::Limit> one{{1, tenant::LimitUnit::messages, 60s}};
    EXPECT_TRUE(limits.count("t", one, 1, gate::Instant(1h)).passed.is(gate::PassedLimit::none));
    EXPECT_TRUE(limits.count("t", one, 1, gate::Instant(1h)).passed.is(gate::PassedLimit::yes));
    limits.note("other", one, 1, gate::Instant(1h));
    EXPECT_TRUE(limits.count("other", one, 1, gate::Instant(1h)).passed.is(gate::PassedLimit::yes)) << "somebody let one through";
}

}  // namespace
}  // namespace exota::app
