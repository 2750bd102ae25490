#include "app/fed_tenants.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "directory/snapshot_file.h"
#include "net/testing.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using directory::SourceState;

constexpr const char* contoso =
    R"("contoso":{"tenant_ids":["1234abcd-18c5-45e8-88de-123456789abc"],"domains":["contoso.com","*.contoso.com"]}
)";

/// A database that nobody serves: what comes of it is what was kept.
struct Fed : testing::Test {
    Fed() {
        config.tenants.postgresql.emplace();
        config.tenants.postgresql->conninfo = "host=" + folder.path("") + " dbname=exota";
        config.tenants.snapshot_file = folder.path("snapshot");
        config.tenants.state_directory.clear();
    }
    void keep(const std::string& lines, std::chrono::seconds age = 60s) const {
        const auto then = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - age;
        const auto saved = directory::save_snapshot(config.tenants.snapshot_file, directory::held_of(config.tenants).origin, {then, lines});
        ASSERT_TRUE(saved) << saved.error().detail;
    }
    net::testing::TemporaryDirectory folder;
    config::Config config;
};

TEST_F(Fed, without_server_and_snapshot_it_starts_and_has_nothing) {
    FedTenants fed(config);
    EXPECT_EQ(fed.status()->state().is, SourceState::Is::failed);
    ASSERT_TRUE(fed.start(0s));
    EXPECT_FALSE(fed.has_tenants());
    EXPECT_FALSE(fed.take());
    EXPECT_EQ(fed.status()->state().is, SourceState::Is::failed);
    EXPECT_NE(fed.status()->why().find("postgresql host=" + folder.path("") + " dbname=exota no connection: "), std::string::npos)
        << fed.status()->why();
}

TEST_F(Fed, what_was_kept_is_there_before_the_server_is_heard) {
    keep(contoso);
    FedTenants fed(config);
    ASSERT_TRUE(fed.start(0s));
    EXPECT_EQ(fed.status()->state().is, SourceState::Is::stale);
    EXPECT_TRUE(fed.has_tenants());
    const auto news = fed.take();
    ASSERT_TRUE(news && news->tenants);
    EXPECT_EQ(news->tenants->domain_count(), 2U);
    EXPECT_TRUE(news->problems.empty()) << news->problems[0].text;
    EXPECT_FALSE(fed.has_tenants());
    EXPECT_FALSE(fed.take());
}

TEST_F(Fed, what_was_kept_too_long_is_not_judged_by) {
    keep(contoso, config.tenants.max_stale + 1s);
    FedTenants fed(config);
    ASSERT_TRUE(fed.start(0s));
    EXPECT_EQ(fed.status()->state().is, SourceState::Is::failed);
}

TEST_F(Fed, who_wants_to_be_woken_hears_of_what_came_before_he_asked) {
    keep(contoso);
    std::promise<void> woken;  // outlives whoever wakes
    std::atomic<bool> told{false};
    FedTenants fed(config);
    ASSERT_TRUE(fed.start(0s));
    fed.on_news([&] {  // once more for each trouble
        if (!told.exchange(true)) woken.set_value();
    });
    woken.get_future().get();
    EXPECT_TRUE(fed.take());
}

TEST_F(Fed, a_damaged_snapshot_is_said_and_not_used) {
    keep(contoso);
    std::filesystem::resize_file(config.tenants.snapshot_file, std::filesystem::file_size(config.tenants.snapshot_file) - 1);
    FedTenants fed(config);
    ASSERT_TRUE(fed.start(0s));
    const auto news = fed.take();
    ASSERT_TRUE(news);
    EXPECT_FALSE(news->tenants);
    ASSERT_EQ(news->problems.size(), 1U);
    EXPECT_EQ(news->problems[0].severity, config::Problem::Severity::warning);
    EXPECT_NE(news->problems[0].text.find("it will be made anew"), std::string::npos) << news->problems[0].text;
}

TEST_F(Fed, a_snapshot_of_another_database_is_not_used) {
    keep(contoso);
    config.tenants.postgresql->conninfo += "2";
    FedTenants fed(config);
    ASSERT_TRUE(fed.start(0s));
    EXPECT_FALSE(fed.has_tenants());
    EXPECT_EQ(fed.status()->state().is, SourceState::Is::failed);
}

}  // namespace
}  // namespace exota::app
