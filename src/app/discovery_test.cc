#include "app/discovery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "net/testing.h"
#include "telemetry/log.h"
#include "telemetry/testing.h"
#include "tenant/tenants_file.h"

namespace exota::app {
namespace {

tenant::Sighting seen(std::string domain, std::string_view id = "1234abcd-18c5-45e8-88de-123456789abc") {
    return {.author_domain = domain,
            .organizational_domain = domain,
            .tenant_id = mail::TenantId::parse(id).value(),
            .organizations = {domain},
            .sdids = {domain}};
}

class DiscoveryTest : public ::testing::Test {
protected:
    DiscoverySettings settings() const { return {.file = directory_.path("candidates")}; }
    /// What a daemon's life leaves behind.
    void live(std::initializer_list<tenant::Sighting> sightings, DiscoverySettings how,
              std::shared_ptr<const tenant::Index> tenants = nullptr) {
        telemetry::Log log({}, sink());
        Discovery discovery(std::move(how), log);
        discovery.use(std::move(tenants));
        for (tenant::Sighting sighting : sightings) discovery.note(std::move(sighting));
    }
    base::Result<tenant::Candidates> kept() const { return load_candidates(directory_.path("candidates")); }

    net::testing::TemporaryDirectory directory_;
    std::unique_ptr<telemetry::LogSink> sink() {
        auto made = std::make_unique<telemetry::testing::MemorySink>();
        lines_.push_back(made->lines());
        return made;
    }
    /// Of all lives that are over.
    std::string log() const {
        std::string all;
        for (const auto& lines : lines_) all += lines->all();
        return all;
    }

    std::vector<std::shared_ptr<telemetry::testing::Lines>> lines_;
};

TEST_F(DiscoveryTest, a_restart_keeps_what_was_seen) {
    live({seen("contoso.test"), seen("contoso.test"), seen("fabrikam.test")}, settings());
    live({seen("contoso.test")}, settings());
    const auto candidates = kept();
    ASSERT_TRUE(candidates) << candidates.error().detail;
    EXPECT_EQ(candidates->size(), 2U);
    EXPECT_EQ(candidates->find("contoso.test")->messages, 3U);
    EXPECT_EQ(log().find("candidate-"), std::string::npos) << log();
    const auto mode = std::filesystem::status(directory_.path("candidates")).permissions();
    EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);
}

/// `exota tenant candidates` of root reads in a folder of the daemon's user.
TEST_F(DiscoveryTest, a_link_in_place_of_the_file_is_not_followed) {
    live({seen("contoso.test")}, settings());
    std::filesystem::rename(directory_.path("candidates"), directory_.path("elsewhere"));
    std::filesystem::create_symlink(directory_.path("elsewhere"), directory_.path("candidates"));
    ASSERT_FALSE(kept());
    EXPECT_EQ(kept().error().code, base::Errc::io) << kept().error().detail;
}

TEST_F(DiscoveryTest, new_ones_and_conflicts_are_told_of_once) {
    const std::string_view other = "99999999-9999-4999-8999-999999999999";
    live({seen("contoso.test"), seen("contoso.test"), seen("contoso.test", other), seen("contoso.test", other)}, settings());
    const auto times = [this](std::string_view word) {
        std::size_t count = 0;
        const std::string all = log();
        for (std::size_t at = all.find(word); at != std::string::npos; at = all.find(word, at + 1)) ++count;
        return count;
    };
    EXPECT_EQ(times("event=candidate "), 1U) << log();
    EXPECT_EQ(times("event=candidate-conflicting "), 1U) << log();
    EXPECT_TRUE(kept().value().find("contoso.test")->is_conflicting());
}

TEST_F(DiscoveryTest, who_is_a_tenant_by_now_is_no_candidate) {
    live({seen("contoso.test"), seen("fabrikam.test")}, settings());
    auto loaded = tenant::read_tenants(R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"]}}})", {});
    live({}, settings(), std::make_shared<tenant::Index>(*std::move(loaded.index)));
    EXPECT_EQ(kept().value().find("contoso.test"), nullptr);
    EXPECT_NE(kept().value().find("fabrikam.test"), nullptr);
}

TEST_F(DiscoveryTest, a_file_that_cannot_be_used_is_told_of_and_made_anew) {
    std::ofstream(directory_.path("candidates")) << "exota candidates 1\nhalf a li";
    live({seen("contoso.test")}, settings());
    EXPECT_NE(log().find("event=candidates-unreadable"), std::string::npos) << log();
    EXPECT_NE(log().find("is cut short"), std::string::npos) << log();
    EXPECT_EQ(kept().value().size(), 1U);
}

TEST_F(DiscoveryTest, a_file_that_cannot_be_written_is_told_of) {
    DiscoverySettings nowhere = settings();
    nowhere.file = directory_.path("missing/candidates");
    live({seen("contoso.test")}, nowhere);
    EXPECT_NE(log().find("event=candidates-unwritten"), std::string::npos) << log();
}

TEST_F(DiscoveryTest, the_queue_is_bounded_on_both_sides) {
    for (const std::size_t room : {0U, 1U}) {
        DiscoverySettings small = settings();
        small.queue = room;
        telemetry::Log log({}, sink());
        Discovery discovery(small, log);
        discovery.use(nullptr);
        discovery.note(seen("contoso.test"));
        EXPECT_EQ(discovery.samples()->dropped, 1 - room);
    }
}

TEST_F(DiscoveryTest, nothing_is_noted_where_it_is_not_wanted) {
    {
        telemetry::Log log({}, sink());
        Discovery discovery(settings(), log);
        EXPECT_FALSE(discovery.samples());
        discovery.pause();
        discovery.note(seen("contoso.test"));
        EXPECT_FALSE(discovery.samples());
    }
    EXPECT_FALSE(std::filesystem::exists(directory_.path("candidates")));
    {
        telemetry::Log log({}, sink());
        Discovery discovery(settings(), log);
        discovery.use(nullptr);
        discovery.note(seen("contoso.test"));
        discovery.pause();  // by a reload
        discovery.note(seen("fabrikam.test"));
    }
    EXPECT_EQ(kept().value().size(), 1U);
}

/// Metrics are asked for on a thread of their own (ThreadSanitizer sees to it).
TEST_F(DiscoveryTest, its_samples_may_be_asked_for_while_it_begins) {
    telemetry::Log log({}, sink());
    Discovery discovery(settings(), log);
    std::thread metrics([&] {
        while (!discovery.samples()) std::this_thread::yield();
    });
    discovery.use(nullptr);
    metrics.join();
    EXPECT_TRUE(discovery.samples());
}

TEST_F(DiscoveryTest, limits_are_those_of_the_settings) {
    DiscoverySettings small = settings();
    small.limits.most = 2;
    live({seen("a.test"), seen("b.test"), seen("c.test")}, small);
    EXPECT_EQ(kept().value().size(), 2U);
}

}  // namespace
}  // namespace exota::app
