#include "app/dnsbl_watch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gate/resolving_world.h"

namespace exota::app {
namespace {

using authn::DnsblWorks;
using gate::DnsblState;
using Family = DnsblState::Family;
using Use = DnsblState::Use;

class DnsblWatchTest : public ::testing::Test {
protected:
    std::shared_ptr<gate::DoorLists> lists(std::initializer_list<std::string_view> names) {
        auto out = std::make_shared<gate::DoorLists>();
        for (const std::string_view name : names) out->dnsbl.push_back({authn::Dnsbl::parse(name).value(), std::make_shared<DnsblState>()});
        return out;
    }
    static Use use_of(const gate::DoorLists& lists, std::size_t i, Family family = Family::ipv4) {
        return lists.dnsbl[i].state->use(family);
    }
    void a_minute_passes() {
        told.clear();
        world.time_is_up();
        world.end_turn();
    }
    static constexpr std::string_view works = "2.0.0.127.bl.test A 127.0.0.2\n";

    gate::testing::ResolvingWorld world;
    std::vector<std::string> told;  // "bl.test ipv4 works!", with the '!' where it changed
    DnsblWatch watch{world, [this](const DnsblWatch::News& news) {
                         told.push_back(news.list.shown() + ' ' + std::string(name_of(news.family)) + ' ' +
                                        std::string(name_of(news.works)) + (news.changed ? "!" : ""));
                     }};
};

using Told = std::vector<std::string>;

TEST_F(DnsblWatchTest, tests_new_lists_at_once) {
    world.zone = gate::testing::Zone(std::string(works) +
                                     "2.0.0.127.all.test A 127.0.0.2\n"
                                     "1.0.0.127.all.test A 127.0.0.2\n");
    const auto first = lists({"bl.test", "all.test", "gone.test"});
    watch.use(first);
    EXPECT_EQ(use_of(*first, 0), Use::untested);
    world.end_turn();
    EXPECT_EQ(use_of(*first, 0), Use::in_use);
    EXPECT_EQ(use_of(*first, 0, Family::ipv6), Use::failed) << "it has no IPv6 addresses";
    EXPECT_EQ(use_of(*first, 1), Use::failed);
    EXPECT_EQ(use_of(*first, 2), Use::failed);
    EXPECT_EQ(told, (Told{"bl.test ipv4 works!", "bl.test ipv6 lists-nobody!", "all.test ipv4 lists-all!", "all.test ipv6 lists-nobody!",
                          "gone.test ipv4 lists-nobody!", "gone.test ipv6 lists-nobody!"}));
}

TEST_F(DnsblWatchTest, tests_all_of_them_each_hour) {
    world.zone = gate::testing::Zone(works);
    const auto first = lists({"bl.test"});
    watch.use(first);
    world.end_turn();
    for (int minute = 1; minute < 60; ++minute) {
        a_minute_passes();
        EXPECT_EQ(told, Told{}) << minute;
    }
    world.zone = gate::testing::Zone("");
    a_minute_passes();
    EXPECT_EQ(told, (Told{"bl.test ipv4 lists-nobody!", "bl.test ipv6 lists-nobody"}));
    EXPECT_EQ(use_of(*first, 0), Use::failed);
    world.zone = gate::testing::Zone(works);
    for (int minute = 1; minute <= 60; ++minute) a_minute_passes();
    EXPECT_EQ(use_of(*first, 0), Use::in_use);
}

TEST_F(DnsblWatchTest, asks_one_that_is_silent_each_minute) {
    world.silent = true;
    const auto first = lists({"bl.test"});
    watch.use(first);
    world.end_turn();
    EXPECT_EQ(use_of(*first, 0), Use::untested);
    a_minute_passes();  // its test ends, and the next one begins
    EXPECT_EQ(use_of(*first, 0), Use::silent);
    EXPECT_EQ(told, (Told{"bl.test ipv4 no-answer!", "bl.test ipv6 no-answer!"}));
    world.silent = false;
    world.zone = gate::testing::Zone(works);
    a_minute_passes();
    a_minute_passes();
    EXPECT_EQ(use_of(*first, 0), Use::in_use);
}

TEST_F(DnsblWatchTest, reloads_do_not_put_off_the_hour) {
    world.zone = gate::testing::Zone(works);
    const auto first = lists({"bl.test"});
    watch.use(first);
    world.end_turn();
    world.zone = gate::testing::Zone(std::string(works) + "1.0.0.127.bl.test A 127.0.0.2\n");
    for (int minute = 1; minute <= 60; ++minute) {
        watch.use(std::make_shared<gate::DoorLists>(*first));
        world.end_turn();
        watch.use(std::make_shared<gate::DoorLists>(*first));
        EXPECT_EQ(std::ranges::count_if(world.alarms, [](const auto& alarm) { return !alarm.expired(); }), 1)
            << "one clock, however many reloads";
        a_minute_passes();
    }
    EXPECT_EQ(use_of(*first, 0), Use::failed);
}

TEST_F(DnsblWatchTest, a_reload_leaves_a_test_under_way_and_does_not_repeat_it) {
    world.silent = true;
    const auto first = lists({"bl.test"});
    watch.use(first);
    const std::size_t asked = world.asked.size();
    auto second = std::make_shared<gate::DoorLists>(*first);
    second->dnsbl.push_back(lists({"new.test"})->dnsbl.front());
    watch.use(second);
    EXPECT_EQ(world.asked.size(), 2 * asked) << "the new list alone";
    a_minute_passes();
    EXPECT_EQ(use_of(*first, 0), Use::silent);
    EXPECT_EQ(use_of(*second, 1), Use::silent);
}

TEST_F(DnsblWatchTest, one_that_hangs_holds_up_no_other) {
    world.zone = gate::testing::Zone(works);
    world.answers = 4;  // both families of the first list
    const auto first = lists({"bl.test", "hangs.test"});
    watch.use(first);
    world.end_turn();
    EXPECT_EQ(use_of(*first, 0), Use::in_use);
    EXPECT_EQ(use_of(*first, 1), Use::untested);
}

TEST_F(DnsblWatchTest, tells_of_one_that_clients_found_silent) {
    world.zone = gate::testing::Zone(works);
    const auto first = lists({"bl.test"});
    watch.use(first);
    world.end_turn();
    world.silent = true;
    for (unsigned i = 0; i < DnsblState::most_silences; ++i) first->dnsbl[0].state->said(Family::ipv4, authn::DnsblSays::no_answer);
    ASSERT_EQ(use_of(*first, 0), Use::silent);
    a_minute_passes();  // its test begins
    a_minute_passes();
    EXPECT_EQ(told, (Told{"bl.test ipv4 no-answer!"}));
}

TEST_F(DnsblWatchTest, several_filters_of_one_list_are_tested_once) {
    auto first = lists({"bl.test=127.0.0.2", "bl.test=127.0.0.3"});
    first->dnsbl[1].state = first->dnsbl[0].state;
    watch.use(first);
    EXPECT_EQ(world.asked.size(), 4U);
}

TEST_F(DnsblWatchTest, what_is_known_of_a_list_is_not_asked_again_for_a_reload) {
    world.zone = gate::testing::Zone(works);
    const auto first = lists({"bl.test"});
    watch.use(first);
    world.end_turn();
    const std::size_t asked = world.asked.size();
    auto second = std::make_shared<gate::DoorLists>(*first);
    watch.use(second);
    world.end_turn();
    EXPECT_EQ(world.asked.size(), asked);
    watch.use(nullptr);
    a_minute_passes();
    EXPECT_EQ(world.asked.size(), asked);
}

}  // namespace
}  // namespace exota::app
