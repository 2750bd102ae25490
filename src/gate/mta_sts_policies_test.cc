#include "gate/mta_sts_policies.h"

#include <gtest/gtest.h>

#include "gate/policy_fixture.h"
#include "gate/resolving_world.h"

namespace exota::gate {
namespace {

using namespace std::chrono_literals;
using testing::KeptPolicies;
using testing::policy_text;
using testing::ResolvingWorld;
using testing::Zone;

class Policies : public ::testing::Test {
protected:
    ResolvingWorld world;
    KeptPolicies source{world};
    std::optional<MtaStsPolicies> policies{std::in_place, world, source};

    void id(const std::string& id) { world.zone = Zone("_mta-sts.a.test TXT v=STSv1; id=" + id); }
    void no_id() { world.zone = Zone("a.test TXT x"); }
    /// "enforce", "none: why", "-" where there is none.
    std::string found() {
        std::string text = "unanswered";
        policies->find("a.test",
                       [&](const StsFound& sts) { text = sts.policy ? std::string(name_of(sts.policy->mode)) : "-" + sts.failure; });
        world.end_turn();
        return text;
    }
    void restart() { policies.emplace(world, source); }
};

TEST_F(Policies, a_domain_without) {
    EXPECT_EQ(found(), "-");
    id("no good id");
    EXPECT_EQ(found(), "-");
    EXPECT_EQ(source.fetches, 0);
}

TEST_F(Policies, is_fetched_once_and_kept) {
    id("1");
    source.body = policy_text("enforce", 86400);
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 1);
    EXPECT_EQ(source.asked_host, "mta-sts.a.test");
    ASSERT_TRUE(source.kept.contains("a.test"));
    restart();
    EXPECT_EQ(found(), "enforce") << "from disk";
    EXPECT_EQ(source.fetches, 1);
}

TEST_F(Policies, holds_until_it_expires_whatever_txt_or_a_fetch_says) {
    id("1");
    source.body = policy_text("enforce", 86400);
    ASSERT_EQ(found(), "enforce");
    no_id();
    EXPECT_EQ(found(), "enforce") << "TXT is gone";
    world.zone = Zone("_mta-sts.a.test TXT fails");
    EXPECT_EQ(found(), "enforce") << "TXT fails";
    id("2");
    source.body = base::fail(base::Errc::unavailable, "status 404");
    EXPECT_EQ(found(), "enforce") << "the fetch fails";
    source.body = "<html>";
    world.time_of_day += 301s;
    EXPECT_EQ(found(), "enforce") << "no policy";
    world.time_of_day += 86400s;
    EXPECT_EQ(found(), "-MTA-STS policy of a.test: a line that is no field") << "expired";
}

TEST_F(Policies, a_newer_one_replaces_it_even_with_none) {
    id("1");
    source.body = policy_text("enforce", 86400);
    ASSERT_EQ(found(), "enforce");
    source.body = policy_text("none", 60);
    EXPECT_EQ(found(), "enforce") << "the same id: nobody fetches";
    id("2");
    EXPECT_EQ(found(), "none");
    EXPECT_EQ(source.fetches, 2);
}

TEST_F(Policies, is_refreshed_from_half_of_its_life_on_while_nobody_waits) {
    id("1");
    source.body = policy_text("enforce", 10 * 86400);
    ASSERT_EQ(found(), "enforce");
    world.time_of_day += 5 * 86400s - 1s;
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 1);
    world.time_of_day += 1s;
    source.silent = true;
    EXPECT_EQ(found(), "enforce") << "answered, though the fetch is not";
    EXPECT_EQ(source.fetches, 2);
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 2) << "one at a time";
    source.silent = false;
    source.deliver();
    world.end_turn();
    world.time_of_day += 9 * 86400s;
    EXPECT_EQ(found(), "enforce") << "began anew";
}

TEST_F(Policies, is_refreshed_whatever_txt_says) {
    for (const std::string_view txt : {"a.test TXT x", "_mta-sts.a.test TXT fails", "_mta-sts.a.test TXT v=STSv1; id=not one"}) {
        SCOPED_TRACE(std::string(txt));
        source.kept.clear();
        source.fetches = 0;
        restart();
        id("1");
        source.body = policy_text("enforce", 86400);
        ASSERT_EQ(found(), "enforce");
        world.zone = Zone(txt);
        world.time_of_day += 43'200s;
        source.body = policy_text("testing", 86400);
        EXPECT_EQ(found(), "enforce") << "nobody waits";
        EXPECT_EQ(source.fetches, 2);
        EXPECT_EQ(found(), "testing") << "whatever it was, it is the newer one";
        world.time_of_day += 43'200s;
        EXPECT_EQ(found(), "testing");
        EXPECT_EQ(source.fetches, 3);
        id("1");
        EXPECT_EQ(found(), "testing");
        EXPECT_EQ(source.fetches, 3) << "it kept the id under which it was first found";
    }
}

TEST_F(Policies, a_refresh_that_fails_is_tried_again_sooner_and_sooner) {
    id("1");
    source.body = policy_text("enforce", 16 * 86400);
    ASSERT_EQ(found(), "enforce");
    source.body = base::fail(base::Errc::unavailable, "status 404");
    world.time_of_day += 8 * 86400s;  // eight days are left: one day
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 2);
    world.time_of_day += 86400s - 1s;
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 2);
    world.time_of_day += 1s;
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 3);
    world.time_of_day += 7 * 86400s - 900s;  // a quarter of an hour is left
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 4);
    world.time_of_day += MtaStsPolicies::retry - 1s;
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 4);
    world.time_of_day += 1s;
    source.body = policy_text("enforce", 60);
    ASSERT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 5);
}

TEST_F(Policies, a_failed_fetch_is_tried_again_after_five_minutes) {
    id("1");
    source.body = base::fail(base::Errc::unavailable, "status 404");
    EXPECT_EQ(found(), "-MTA-STS policy of a.test: status 404");
    source.body = policy_text("enforce", 60);
    world.time_of_day += 299s;
    EXPECT_EQ(found(), "-MTA-STS policy of a.test: status 404");
    EXPECT_EQ(source.fetches, 1);
    world.time_of_day += 1s;
    EXPECT_EQ(found(), "enforce");
}

/// Who is not asked has not failed: there may be a policy, and mail waits for it.
TEST_F(Policies, one_that_there_was_no_room_to_fetch_is_not_known_to_be_none) {
    const auto find = [this] {
        std::optional<StsFound> told;
        policies->find("a.test", [&](const StsFound& sts) { told = sts; });
        world.end_turn();
        return told.value();
    };
    id("1");
    source.full = true;
    StsFound told = find();
    EXPECT_TRUE(told.undecided);
    EXPECT_EQ(told.policy, std::nullopt);
    EXPECT_EQ(told.failure, "MTA-STS policy of a.test: too many are being fetched");
    source.full = false;
    source.body = policy_text("enforce", 86400);
    told = find();
    EXPECT_TRUE(told.policy && !told.undecided) << "the next message asks, without a wait";
    id("2");
    source.full = true;
    told = find();
    EXPECT_TRUE(told.policy && !told.undecided) << "the one that is there holds";
    EXPECT_EQ(source.fetches, 3);
    no_id();
    world.time_of_day += 86400s;
    EXPECT_FALSE(find().undecided) << "TXT says that there is none";
}

TEST_F(Policies, txt_that_cannot_be_had) {
    world.zone = Zone("_mta-sts.a.test TXT bogus");
    EXPECT_EQ(found(), "-TXT of _mta-sts.a.test cannot be had");
    world.unable = true;
    EXPECT_EQ(found(), "-TXT of _mta-sts.a.test cannot be had");
    world.unable = false;
    no_id();
    EXPECT_EQ(found(), "-");
}

TEST_F(Policies, txt_that_is_never_answered_harms_neither_who_waits_nor_who_comes_later) {
    id("1");
    source.body = policy_text("enforce", 86400);
    ASSERT_EQ(found(), "enforce");
    id("2");
    world.silent = true;
    std::string late = "unanswered";
    policies->find("a.test", [&](const StsFound& sts) { late = sts.policy ? "held" : "none"; });
    world.end_turn();
    EXPECT_EQ(late, "unanswered");
    world.time_is_up();
    EXPECT_EQ(late, "held");
    world.silent = false;
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 2) << "asked again, so the new id is seen";
    world.silent = true;
    EXPECT_EQ(MtaStsPolicies(world, source).in_force("b.test"), std::nullopt);
}

TEST_F(Policies, what_is_in_force_is_known_without_asking) {
    id("1");
    source.body = policy_text("enforce", 86400);
    EXPECT_FALSE(policies->in_force("a.test"));
    ASSERT_EQ(found(), "enforce");
    restart();
    const std::size_t asked = world.asked.size();
    ASSERT_TRUE(policies->in_force("a.test"));
    EXPECT_EQ(policies->in_force("a.test")->mode, authn::MtaStsPolicy::Mode::enforce);
    world.time_of_day += 86400s;
    EXPECT_FALSE(policies->in_force("a.test"));
    EXPECT_EQ(world.asked.size(), asked);
}

TEST_F(Policies, one_that_another_loop_fetched_holds_here_too) {
    MtaStsPolicies other(world, source);
    const auto fetch_there = [&](std::string_view mode) {
        id("1");
        source.body = policy_text(mode, 86400);
        other.find("a.test", [](const StsFound&) {});
        world.end_turn();
    };
    ASSERT_EQ(found(), "-") << "looked for before there was one";
    ASSERT_FALSE(policies->in_force("a.test"));
    fetch_there("enforce");
    no_id();
    EXPECT_TRUE(policies->in_force("a.test"));
    restart();
    world.time_of_day += 86400s;
    ASSERT_EQ(found(), "-") << "expired";
    fetch_there("testing");
    no_id();
    EXPECT_EQ(found(), "testing") << "the later one of the two";
    EXPECT_EQ(source.fetches, 2);
    world.time_of_day += 86400s;
    ASSERT_EQ(found().substr(0, 1), "-");
    fetch_there("enforce");
    source.body = base::fail(base::Errc::unavailable, "status 404");
    EXPECT_EQ(found(), "enforce") << "where the fetch here fails";
}

TEST_F(Policies, an_older_one_on_disk_does_not_come_back) {
    id("1");
    source.body = policy_text("enforce", 86400);
    ASSERT_EQ(found(), "enforce");
    const std::string older = source.kept.at("a.test");
    world.time_of_day += 60s;
    id("2");
    source.body = policy_text("none", 60);
    ASSERT_EQ(found(), "none");
    source.kept["a.test"] = older;  // the newer one could not be stored
    world.time_of_day += 60s;
    no_id();
    EXPECT_EQ(found().substr(0, 1), "-");
}

TEST_F(Policies, one_from_the_future_holds_no_longer_than_its_life_and_is_fetched_anew) {
    no_id();
    const authn::MtaStsEntry future{"a.test", "1", world.time_of_day + std::chrono::years(50),
                                    authn::MtaStsPolicy::parse(policy_text("enforce", 86400)).value()};
    source.kept["a.test"] = future.text();
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 1);
    world.time_of_day += 86400s - 1s;
    EXPECT_EQ(found().substr(0, 7), "enforce");
    world.time_of_day += 1s;
    EXPECT_EQ(found().substr(0, 1), "-");
}

TEST_F(Policies, one_that_expires_at_once_holds_for_who_waits) {
    id("1");
    source.body = policy_text("enforce", 0);
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(source.fetches, 2);
}

TEST_F(Policies, all_who_wait_are_answered_by_one_fetch) {
    id("1");
    source.body = policy_text("testing", 60);
    int answered = 0;
    for (int i = 0; i < 3; ++i) policies->find("a.test", [&](const StsFound& sts) { answered += sts.policy.has_value() ? 1 : 0; });
    world.end_turn();
    EXPECT_EQ(answered, 3);
    EXPECT_EQ(source.fetches, 1);
    EXPECT_EQ(world.asked.size(), 1u);
}

TEST_F(Policies, what_is_on_disk_counts_only_if_it_is_that_domains_and_whole) {
    no_id();
    const authn::MtaStsEntry other{"b.test", "1", world.time_of_day, authn::MtaStsPolicy::parse(policy_text("enforce", 60)).value()};
    source.kept["a.test"] = other.text();
    EXPECT_EQ(found(), "-");
    authn::MtaStsEntry own = other;
    own.domain = "a.test";
    restart();
    source.kept["a.test"] = own.text().substr(1);
    EXPECT_EQ(found(), "-");
    restart();
    source.kept["a.test"] = own.text();
    EXPECT_EQ(found(), "enforce");
    world.time_of_day += 60s;
    EXPECT_EQ(found(), "-");
}

TEST_F(Policies, nothing_is_called_once_they_are_gone) {
    id("1");
    source.body = policy_text("enforce", 60);
    bool answered = false;
    policies->find("a.test", [&](const StsFound&) { answered = true; });
    policies.reset();
    world.end_turn();
    EXPECT_FALSE(answered);
}

/// As many domains as there may be, each with the longest policy, would be hundreds of megabytes.
TEST_F(Policies, policies_beyond_the_limit_of_octets_are_forgotten_and_read_again) {
    std::string long_policy = policy_text("enforce", 86400);
    for (std::size_t i = 1; i < authn::max_mta_sts_patterns; ++i) long_policy += "mx: " + std::string(54, 'x') + ".test\n";
    ASSERT_LE(long_policy.size(), authn::max_mta_sts_policy_octets);
    std::size_t most = 0, asked = 0;
    for (const std::size_t domains = MtaStsPolicies::max_octets / long_policy.size(); asked <= domains; ++asked) {
        const std::string domain = "d" + std::to_string(asked) + ".test";
        world.zone = Zone("_mta-sts." + domain + " TXT v=STSv1; id=1");
        source.body = long_policy;
        bool found = false;
        policies->find(domain, [&](const StsFound& sts) { found = sts.policy.has_value(); });
        world.end_turn();
        ASSERT_TRUE(found) << asked;
        most = std::max(most, policies->octets());
    }
    EXPECT_LT(most, MtaStsPolicies::max_octets + 2 * authn::max_mta_sts_policy_octets);
    EXPECT_GT(most, MtaStsPolicies::max_octets - 2 * authn::max_mta_sts_policy_octets);
    EXPECT_LT(policies->octets(), MtaStsPolicies::max_octets / 2) << "it was passed, and they were forgotten";
    const int loads = source.loads;
    ASSERT_TRUE(policies->in_force("d0.test"));
    EXPECT_EQ(source.loads, loads + 1);
}

TEST_F(Policies, domains_beyond_the_limit_are_forgotten_and_read_again) {
    id("1");
    source.body = policy_text("enforce", 86400);
    ASSERT_EQ(found(), "enforce");
    for (std::size_t i = 0; i < MtaStsPolicies::max_domains; ++i) {
        policies->find("d" + std::to_string(i) + ".test", [](const StsFound&) {});
        world.end_turn();
    }
    const int loads = source.loads;
    EXPECT_EQ(found(), "enforce");
    EXPECT_EQ(source.loads, loads + 1);
    EXPECT_EQ(source.fetches, 1);
}

}  // namespace
}  // namespace exota::gate
