#include "authn/spf.h"

#include <gtest/gtest.h>

#include <map>

#include "authn/dns_names.h"
#include "authn/spf_macro.h"
#include "authn/spf_record.h"
#include "mail/domain.h"

namespace exota::authn {
namespace {

TEST(SpfRecord, syntax_table) {
    struct Case {
        std::string_view record;
        bool want;
    };
    const Case cases[] = {
        {"v=spf1", true},
        {"V=SPF1 -ALL", true},
        {"v=spf1 a a:x.test a/24 a//64 a:x.test/24//64 mx ?all", true},
        {"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", true},
        {"v=spf1 include:_spf.%{d} exists:%{ir}.%{l1r-}.x.test redirect=y.test exp=z.test", true},
        {"v=spf1 unknown=%{s} all", true},
        {"v=spf10", false},
        {"v=spf1 all:x", false},
        {"v=spf1 include", false},
        {"v=spf1 include:", false},
        {"v=spf1 include:museum", false},
        {"v=spf1 include:x.test}", false},
        {"v=spf1 a:x.123", false},
        {"v=spf1 a/33", false},
        {"v=spf1 a/08", false},
        {"v=spf1 a//129", false},
        {"v=spf1 ip4:192.0.2.0/33", false},
        {"v=spf1 ip4:2001:db8::1", false},
        {"v=spf1 ip6:192.0.2.1", false},
        {"v=spf1 ip4:192.0.2", false},
        {"v=spf1 ip6:IPv6:2001:db8::1", false},
        {"v=spf1 redirect=x.test redirect=y.test", false},
        {"v=spf1 exp=x.test exp=y.test", false},
        {"v=spf1 exists:%{z}.test", false},
        {"v=spf1 exists:%{d0}.test", false},
        {"v=spf1 exists:%{c}.test", false},
        {"v=spf1 exists:%d.test", false},
        {"v=spf1 nonsense -all", false},
        {"v=spf1 \xc3\xa4=x", false},
        {"v=spf1 -all\t", false},
    };
    for (const Case& c : cases) EXPECT_EQ(parse_spf_record(c.record).has_value(), c.want) << c.record;
}

TEST(SpfRecord, limits_on_both_sides) {
    std::string terms = "v=spf1";
    for (std::size_t i = 0; i < max_spf_terms; ++i) terms += " a";
    EXPECT_TRUE(parse_spf_record(terms));
    EXPECT_EQ(parse_spf_record(terms + " a").error().code, base::Errc::too_long);
    std::string record = "v=spf1 x=";
    record.append(max_spf_record_octets - record.size(), 'x');
    EXPECT_TRUE(parse_spf_record(record));
    EXPECT_EQ(parse_spf_record(record + "x").error().code, base::Errc::too_long);
}

TEST(SpfMacro, rfc7208_section_7_4_examples) {
    const SpfMacroValues v4{.sender = "strong-bad@email.example.com",
                            .domain = "email.example.com",
                            .ip = *base::IpAddress::parse("192.0.2.3"),
                            .helo = "mx.example.org",
                            .validated = "mx.example.org",
                            .receiver = "r.test",
                            .now = 7};
    SpfMacroValues v6 = v4;
    v6.ip = *base::IpAddress::parse("2001:db8::cb01");
    struct Case {
        const SpfMacroValues* values;
        std::string_view text, want;
    };
    const Case cases[] = {
        {&v4, "%{s}", "strong-bad@email.example.com"},
        {&v4, "%{o}", "email.example.com"},
        {&v4, "%{d}", "email.example.com"},
        {&v4, "%{d4}", "email.example.com"},
        {&v4, "%{d2}", "example.com"},
        {&v4, "%{d1}", "com"},
        {&v4, "%{dr}", "com.example.email"},
        {&v4, "%{d2r}", "example.email"},
        {&v4, "%{l}", "strong-bad"},
        {&v4, "%{l-}", "strong.bad"},
        {&v4, "%{lr}", "strong-bad"},
        {&v4, "%{lr-}", "bad.strong"},
        {&v4, "%{l1r-}", "strong"},
        {&v4, "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
        {&v4, "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
        {&v6, "%{ir}.%{v}._spf.%{d2}", "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com"},
    };
    for (const Case& c : cases) EXPECT_EQ(expand_macros(c.text, *c.values, SpfMacroUse::domain_spec), c.want) << c.text;
    EXPECT_EQ(expand_macros("%{c} %{r} %{t}%%%_%-%{S}", v4, SpfMacroUse::explanation),
              "192.0.2.3 r.test 7% %20strong-bad%40email.example.com");
}

TEST(SpfMacro, a_long_name_loses_labels_from_the_left) {
    const std::string label(60, 'x');
    const std::string long_domain = label + "." + label + "." + label + "." + label + ".example.com";
    const SpfMacroValues values{.sender = {}, .domain = long_domain, .ip = {}, .helo = {}, .validated = {}, .receiver = {}};
    const std::string name = expand_macros("%{d}.example.org", values, SpfMacroUse::domain_spec);
    EXPECT_LE(name.size(), mail::Domain::max_octets);
    EXPECT_TRUE(name.ends_with(".example.com.example.org"));
}

/// Answers from a table; what is not there is NXDOMAIN.
SpfResult check(const SpfQuery& query, const std::map<DnsQuestion, DnsAnswer>& zone, int* rounds = nullptr, const SpfLimits& limits = {}) {
    Dns dns;
    SpfResult result = check_spf(query, dns, limits);
    for (int i = 0; result.pending && i < 100; ++i, result = check_spf(query, dns, limits)) {
        for (const DnsQuestion& question : dns.take_pending()) {
            const auto found = zone.find(question);
            dns.put(question, found == zone.end() ? DnsAnswer{.status = DnsStatus::nxdomain} : found->second);
        }
        if (rounds) ++*rounds;
    }
    return result;
}

DnsAnswer txt(std::string text) { return {.status = DnsStatus::data, .records = {std::move(text)}}; }

const SpfQuery from_exchange{
    .ip = *base::IpAddress::parse("40.92.0.10"), .helo = "out.protection.outlook.com", .mail_from = "jane@contoso.com"};

TEST(Spf, the_exchange_online_record) {
    const std::map<DnsQuestion, DnsAnswer> zone{{{"contoso.com", RecordType::txt}, txt("v=spf1 include:spf.protection.outlook.com -all")},
                                                {{"spf.protection.outlook.com", RecordType::txt}, txt("v=spf1 ip4:40.92.0.0/15 -all")}};
    const SpfResult result = check(from_exchange, zone);
    EXPECT_EQ(result.value, SpfValue::pass);
    EXPECT_EQ(result.lookups, 1);
    EXPECT_EQ(result.domain, "contoso.com");
    EXPECT_EQ(result.detail, "include:spf.protection.outlook.com");
}

TEST(Spf, what_dns_says_wrong_is_never_none) {
    for (const DnsStatus status : {DnsStatus::temporary_failure, DnsStatus::bogus}) {
        EXPECT_EQ(check(from_exchange, {{{"contoso.com", RecordType::txt}, {.status = status}}}).value, SpfValue::temperror);
        // Bogus data are no data, even where a record stands in them.
        EXPECT_EQ(check(from_exchange, {{{"contoso.com", RecordType::txt}, {.status = status, .records = {"v=spf1 +all"}}}}).value,
                  SpfValue::temperror);
        EXPECT_EQ(check(from_exchange,
                        {{{"contoso.com", RecordType::txt}, txt("v=spf1 a:x.test +all")}, {{"x.test", RecordType::a}, {.status = status}}})
                      .value,
                  SpfValue::temperror);
    }
    EXPECT_EQ(check(from_exchange, {}).value, SpfValue::none);
}

TEST(Spf, loops_and_limits_end) {
    EXPECT_EQ(check(from_exchange, {{{"contoso.com", RecordType::txt}, txt("v=spf1 include:contoso.com -all")}}).value,
              SpfValue::permerror);
    EXPECT_EQ(check(from_exchange, {{{"contoso.com", RecordType::txt}, txt("v=spf1 redirect=contoso.com")}}).value, SpfValue::permerror);
    std::string ten = "v=spf1";
    std::map<DnsQuestion, DnsAnswer> zone;
    for (int i = 0; i < 10; ++i) {
        const std::string name = "n" + std::to_string(i) + ".test";
        ten += " a:" + name;
        zone[{name, RecordType::a}] = {.status = DnsStatus::data, .records = {std::string("\x7f\0\0\1", 4)}};
    }
    zone[{"contoso.com", RecordType::txt}] = txt(ten + " -all");
    EXPECT_EQ(check(from_exchange, zone).value, SpfValue::fail);
    zone[{"contoso.com", RecordType::txt}] = txt(ten + " mx -all");
    EXPECT_EQ(check(from_exchange, zone).value, SpfValue::permerror);
    EXPECT_EQ(check(from_exchange, {{{"contoso.com", RecordType::txt}, txt("v=spf1 a:a.test a:b.test ?all")}}).value, SpfValue::neutral);
    EXPECT_EQ(check(from_exchange, {{{"contoso.com", RecordType::txt}, txt("v=spf1 a:a.test a:b.test a:c.test ?all")}}).value,
              SpfValue::permerror);
}

TEST(Spf, names_that_the_client_claims_cannot_spoil_the_record) {
    // Ten and more PTR names of which none exists: void look-ups, but not the domain's.
    std::vector<std::string> claimed;
    for (int i = 0; i < 12; ++i) claimed.push_back("n" + std::to_string(i) + ".attacker.test");
    std::map<DnsQuestion, DnsAnswer> zone{{{"contoso.com", RecordType::txt}, txt("v=spf1 ptr -all")},
                                          {{"10.0.92.40.in-addr.arpa", RecordType::ptr}, {.status = DnsStatus::data, .records = claimed}}};
    EXPECT_EQ(check(from_exchange, zone).value, SpfValue::fail);
    zone[{"contoso.com", RecordType::txt}] = txt("v=spf1 exists:%{p}.x.test ptr exists:%{p}.y.test -all");
    const SpfResult twice = check(from_exchange, zone);  // two voids of the domain's own terms, and the limit is two
    EXPECT_EQ(twice.value, SpfValue::fail);
    EXPECT_EQ(twice.void_lookups, 2);
    zone[{"contoso.com", RecordType::txt}] = txt("v=spf1 ptr exists:a.test exists:b.test exists:c.test -all");
    EXPECT_EQ(check(from_exchange, zone).value, SpfValue::permerror);
    // Asked once: the PTR records, and the addresses of ten names.
    Dns dns;
    std::size_t asked = 0;
    zone[{"contoso.com", RecordType::txt}] = txt("v=spf1 ptr ptr:x.test ptr:y.test exists:%{p}.x.test -all");
    while (check_spf(from_exchange, dns).pending) {
        for (const DnsQuestion& question : dns.take_pending()) {
            ++asked;
            const auto found = zone.find(question);
            dns.put(question, found == zone.end() ? DnsAnswer{.status = DnsStatus::nxdomain} : found->second);
        }
        ASSERT_LT(asked, 100U);
    }
    EXPECT_EQ(asked, 1U + 1U + 10U + 1U);  // the record, PTR, ten addresses, exists
}

TEST(Spf, addresses_of_one_mx_are_asked_for_together) {
    const auto mx = [](const char* name) { return std::string("\0\x0a", 2) + name; };
    const auto host = [](char last) { return DnsAnswer{.status = DnsStatus::data, .records = {std::string("\x28\x5c\0", 3) + last}}; };
    const std::map<DnsQuestion, DnsAnswer> zone{
        {{"contoso.com", RecordType::txt}, txt("v=spf1 mx -all")},
        {{"contoso.com", RecordType::mx}, {.status = DnsStatus::data, .records = {mx("a.test"), mx("b.test"), mx("c.test")}}},
        {{"a.test", RecordType::a}, host(1)},
        {{"b.test", RecordType::a}, host(2)},
        {{"c.test", RecordType::a}, host(10)}};
    int rounds = 0;
    EXPECT_EQ(check(from_exchange, zone, &rounds).value, SpfValue::pass);
    EXPECT_EQ(rounds, 3);
}

TEST(Spf, an_ipv4_mapped_client_is_an_ipv4_client) {
    SpfQuery query = from_exchange;
    query.ip = *base::IpAddress::parse("::ffff:40.92.0.10");
    EXPECT_EQ(check(query, {{{"contoso.com", RecordType::txt}, txt("v=spf1 ip4:40.92.0.0/15 -all")}}).value, SpfValue::pass);
}

TEST(Spf, the_null_sender_is_checked_by_helo) {
    SpfQuery query = from_exchange;
    query.mail_from.clear();
    const SpfResult result =
        check(query, {{{"out.protection.outlook.com", RecordType::txt}, txt("v=spf1 exists:%{l}.x.test -all")},
                      {{"postmaster.x.test", RecordType::a}, {.status = DnsStatus::data, .records = {std::string(4, '\1')}}}});
    EXPECT_EQ(result.value, SpfValue::pass);
    EXPECT_EQ(result.domain, "out.protection.outlook.com");
}

TEST(Spf, a_sender_cannot_make_a_name_that_gets_no_answer) {
    const std::map<DnsQuestion, DnsAnswer> zone{{{"contoso.com", RecordType::txt}, txt("v=spf1 exists:%{l}.x.test -all")},
                                                {{"fabrikam.com", RecordType::txt}, txt("v=spf1 include:%{h}.x.test -all")}};
    const auto value_of = [&](const SpfQuery& query) {
        Dns dns;
        SpfResult result = check_spf(query, dns);
        for (; result.pending; result = check_spf(query, dns))
            for (const DnsQuestion& question : dns.take_pending()) {
                EXPECT_TRUE(is_dns_name(question.name, 1)) << question.name;
                const auto found = zone.find(question);
                dns.put(question, found == zone.end() ? DnsAnswer{.status = DnsStatus::nxdomain} : found->second);
            }
        return result.value;
    };
    for (const std::string local : {"a\\b", "\"a\\.b\"", "\"a\tb\"", "a\x7f", "a\xc3\xbc"}) {
        SpfQuery query = from_exchange;
        query.mail_from = local + "@contoso.com";
        EXPECT_EQ(value_of(query), SpfValue::fail) << local;
        query.mail_from = "jane@" + local + ".test";
        EXPECT_EQ(value_of(query), SpfValue::none) << local;
        query.mail_from = "jane@fabrikam.com";
        query.helo = local;
        EXPECT_EQ(value_of(query), SpfValue::permerror) << local << ": as of any name without a record";
    }
}

TEST(Spf, an_internationalised_sender_is_asked_for_in_a_labels) {
    const auto address = [](char last) { return DnsAnswer{.status = DnsStatus::data, .records = {std::string("\x28\x5c\0", 3) + last}}; };
    const std::map<DnsQuestion, DnsAnswer> zone{
        {{"xn--bcher-kva.example", RecordType::txt}, txt("v=spf1 exists:%{l}.%{o}.x.test a:%{d} -all")},
        {{"xn--bcher-kva.example", RecordType::a}, address(10)},
        {{"gr\xc3\xbc\xc3\x9f.xn--bcher-kva.example.x.test", RecordType::a}, address(1)}};
    SpfQuery query = from_exchange;
    query.mail_from =
        "jane@b\xc3\xbc"
        "cher.example";
    SpfResult result = check(query, zone);
    EXPECT_EQ(result.value, SpfValue::pass);
    EXPECT_EQ(result.domain, "xn--bcher-kva.example");
    EXPECT_EQ(result.detail, "a:%{d}");
    EXPECT_EQ(result.void_lookups, 1);
    // A local part beyond ASCII is no label that anybody could publish: nobody is asked, and nothing counted against the record.
    query.mail_from =
        "gr\xc3\xbc\xc3\x9f@b\xc3\xbc"
        "cher.example";
    result = check(query, zone);
    EXPECT_EQ(result.value, SpfValue::pass);
    EXPECT_EQ(result.detail, "a:%{d}");
    EXPECT_EQ(result.void_lookups, 0);
    // The same of HELO, and what is no name is not asked for.
    query.mail_from.clear();
    query.helo =
        "b\xc3\xbc"
        "cher.example";
    EXPECT_EQ(check(query, zone).domain, "xn--bcher-kva.example");
    query.mail_from =
        "jane@b\xfc"
        "cher.example";
    EXPECT_EQ(check(query, zone).value, SpfValue::none);
    EXPECT_EQ(check(query, zone).detail, "no domain to check");
}

}  // namespace
}  // namespace exota::authn
