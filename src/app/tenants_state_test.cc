#include "app/tenants_state.h"

#include <gtest/gtest.h>

#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/testing.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;

struct State : testing::Test {
    directory::Clock::time_point now = directory::Clock::now();
    std::shared_ptr<directory::SourceStatus> one = std::make_shared<directory::SourceStatus>(60s, [this] { return now; });
    std::shared_ptr<directory::SourceStatus> other = std::make_shared<directory::SourceStatus>(60s, [this] { return now; });
    net::Loop control;
    telemetry::Log log{{}};
    telemetry::Metrics metrics{"test"};
    TenantsState state{control, log, metrics};

    gate::TenantsAre are() const { return state.tenants_are()->load(); }
    bool shows(const std::string& name) const {
        return metrics.text().find("exota_tenants_state{state=\"" + name + "\"} 1\n") != std::string::npos;
    }
};

TEST_F(State, a_file_is_always_loaded) {
    state.watch(1s);
    EXPECT_TRUE(state.serves());
    EXPECT_EQ(are(), gate::TenantsAre::current);
    EXPECT_TRUE(shows("loaded"));
}

TEST_F(State, the_worst_of_all_loops_counts) {
    state.add(one);
    state.add(other);
    state.look();
    EXPECT_FALSE(state.serves());
    EXPECT_EQ(are(), gate::TenantsAre::outdated);
    one->confirmed();
    state.look();
    EXPECT_FALSE(state.serves());
    other->confirmed();
    state.look();
    EXPECT_TRUE(state.serves());
    EXPECT_EQ(are(), gate::TenantsAre::current);
    EXPECT_TRUE(shows("loaded"));
    other->trouble("gone");
    state.look();
    EXPECT_TRUE(state.serves());
    EXPECT_EQ(are(), gate::TenantsAre::stale);
    EXPECT_TRUE(shows("stale"));
    now += 60s;
    state.look();
    EXPECT_FALSE(state.serves());
    EXPECT_EQ(are(), gate::TenantsAre::outdated);
    EXPECT_TRUE(shows("failed"));
    other->confirmed();
    state.look();
    EXPECT_EQ(are(), gate::TenantsAre::current);
}

TEST_F(State, what_a_source_brought_counts_as_loaded_once_it_is_judged_by) {
    bool has_news = false;
    state.add(one, [&has_news] { return has_news; });
    one->had(1s);
    state.look();
    const auto kept = state.tenants_are();
    EXPECT_EQ(*kept, gate::TenantsAre::stale);
    has_news = true;
    one->confirmed();
    state.look();
    EXPECT_EQ(*kept, gate::TenantsAre::stale) << "who is new is unknown to those that are judged by";
    EXPECT_TRUE(shows("stale"));
    has_news = false;
    const auto brought = state.tenants_are_anew();
    EXPECT_EQ(*brought, gate::TenantsAre::current);
    EXPECT_EQ(*kept, gate::TenantsAre::stale) << "messages in hand may still be judged by those of before";
    EXPECT_TRUE(shows("loaded"));
    has_news = true;
    one->trouble("gone");
    state.look();
    EXPECT_EQ(*brought, gate::TenantsAre::stale) << "trouble is believed at once";
}

}  // namespace
}  // namespace exota::app
