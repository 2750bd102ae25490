#include "gate/client_check.h"

#include <gtest/gtest.h>

#include "gate/door_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using authn::DnsblSays;
using authn::DnsblWorks;
using decision::ClientStanding;
using Is = ClientStanding::Is;
using Family = DnsblState::Family;
using Use = DnsblState::Use;

class ClientChecks : public ::testing::Test {
protected:
    /// What becomes known of the client, with all turns of the loop that it takes.
    ClientStanding of(std::string_view address, const Snapshot& snapshot) {
        check.emplace(world, shared(snapshot), session_from(address), [this] { ++settled; });
        const bool at_once = check->ask();
        EXPECT_EQ(at_once, check->is_known());
        while (!check->is_known() && !world.soon.empty()) world.end_turn();
        EXPECT_TRUE(check->is_known());
        EXPECT_EQ(settled, at_once ? 0 : 1);
        settled = 0;
        return check->is_known() ? check->standing() : ClientStanding{};
    }
    ResolvingWorld world;
    std::optional<ClientCheck> check;
    int settled = 0;
};

TEST_F(ClientChecks, who_is_asked_about_and_what_comes_of_it) {
    Snapshot snapshot = door_snapshot({.allowed = {"192.0.2.0/28"}, .blocked = {"192.0.2.0/24"}, .dnsbl = {"bl.test", "white.test*-2"}});
    snapshot.rules.inbound->trusted_forwarders.clients = {base::IpPrefix::parse("203.0.113.0/24").value()};
    snapshot.rules.bypass_clients = {base::IpPrefix::parse("10.0.0.0/8").value()};
    world.zone = Zone(
        "7.100.51.198.bl.test A 127.0.0.2\n"
        "7.100.51.198.bl.test TXT because of 198.51.100.7\n"
        "8.100.51.198.bl.test A 127.0.0.2\n"
        "8.100.51.198.white.test A 127.0.0.2\n"
        "9.100.51.198.bl.test A 127.255.255.254\n"
        "10.100.51.198.bl.test A fails\n"
        "1.0.92.40.bl.test A 127.0.0.2\n"
        "1.0.93.40.bl.test A 127.0.0.2\n"
        "1.113.0.203.bl.test A 127.0.0.2\n"
        "1.0.0.10.bl.test A 127.0.0.2\n"
        "1.2.0.192.bl.test A 127.0.0.2\n");
    struct Case {
        std::string_view name, address;
        Is want;
        std::string_view list = {}, text = {};
    };
    const Case cases[] = {
        {"allowed, though blocked and listed", "192.0.2.1", Is::allowed},
        {"blocked", "192.0.2.99", Is::blocked},
        {"nobody says anything", "198.51.100.1", Is::passes},
        {"listed", "198.51.100.7", Is::listed, "bl.test", "because of 198.51.100.7"},
        {"let in by another list", "198.51.100.8", Is::passes},
        {"the list's error", "198.51.100.9", Is::passes},
        {"no answer", "198.51.100.10", Is::passes},
        {"Exchange Online", "40.92.0.1", Is::passes},
        {"its relay pool", "40.93.0.1", Is::listed, "bl.test"},
        {"trusted forwarder", "203.0.113.1", Is::passes},
        {"bypassed", "10.0.0.1", Is::passes},
    };
    for (const Case& c : cases) {
        const ClientStanding standing = of(c.address, snapshot);
        EXPECT_EQ(standing.is, c.want) << c.name;
        EXPECT_EQ(standing.list, c.list) << c.name;
        EXPECT_EQ(standing.text, c.text) << c.name;
    }
}

TEST_F(ClientChecks, whoever_needs_no_list_is_not_asked_about) {
    const Snapshot snapshot = door_snapshot({.allowed = {"192.0.2.1"}, .blocked = {"192.0.2.2"}, .dnsbl = {"bl.test"}});
    for (const std::string_view address : {"192.0.2.1", "192.0.2.2", "40.92.0.1"}) of(address, snapshot);
    EXPECT_TRUE(world.asked.empty());
    check.emplace(world, shared(snapshot), evidence::Session{}, [] {});
    EXPECT_TRUE(check->ask()) << "a local client";
    EXPECT_EQ(check->standing().is, Is::passes);
}

TEST_F(ClientChecks, what_we_do_not_ask_is_no_silence_of_the_list) {
    world.unable = true;
    const Snapshot snapshot = door_snapshot({.dnsbl = {"bl.test"}});
    for (unsigned i = 0; i <= DnsblState::most_silences; ++i) of("192.0.2.1", snapshot);
    EXPECT_TRUE(snapshot.door->dnsbl[0].state->in_use(Family::ipv4));
}

TEST_F(ClientChecks, filters_of_one_list_make_one_silence) {
    const auto lists = door_lists({.dnsbl = {"bl.test=127.0.0.2", "bl.test=127.0.0.3"}});
    const auto& dnsbl = lists->dnsbl;
    lists->dnsbl[1].state = lists->dnsbl[0].state;
    Snapshot snapshot = door_snapshot({});
    snapshot.door = lists;
    world.zone = Zone("1.2.0.192.bl.test A fails\n2.2.0.192.bl.test A 127.0.0.3\n");
    of("192.0.2.1", snapshot);
    EXPECT_EQ(dnsbl[0].state->count(DnsblSays::no_answer), 1U);
    of("192.0.2.2", snapshot);
    EXPECT_EQ(dnsbl[0].state->count(DnsblSays::listed), 1U);
    EXPECT_EQ(dnsbl[0].state->count(DnsblSays::not_listed), 0U);
}

TEST_F(ClientChecks, a_reverse_name_may_be_wanted) {
    const Snapshot snapshot = door_snapshot({.require_ptr = true});
    world.zone = Zone(
        "1.2.0.192.in-addr.arpa PTR mail.test\n"
        "mail.test A 192.0.2.1\n"
        "2.2.0.192.in-addr.arpa PTR liar.test\n"
        "liar.test A 192.0.2.1\n"
        "3.2.0.192.in-addr.arpa PTR fails\n");
    EXPECT_EQ(of("192.0.2.1", snapshot).is, Is::passes);
    EXPECT_EQ(of("192.0.2.2", snapshot).is, Is::no_reverse_name);
    EXPECT_EQ(of("192.0.2.3", snapshot).is, Is::passes) << "nobody is refused for want of an answer";
    EXPECT_EQ(of("192.0.2.4", snapshot).is, Is::no_reverse_name);
    EXPECT_EQ(of("40.92.0.1", snapshot).is, Is::passes);
    EXPECT_EQ(of("192.0.2.2", door_snapshot({})).is, Is::passes);
}

TEST_F(ClientChecks, what_is_silent_weighs_nothing) {
    world.silent = true;
    const Snapshot snapshot = door_snapshot({.dnsbl = {"bl.test"}, .require_ptr = true});
    check.emplace(world, shared(snapshot), session_from("192.0.2.1"), [this] { ++settled; });
    EXPECT_FALSE(check->ask());
    world.end_turn();
    EXPECT_FALSE(check->is_known());
    world.time_is_up();
    ASSERT_TRUE(check->is_known());
    EXPECT_EQ(settled, 1);
    EXPECT_EQ(check->standing().is, Is::passes);
    EXPECT_EQ(snapshot.door->dnsbl[0].state->count(DnsblSays::no_answer), 1U);
}

TEST_F(ClientChecks, nobody_can_be_asked) {
    world.unable = true;
    const Snapshot snapshot = door_snapshot({.dnsbl = {"bl.test"}, .require_ptr = true});
    EXPECT_EQ(of("192.0.2.1", snapshot).is, Is::passes);
}

TEST_F(ClientChecks, may_be_dropped_while_it_waits) {
    const Snapshot snapshot = door_snapshot({.dnsbl = {"bl.test"}, .require_ptr = true});
    check.emplace(world, shared(snapshot), session_from("192.0.2.1"), [this] { ++settled; });
    EXPECT_FALSE(check->ask());
    check.reset();
    world.end_turn();
    world.time_is_up();
    EXPECT_EQ(settled, 0);
}

TEST_F(ClientChecks, only_lists_that_passed_their_test_are_asked) {
    const Snapshot snapshot = door_snapshot({.dnsbl = {"bl.test"}});
    world.zone = Zone("1.2.0.192.bl.test A 127.0.0.2\n");
    DnsblState& state = *snapshot.door->dnsbl[0].state;
    for (const DnsblWorks works : {DnsblWorks::lists_all, DnsblWorks::lists_nobody}) {
        state.tested(Family::ipv4, works);
        EXPECT_EQ(of("192.0.2.1", snapshot).is, Is::passes) << name_of(works);
        state.tested(Family::ipv4, DnsblWorks::no_answer);
        EXPECT_EQ(state.use(Family::ipv4), Use::failed) << "silence is no success";
    }
    EXPECT_TRUE(world.asked.empty());
    EXPECT_TRUE(state.in_use(Family::ipv6));
    state.tested(Family::ipv4, DnsblWorks::yes);
    EXPECT_EQ(of("192.0.2.1", snapshot).is, Is::listed);
    EXPECT_EQ(state.count(DnsblSays::listed), 1U);
}

TEST_F(ClientChecks, a_list_that_goes_away_costs_a_few_clients_time_and_no_more) {
    const Snapshot snapshot = door_snapshot({.dnsbl = {"bl.test"}});
    DnsblState& state = *snapshot.door->dnsbl[0].state;
    world.zone = Zone("1.2.0.192.bl.test A fails\n");
    for (unsigned i = 1; i < DnsblState::most_silences; ++i) of("192.0.2.1", snapshot);
    of("192.0.2.2", snapshot);  // it answers once
    for (unsigned i = 1; i < DnsblState::most_silences; ++i) of("192.0.2.1", snapshot);
    EXPECT_EQ(state.use(Family::ipv4), Use::in_use);
    of("192.0.2.1", snapshot);
    EXPECT_EQ(state.use(Family::ipv4), Use::silent);
    const std::size_t asked = world.asked.size();
    of("192.0.2.3", snapshot);
    EXPECT_EQ(world.asked.size(), asked);
    state.tested(Family::ipv4, DnsblWorks::yes);
    of("192.0.2.3", snapshot);
    EXPECT_EQ(world.asked.size(), asked + 1);
}

TEST(DnsblState, untested_lists_are_not_in_use) {
    DnsblState state;
    EXPECT_EQ(state.use(Family::ipv4), Use::untested);
    EXPECT_FALSE(state.in_use(Family::ipv4));
    state.tested(Family::ipv4, DnsblWorks::no_answer);
    EXPECT_EQ(state.use(Family::ipv4), Use::silent);
    EXPECT_EQ(name_of(Family::ipv4), "ipv4");
    EXPECT_EQ(name_of(Family::ipv6), "ipv6");
}

}  // namespace
}  // namespace exota::gate
