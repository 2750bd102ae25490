#include "gate/mail_hosts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gate/zone_fixture.h"

namespace exota::gate {
namespace {

using testing::Zone;
using Kind = Destination::Kind;

/// The hosts in their order as "name address address, …", or the reply.
std::string hosts(const Zone& zone, const Destination& destination = {Kind::mx, "a.test", 25}, std::uint32_t turn = 0) {
    const base::IpAddress our_v4 = base::IpAddress::parse("203.0.113.1").value(), our_v6 = base::IpAddress::parse("2001:db8::25").value();
    const std::vector<base::IpAddress> addresses{our_v4, our_v6};
    const std::vector<OwnSocket> sockets{{our_v4, 10026}, {our_v6, 10026}, {base::IpAddress::parse("127.0.0.1").value(), 10026}};
    const OwnPlaces own{addresses, sockets};
    authn::Dns dns;
    for (int rounds = 0; rounds < 10; ++rounds) {
        if (const auto found = find_mail_hosts(destination, dns, own, turn)) {
            if (!*found) return std::to_string(found->error().code) + ' ' + std::string(found->error().enhanced);
            std::string text;
            for (const MailHost& host : **found) {
                text.append(text.empty() ? "" : ", ").append(host.name).append(host.secure ? "!" : "");
                if (host.canonical_name != host.name) text.append(">").append(host.canonical_name);
                for (const auto& address : host.addresses) text.append(" ").append(address.text());
            }
            return text;
        }
        EXPECT_TRUE(zone.answer(dns)) << "pending, and asks for nothing";
    }
    return "never";
}

struct Case {
    std::string name, zone, found;
};

TEST(MailHosts, of_a_domain) {
    const Case cases[] = {
        {"one MX", "a.test MX 10 mx.a.test\nmx.a.test A 192.0.2.1", "mx.a.test 192.0.2.1"},
        {"by preference", "a.test MX 20 two.test\na.test MX 10 one.test\none.test A 192.0.2.1\ntwo.test A 192.0.2.2",
         "one.test 192.0.2.1, two.test 192.0.2.2"},
        {"both families by turns", "a.test MX 0 mx.test\nmx.test A 192.0.2.1\nmx.test A 192.0.2.2\nmx.test AAAA 2001:db8::1",
         "mx.test 2001:db8::1 192.0.2.1 192.0.2.2"},
        {"no MX: the domain itself", "a.test A 192.0.2.1\na.test AAAA 2001:db8::1", "a.test 2001:db8::1 192.0.2.1"},
        {"null MX", "a.test MX 0 .", "556 5.1.10"},
        {"null MX, whatever its preference", "a.test MX 10 .", "556 5.1.10"},
        {"null MX among others", "a.test MX 0 .\na.test MX 10 mx.test\nmx.test A 192.0.2.1", "mx.test 192.0.2.1"},
        {"null MX beside an address", "a.test MX 0 .\na.test A 192.0.2.1", "556 5.1.10"},
        {"no such domain", "", "550 5.1.2"},
        {"a domain without mail", "a.test TXT x", "550 5.1.2"},
        {"DNS fails", "a.test MX fails", "451 4.4.3"},
        {"bogus", "a.test MX bogus", "451 4.4.3"},
        {"no MX, and the address fails", "a.test A fails", "451 4.4.3"},
        {"no MX, one family fails", "a.test A fails\na.test AAAA 2001:db8::1", "a.test 2001:db8::1"},
        {"no address", "a.test MX 10 mx.test", "451 4.4.4"},
        {"no address of several", "a.test MX 10 mx.test\na.test MX 10 two.test\ntwo.test TXT x", "451 4.4.4"},
        {"an address of one", "a.test MX 10 mx.test\na.test MX 20 two.test\ntwo.test A 192.0.2.2", "two.test 192.0.2.2"},
        {"an address that fails", "a.test MX 10 mx.test\nmx.test A fails", "451 4.4.3"},
        {"a bogus address", "a.test MX 10 mx.test\nmx.test A bogus", "451 4.4.3"},
        {"one that fails, another that is there", "a.test MX 10 mx.test\na.test MX 20 two.test\nmx.test A fails\ntwo.test A 192.0.2.2",
         "two.test 192.0.2.2"},
        {"the MX is an alias", "a.test MX 10 mx.test\nmx.test CNAME host.test\nhost.test A 192.0.2.1", "mx.test>host.test 192.0.2.1"},
        {"secure addresses", "a.test MX 10 mx.test\nmx.test! A 192.0.2.1\nmx.test! AAAA 2001:db8::1", "mx.test! 2001:db8::1 192.0.2.1"},
        {"one family is insecure", "a.test MX 10 mx.test\nmx.test! A 192.0.2.1\nmx.test AAAA 2001:db8::1", "mx.test 2001:db8::1 192.0.2.1"},
        {"a secure MX set, insecure addresses", "a.test! MX 10 mx.test\nmx.test A 192.0.2.1", "mx.test 192.0.2.1"},
    };
    for (const Case& c : cases) EXPECT_EQ(hosts(Zone(c.zone)), c.found) << c.name;
}

TEST(MailHosts, never_ourselves) {
    const Case cases[] = {
        {"loopback", "a.test MX 10 mx.test\nmx.test A 127.0.0.1", "554 5.4.6"},
        {"anywhere in it", "a.test MX 10 mx.test\nmx.test A 127.3.2.1", "554 5.4.6"},
        {"IPv6 loopback", "a.test MX 10 mx.test\nmx.test AAAA ::1", "554 5.4.6"},
        {"loopback of IPv4 as IPv6", "a.test MX 10 mx.test\nmx.test AAAA ::ffff:127.0.0.1", "554 5.4.6"},
        {"unspecified", "a.test MX 10 mx.test\nmx.test A 0.0.0.0", "554 5.4.6"},
        {"IPv6 unspecified", "a.test MX 10 mx.test\nmx.test AAAA ::", "554 5.4.6"},
        {"an address of ours", "a.test MX 10 mx.test\nmx.test A 203.0.113.1", "554 5.4.6"},
        {"an IPv6 address of ours", "a.test MX 10 mx.test\nmx.test AAAA 2001:db8::25", "554 5.4.6"},
        {"ours among others", "a.test MX 10 mx.test\nmx.test A 192.0.2.1\nmx.test A 203.0.113.1", "554 5.4.6"},
        {"link-local", "a.test MX 10 mx.test\nmx.test A 169.254.1.1", "554 5.4.6"},
        {"IPv6 link-local", "a.test MX 10 mx.test\nmx.test AAAA fe80::1", "554 5.4.6"},
        {"multicast", "a.test MX 10 mx.test\nmx.test A 224.0.0.1\nmx.test AAAA ff02::1", "554 5.4.6"},
        {"broadcast", "a.test MX 10 mx.test\nmx.test A 255.255.255.255", "554 5.4.6"},
        {"link-local beside a good one", "a.test MX 10 mx.test\nmx.test A 169.254.1.1\nmx.test A 192.0.2.1", "mx.test 192.0.2.1"},
        {"without MX", "a.test A 127.0.0.1", "554 5.4.6"},
        {"we are second: the first stays", "a.test MX 10 one.test\na.test MX 20 we.test\none.test A 192.0.2.1\nwe.test A 203.0.113.1",
         "one.test 192.0.2.1"},
        {"we are first: no worse one is taken", "a.test MX 10 we.test\na.test MX 20 two.test\ntwo.test A 192.0.2.2\nwe.test A 203.0.113.1",
         "554 5.4.6"},
        {"we are equal to another", "a.test MX 10 one.test\na.test MX 10 we.test\none.test A 192.0.2.1\nwe.test A 203.0.113.1",
         "554 5.4.6"},
        {"what is better failed", "a.test MX 10 one.test\na.test MX 20 we.test\none.test A fails\nwe.test A 203.0.113.1", "451 4.4.3"},
    };
    for (const Case& c : cases) EXPECT_EQ(hosts(Zone(c.zone)), c.found) << c.name;
}

TEST(MailHosts, equal_preferences_take_turns) {
    const Zone zone(
        "a.test MX 10 one.test\na.test MX 10 two.test\na.test MX 5 best.test\n"
        "one.test A 192.0.2.1\ntwo.test A 192.0.2.2\nbest.test A 192.0.2.3");
    const Destination destination{Kind::mx, "a.test", 25};
    EXPECT_EQ(hosts(zone, destination, 0), "best.test 192.0.2.3, one.test 192.0.2.1, two.test 192.0.2.2");
    EXPECT_EQ(hosts(zone, destination, 1), "best.test 192.0.2.3, two.test 192.0.2.2, one.test 192.0.2.1");
    EXPECT_EQ(hosts(zone, destination, 4'000'000'000), hosts(zone, destination, 0));
}

TEST(MailHosts, limits) {
    std::string zone;
    for (std::size_t i = 0; i <= max_mail_hosts; ++i)
        zone += "a.test MX " + std::to_string(i) + " m" + std::to_string(i) + ".test\nm" + std::to_string(i) + ".test A 192.0.2." +
                std::to_string(i) + "\n";
    const std::string found = hosts(Zone(zone));
    EXPECT_EQ(std::ranges::count(found, ','), max_mail_hosts - 1);
    EXPECT_TRUE(found.ends_with("m19.test 192.0.2.19")) << found;

    zone = "a.test MX 0 m.test\n";
    for (std::size_t i = 0; i <= max_host_addresses; ++i) zone += "m.test A 192.0.2." + std::to_string(i) + "\n";
    EXPECT_EQ(std::ranges::count(hosts(Zone(zone)), ' '), max_host_addresses);
}

TEST(MailHosts, of_a_next_hop_that_the_operator_names) {
    const Zone zone("ex.test A 127.0.0.1\nex.test AAAA 2001:db8::1\nfails.test A fails\nsecure.test! A 192.0.2.1");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "ex.test", 25}), "ex.test 2001:db8::1 127.0.0.1") << "wherever it is";
    EXPECT_EQ(hosts(zone, {Kind::fixed, "secure.test", 25}), "secure.test! 192.0.2.1");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "127.0.0.1", 25}), "127.0.0.1 127.0.0.1");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "::1", 25}), "::1 ::1");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "fails.test", 25}), "451 4.4.3");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "nowhere.test", 25}), "451 4.4.4");
}

/// The configuration is refused if it names a socket of ours by its address; a name may lead there later.
TEST(MailHosts, a_next_hop_whose_name_leads_to_a_socket_of_ours) {
    const Zone zone(
        "we.test A 203.0.113.1\nwe.test AAAA 2001:db8::25\nboth.test A 203.0.113.1\nboth.test A 192.0.2.1\nlocalhost.test A 127.0.0.1\n"
        "alias.test CNAME we.test");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "we.test", 10026}), "554 5.4.6");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "alias.test", 10026}), "554 5.4.6");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "localhost.test", 10026}), "554 5.4.6");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "127.0.0.1", 10026}), "554 5.4.6");
    EXPECT_EQ(hosts(zone, {Kind::fixed, "both.test", 10026}), "both.test 192.0.2.1") << "only the address that is ours";
    EXPECT_EQ(hosts(zone, {Kind::fixed, "we.test", 25}), "we.test 2001:db8::25 203.0.113.1") << "another server on this host";
}

TEST(MailHosts, address_literals) {
    EXPECT_EQ(hosts(Zone(""), {Kind::mx, "192.0.2.1", 25}), "192.0.2.1 192.0.2.1");
    EXPECT_EQ(hosts(Zone(""), {Kind::mx, "127.0.0.1", 25}), "554 5.4.6");
    EXPECT_EQ(hosts(Zone(""), {Kind::mx, "2001:db8::25", 25}), "554 5.4.6");
    EXPECT_EQ(hosts(Zone(""), {Kind::mx, "169.254.0.1", 25}), "554 5.4.6");
}

TEST(Destination, of_a_recipient) {
    const NextHop mx, mx_of{NextHop::Kind::mx_of, "partner.test", 25}, fixed{NextHop::Kind::fixed, "ex.test", 2525};
    EXPECT_EQ(destination_of(mx, "Example.COM"), (Destination{Kind::mx, "example.com", 25}));
    EXPECT_EQ(destination_of(mx, "[192.0.2.1]"), (Destination{Kind::mx, "192.0.2.1", 25}));
    EXPECT_EQ(destination_of(mx, "[IPv6:2001:DB8::1]"), (Destination{Kind::mx, "2001:db8::1", 25}));
    EXPECT_EQ(destination_of(mx, ""), std::nullopt) << "Postmaster is nobody's in particular";
    EXPECT_EQ(destination_of(mx, "a..b"), std::nullopt);
    EXPECT_EQ(destination_of(mx_of, "example.com"), (Destination{Kind::mx, "partner.test", 25}));
    EXPECT_EQ(destination_of(fixed, ""), (Destination{Kind::fixed, "ex.test", 2525}));
}

}  // namespace
}  // namespace exota::gate
