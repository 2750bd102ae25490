#include "gate/reverse_name.h"

#include <gtest/gtest.h>

#include "gate/gateway_fixture.h"

namespace exota::gate {
namespace {

using namespace testing;
using authn::DnsStatus;
using State = ReverseName::State;

class ReverseNames : public ::testing::Test {
protected:
    ReverseName& of(std::string_view address) {
        world.asks = true;
        return name.emplace(world, base::IpAddress::parse(address).value(), [this] { ++settled; });
    }
    void names(std::vector<std::string> records) {
        world.answer("1.2.0.192.in-addr.arpa", {.status = DnsStatus::data, .records = std::move(records)});
    }
    void leads_to(std::string_view asked, std::string address) {
        world.answer(asked, {.status = DnsStatus::data, .records = {std::move(address)}});
    }
    const std::string own{"\xc0\x00\x02\x01", 4}, other{"\xc0\x00\x02\x02", 4};
    NamedWorld world;
    std::optional<ReverseName> name;
    int settled = 0;
};

TEST_F(ReverseNames, the_question) {
    EXPECT_EQ(reverse_question(base::IpAddress::parse("192.0.2.1").value()), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_question(base::IpAddress::parse("2001:db8::1").value()),
              "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_F(ReverseNames, a_name_that_leads_back_is_known) {
    of("192.0.2.1").ask();
    name->ask();
    ASSERT_EQ(world.held.size(), 1U) << "asked once";
    EXPECT_EQ(name->state(), State::asking);
    names({"Other.test", "Mail.test"});
    leads_to("other.test", other);
    EXPECT_EQ(name->state(), State::asking);
    leads_to("mail.test", own);
    EXPECT_EQ(name->state(), State::known);
    EXPECT_EQ(name->name(), "mail.test");
    EXPECT_EQ(settled, 1);
}

TEST_F(ReverseNames, what_leads_elsewhere_or_is_no_name_is_none) {
    of("192.0.2.1").ask();
    names({"bad name.test", "[192.0.2.1]", "", "other.test", std::string(300, 'a')});
    ASSERT_EQ(world.held.size(), 1U);
    leads_to("other.test", other);
    EXPECT_EQ(name->state(), State::none);
    EXPECT_EQ(name->name(), "");

    of("192.0.2.1").ask();
    names({"a b.test"});
    EXPECT_EQ(name->state(), State::none);

    of("192.0.2.1").ask();
    world.answer("1.2.0.192.in-addr.arpa", {.status = DnsStatus::nxdomain});
    EXPECT_EQ(name->state(), State::none);
}

TEST_F(ReverseNames, what_dns_does_not_say_is_failed) {
    for (const DnsStatus status : {DnsStatus::temporary_failure, DnsStatus::bogus}) {
        of("192.0.2.1").ask();
        world.answer("1.2.0.192.in-addr.arpa", {.status = status});
        EXPECT_EQ(name->state(), State::failed);
        of("192.0.2.1").ask();
        names({"one.test", "two.test"});
        world.answer("one.test", {.status = status});
        EXPECT_EQ(name->state(), State::asking) << "the other may lead back";
        leads_to("two.test", other);
        EXPECT_EQ(name->state(), State::failed);
    }
    of("192.0.2.1");
    world.asks = false;
    name->ask();
    EXPECT_EQ(name->state(), State::failed) << "nobody can be asked";
}

TEST_F(ReverseNames, after_five_seconds_it_is_failed_and_what_comes_then_is_nothing) {
    of("192.0.2.1").ask();
    names({"mail.test"});
    world.time_is_up();
    EXPECT_EQ(name->state(), State::failed);
    EXPECT_EQ(settled, 1);
    leads_to("mail.test", own);
    EXPECT_EQ(name->state(), State::failed);
    EXPECT_EQ(settled, 1);
}

TEST_F(ReverseNames, not_more_than_five_names_are_asked_for) {
    of("192.0.2.1").ask();
    std::vector<std::string> many;
    for (int i = 0; i < 20; ++i) many.push_back("n" + std::to_string(i) + ".test");
    names(std::move(many));
    EXPECT_EQ(world.held.size(), ReverseName::max_names);
    for (std::size_t i = 0; i < ReverseName::max_names; ++i) leads_to("n" + std::to_string(i) + ".test", other);
    EXPECT_EQ(name->state(), State::failed) << "the sixth might lead back";
}

TEST_F(ReverseNames, nobody_waits_for_one_who_has_gone) {
    of("192.0.2.1").ask();
    name.reset();
    names({"mail.test"});
    EXPECT_TRUE(world.held.empty());
    EXPECT_EQ(settled, 0);
}

TEST_F(ReverseNames, without_an_address_there_is_none) {
    name.emplace(world, std::nullopt, [this] { ++settled; });
    name->ask();
    EXPECT_EQ(name->state(), State::none);
    EXPECT_EQ(settled, 0);
}

TEST_F(ReverseNames, version_6) {
    of("2001:db8::1").ask();
    world.answer(reverse_question(base::IpAddress::parse("2001:db8::1").value()), {.status = DnsStatus::data, .records = {"six.test"}});
    ASSERT_EQ(world.held.front().first.type, authn::RecordType::aaaa);
    const base::IpAddress address = base::IpAddress::parse("2001:db8::1").value();
    leads_to("six.test", std::string(address.octets().begin(), address.octets().end()));
    EXPECT_EQ(name->name(), "six.test");
}

}  // namespace
}  // namespace exota::gate
