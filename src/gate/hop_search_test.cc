#include "gate/hop_search.h"

#include <gtest/gtest.h>

#include "gate/policy_fixture.h"
#include "gate/resolving_world.h"

namespace exota::gate {
namespace {

using testing::KeptPolicies;
using testing::policy_text;
using testing::ResolvingWorld;
using testing::Zone;

const std::string digest(32, 'x');
const std::string two_hosts =
    "a.test MX 10 one.test\na.test MX 20 two.test\none.test! A 192.0.2.1\none.test! AAAA 2001:db8::1\ntwo.test A 192.0.2.2\n";

class Search : public ::testing::Test {
protected:
    ResolvingWorld world;
    KeptPolicies source{world};
    MtaStsPolicies policies{world, source};
    std::shared_ptr<RelaySettings> settings = std::make_shared<RelaySettings>();
    std::optional<FoundHops> last;
    std::shared_ptr<HopSearch> search;

    void begin() {
        last.reset();
        search = HopSearch::begin(world, &policies, settings, {Destination::Kind::mx, "a.test", 25},
                                  [this](FoundHops found) { last = std::move(found); });
    }
    /// "one.test 192.0.2.1 dane, …" or the reply; behind "; " why.
    std::string text() const {
        if (!last) return "unanswered";
        std::string out = last->targets.empty() ? std::to_string(last->failure.code) + ' ' + std::string(last->failure.enhanced) : "";
        for (const HopTarget& target : last->targets)
            out.append(out.empty() ? "" : ", ")
                .append(target.host)
                .append(" ")
                .append(target.address.text())
                .append(" ")
                .append(name_of(target.tls->level));
        return out + (last->why.empty() ? "" : "; " + last->why);
    }
    std::string found() {
        begin();
        world.end_turn();
        return text();
    }
};

TEST_F(Search, each_address_of_each_host_with_what_it_must_show) {
    world.zone = Zone(two_hosts + "_25._tcp.one.test! TLSA 3 1 1 " + digest);
    EXPECT_EQ(found(), "one.test 2001:db8::1 dane, one.test 192.0.2.1 dane, two.test 192.0.2.2 encrypt");
    settings->tls_level = TlsLevel::verify;
    EXPECT_EQ(found(), "one.test 2001:db8::1 verify, one.test 192.0.2.1 verify, two.test 192.0.2.2 verify");
}

TEST_F(Search, hosts_that_cannot_be_trusted_are_left_out) {
    world.zone = Zone(two_hosts + "_25._tcp.one.test TLSA bogus");
    EXPECT_EQ(found(), "two.test 192.0.2.2 encrypt; TLSA of one.test is bogus");
    settings->tls_level = TlsLevel::dane_only;
    EXPECT_EQ(found(), "451 4.7.5; TLSA of one.test is bogus; no secure TLSA of two.test");
}

TEST_F(Search, a_policy_is_asked_for_where_a_host_has_no_tlsa) {
    const std::string policy = "_mta-sts.a.test TXT v=STSv1; id=1\n";
    world.zone = Zone(two_hosts + policy);
    source.body = policy_text("enforce", 60, "two.test");
    EXPECT_EQ(found(), "two.test 192.0.2.2 verify; MTA-STS does not name one.test");
    world.zone = Zone(two_hosts + policy + "_25._tcp.one.test! TLSA 3 1 1 " + digest);
    EXPECT_EQ(found(), "one.test 2001:db8::1 dane, one.test 192.0.2.1 dane, two.test 192.0.2.2 verify");
    settings->mta_sts = false;
    EXPECT_EQ(found(), "one.test 2001:db8::1 dane, one.test 192.0.2.1 dane, two.test 192.0.2.2 encrypt");
}

TEST_F(Search, all_of_one_policy_at_fault) {
    world.zone = Zone(two_hosts + "_mta-sts.a.test TXT v=STSv1; id=1");
    source.body = policy_text("enforce", 60, "three.test");
    EXPECT_EQ(found(), "451 4.7.5; MTA-STS does not name one.test; MTA-STS does not name two.test");
}

TEST_F(Search, a_policy_that_cannot_be_had_is_told) {
    world.zone = Zone("a.test MX 1 one.test\none.test A 192.0.2.1\n_mta-sts.a.test TXT v=STSv1; id=1");
    EXPECT_EQ(found(), "one.test 192.0.2.1 encrypt; MTA-STS policy of a.test: nobody there");
}

TEST_F(Search, a_policy_that_there_was_no_room_to_ask_for_is_waited_for) {
    const std::string policy = "_mta-sts.a.test TXT v=STSv1; id=1\n";
    source.full = true;
    world.zone = Zone("a.test MX 1 one.test\na.test MX 2 two.test\none.test A 192.0.2.1\ntwo.test A 192.0.2.2\n" + policy);
    EXPECT_EQ(found(), "451 4.7.5; MTA-STS policy of a.test: too many are being fetched");
    world.zone = Zone(two_hosts + policy + "_25._tcp.one.test! TLSA 3 1 1 " + digest);
    EXPECT_EQ(found(), "one.test 2001:db8::1 dane, one.test 192.0.2.1 dane; MTA-STS policy of a.test: too many are being fetched");
    source.full = false;
    source.body = policy_text("enforce", 60, "*.test");
    EXPECT_EQ(found(), "one.test 2001:db8::1 dane, one.test 192.0.2.1 dane, two.test 192.0.2.2 verify");
}

TEST_F(Search, nobody_is_asked_for_a_policy_without_need) {
    world.zone = Zone("a.test MX 1 one.test\none.test! A 192.0.2.1\n_25._tcp.one.test! TLSA 3 1 1 " + digest);
    EXPECT_EQ(found(), "one.test 192.0.2.1 dane");
    EXPECT_EQ(world.times_asked(authn::RecordType::txt), 0u);
}

TEST_F(Search, what_nobody_can_answer) {
    EXPECT_EQ(found(), "550 5.1.2");
    world.unable = true;
    EXPECT_EQ(found(), "451 4.4.3");
}

TEST_F(Search, what_nobody_answers_in_time_is_a_failure) {
    world.silent = true;
    EXPECT_EQ(found(), "unanswered");
    world.time_is_up();
    EXPECT_EQ(text(), "451 4.4.3");
}

TEST_F(Search, a_policy_that_comes_too_late_is_none) {
    world.zone = Zone("a.test MX 1 one.test\none.test A 192.0.2.1\n_mta-sts.a.test TXT v=STSv1; id=1");
    source.silent = true;
    EXPECT_EQ(found(), "unanswered");
    world.time_is_up();
    EXPECT_EQ(text(), "one.test 192.0.2.1 encrypt; MTA-STS: out of time");
    source.deliver();
    world.end_turn();
    EXPECT_EQ(last->targets.size(), 1u) << "and told once";
}

TEST_F(Search, a_policy_in_force_holds_though_no_newer_one_comes_in_time) {
    const std::string zone = "a.test MX 1 one.test\na.test MX 2 two.test\none.test A 192.0.2.1\ntwo.test A 192.0.2.2\n";
    world.zone = Zone(zone + "_mta-sts.a.test TXT v=STSv1; id=1");
    source.body = policy_text("enforce", 86400, "two.test");
    ASSERT_EQ(found(), "two.test 192.0.2.2 verify; MTA-STS does not name one.test");
    const std::string held = "two.test 192.0.2.2 verify; MTA-STS: out of time; MTA-STS does not name one.test";
    world.zone = Zone(zone + "_mta-sts.a.test TXT v=STSv1; id=2");
    source.silent = true;
    EXPECT_EQ(found(), "unanswered");
    world.time_is_up();
    EXPECT_EQ(text(), held);
}

TEST_F(Search, a_policy_in_force_holds_where_time_was_up_before_it_was_asked_for) {
    world.zone = Zone("a.test MX 1 one.test\none.test A 192.0.2.1\n_mta-sts.a.test TXT v=STSv1; id=1");
    source.body = policy_text("enforce", 86400, "one.test");
    ASSERT_EQ(found(), "one.test 192.0.2.1 verify");
    world.silent_for = authn::RecordType::aaaa;  // so the policy is asked for when time is up
    EXPECT_EQ(found(), "unanswered");
    world.time_is_up();
    EXPECT_EQ(text(), "one.test 192.0.2.1 verify; MTA-STS: out of time");
}

TEST_F(Search, tlsa_that_comes_too_late_is_no_reason_to_do_without) {
    world.zone = Zone("a.test MX 1 one.test\none.test! A 192.0.2.1\n");
    begin();
    for (int turns = 0; turns < 3; ++turns) {  // begins, MX, addresses
        for (const auto& then : std::exchange(world.soon, {})) then();
        world.silent = turns >= 1;
    }
    ASSERT_EQ(world.times_asked(authn::RecordType::tlsa), 1u);
    world.time_is_up();
    EXPECT_EQ(text(), "451 4.7.5; TLSA of one.test cannot be had");
}

TEST_F(Search, one_that_is_given_up_says_nothing) {
    world.zone = Zone(two_hosts);
    begin();
    search.reset();
    world.end_turn();
    world.time_is_up();
    EXPECT_EQ(text(), "unanswered");
}

TEST_F(Search, no_more_targets_than_the_limit) {
    std::string zone;
    for (int host = 0; host < 5; ++host) {
        const std::string name = "m" + std::to_string(host) + ".test";
        zone += "a.test MX 1 " + name + "\n";
        for (int i = 0; i < 10; ++i) zone += name + " A 192.0.2." + std::to_string(host * 10 + i) + "\n";
    }
    world.zone = Zone(zone);
    found();
    EXPECT_EQ(last->targets.size(), max_hop_targets);
}

}  // namespace
}  // namespace exota::gate
