#include "authn/iprev.h"

#include <gtest/gtest.h>

#include <map>

namespace exota::authn {
namespace {

using Zone = std::map<DnsQuestion, DnsAnswer>;

const std::string octets_of_client("\xC0\x00\x02\x01", 4), other_octets("\xC0\x00\x02\x02", 4);

DnsAnswer data(std::vector<std::string> records) { return {.status = DnsStatus::data, .records = std::move(records)}; }

IprevResult check(std::string_view client, const Zone& zone) {
    Dns dns;
    const base::IpAddress address = base::IpAddress::parse(client).value();
    IprevResult result = check_iprev(address, dns);
    for (int rounds = 0; result.pending; result = check_iprev(address, dns)) {
        EXPECT_EQ(result.value, IprevValue::temperror);
        for (DnsQuestion& question : dns.take_pending()) {
            const auto found = zone.find(question);
            dns.put(std::move(question), found == zone.end() ? DnsAnswer{.status = DnsStatus::nxdomain} : found->second);
        }
        if (++rounds > 2) {
            ADD_FAILURE() << "more than two rounds";
            break;
        }
    }
    return result;
}

Zone zone_with(DnsAnswer pointers, DnsAnswer addresses) {
    return {{{"1.2.0.192.in-addr.arpa", RecordType::ptr}, std::move(pointers)}, {{"mail.a.example", RecordType::a}, std::move(addresses)}};
}

TEST(Iprev, results) {
    struct Case {
        DnsAnswer pointers, addresses;
        std::string_view value;
    };
    const DnsAnswer trouble{.status = DnsStatus::temporary_failure}, bogus{.status = DnsStatus::bogus};
    const Case cases[] = {
        {data({"mail.a.example"}), data({octets_of_client}), "pass"},
        {data({"Mail.A.example"}), data({other_octets, octets_of_client}), "pass"},
        {data({"mail.a.example"}), data({other_octets}), "fail"},
        {data({"mail.a.example"}), {.status = DnsStatus::nxdomain}, "fail"},
        {data({"mail.a.example"}), {.status = DnsStatus::no_data}, "fail"},
        {data({"mail.a.example"}), trouble, "temperror"},
        {data({"mail.a.example"}), bogus, "temperror"},
        {data({"", "a..b"}), trouble, "fail"},
        {trouble, data({octets_of_client}), "temperror"},
        {bogus, data({octets_of_client}), "temperror"},
        {{.status = DnsStatus::nxdomain}, data({octets_of_client}), "permerror"},
        {{.status = DnsStatus::no_data}, data({octets_of_client}), "permerror"},
    };
    for (const Case& c : cases) EXPECT_EQ(name_of(check("192.0.2.1", zone_with(c.pointers, c.addresses)).value), c.value) << &c - cases;
}

TEST(Iprev, one_name_that_is_confirmed_suffices) {
    Zone zone = zone_with(data({"broken.example", "other.example", "mail.a.example"}), data({octets_of_client}));
    zone[{"broken.example", RecordType::a}] = {.status = DnsStatus::temporary_failure};
    zone[{"other.example", RecordType::a}] = data({other_octets});
    const IprevResult result = check("192.0.2.1", zone);
    EXPECT_EQ(result.value, IprevValue::pass);
    EXPECT_EQ(result.names, std::vector<std::string>{"mail.a.example"});
}

TEST(Iprev, at_most_ten_names_are_looked_up) {
    const auto named = [](std::size_t before) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < before; ++i) names.push_back("x" + std::to_string(i) + ".example");
        names.emplace_back("mail.a.example");
        return check("192.0.2.1", zone_with(data(names), data({octets_of_client}))).value;
    };
    EXPECT_EQ(named(max_iprev_names - 1), IprevValue::pass);
    EXPECT_EQ(named(max_iprev_names), IprevValue::fail);
}

TEST(Iprev, of_ipv6) {
    const std::string client("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    Zone zone{{{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", RecordType::ptr}, data({"six.example"})},
              {{"six.example", RecordType::aaaa}, data({client})}};
    EXPECT_EQ(check("2001:db8::1", zone).value, IprevValue::pass);
}

}  // namespace
}  // namespace exota::authn
