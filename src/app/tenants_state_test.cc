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

std::size_t count_of(const std::string& text, std::string_view word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
    return count;
}

TEST(TenantsStateLog, another_reason_is_told_but_not_at_once) {
    for (const auto again : {std::chrono::milliseconds(0), std::chrono::milliseconds(1h)}) {
        const auto status = std::make_shared<directory::SourceStatus>(60s);
        auto sink = std::make_unique<telemetry::testing::MemorySink>();
        const auto lines = sink->lines();
        {
            net::Loop control;
            telemetry::Log log({}, std::move(sink));
            telemetry::Metrics metrics("test");
            TenantsState state(control, log, metrics, again);
            state.add(status);
            status->confirmed();
            state.look();
            for (const char* const why : {"refused", "refused", "wrong password", "wrong password"}) {
                status->trouble(why);
                state.look();
            }
        }
        const bool tells = again == std::chrono::milliseconds(0);
        EXPECT_EQ(count_of(lines->all(), "tenants-stale"), tells ? 2U : 1U) << lines->all();
        EXPECT_EQ(count_of(lines->all(), "wrong password"), tells ? 1U : 0U) << lines->all();
    }
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
