#include "authn/dmarc.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace exota::authn {
namespace {

TEST(DmarcRecord, table) {
    struct Case {
        std::string_view record, rfc9989, rfc7489;
    };  // p sp np, "no policy", or "" for no record
    const Case cases[] = {
        {"v=DMARC1; p=reject", "reject reject reject", "reject reject reject"},
        {"v=DMARC1; p=reject; sp=none", "reject none none", "reject none none"},
        {"v=DMARC1;p=Quarantine;np=REJECT;", "quarantine quarantine reject", "quarantine quarantine quarantine"},
        {" v = DMARC1 ; p=none", "none none none", "none none none"},
        {"v=DMARC1", "none none none", "no policy"},
        {"v=DMARC1; sp=reject", "none reject reject", "no policy"},
        {"v=DMARC1; rua=mailto:a@x.test", "none none none", "none none none"},
        {"v=DMARC1; sp=reject; rua=mailto:a@x.test", "none reject reject", "none none none"},
        {"v=DMARC1; p=bogus", "no policy", "no policy"},
        {"v=DMARC1; p=", "no policy", "no policy"},
        {"v=DMARC1; p=bogus; rua=mailto:a@x.test", "none none none", "none none none"},
        {"v=DMARC1; p=bogus; sp=reject; rua=mailto:a@x.test", "none none none", "none none none"},
        {"v=DMARC1; p=bogus; rua=https://x.test", "no policy", "no policy"},
        {"v=DMARC1; p=bogus; rua=mailto:nobody", "no policy", "no policy"},
        {"v=DMARC1; p=reject; sp=bogus", "no policy", "no policy"},
        {"v=DMARC1; p=reject; sp=", "no policy", "no policy"},
        {"v=DMARC1; p=reject; sp=bogus; rua=mailto:a@x.test", "none none none", "none none none"},
        {"v=DMARC1; p=reject; np=bogus", "no policy", "reject reject reject"},
        {"v=DMARC1; p=reject; np=bogus; rua=mailto:a@x.test", "none none none", "reject reject reject"},
        {"v=DMARC1; p=reject; adkim=bogus; fo=; x=y; ruf=bogus", "reject reject reject", "reject reject reject"},
        {"v=dmarc1; p=reject", "", ""},
        {"p=reject; v=DMARC1", "", ""},
        {"v=DMARC2; p=reject", "", ""},
        {"v=spf1 -all", "", ""},
        {"", "", ""},
    };
    const auto read = [](std::string_view text, DmarcRfc rfc) -> std::string {
        const auto record = parse_dmarc_record(text, rfc);
        if (!record) return "";
        if (!record->has_policy) return "no policy";
        return std::string(name_of(record->p)) + ' ' + std::string(name_of(record->sp)) + ' ' + std::string(name_of(record->np));
    };
    for (const Case& c : cases) {
        EXPECT_EQ(read(c.record, DmarcRfc::rfc9989), c.rfc9989) << c.record;
        EXPECT_EQ(read(c.record, DmarcRfc::rfc7489), c.rfc7489) << c.record;
    }
}

TEST(DmarcRecord, percent) {
    const std::pair<std::string_view, unsigned> cases[] = {
        {"0", 0},     {"00", 0},     {"000", 0}, {"1", 1},    {"99", 99},  {"100", 100},
        {"101", 100}, {"0000", 100}, {"", 100},  {"-1", 100}, {"0%", 100}, {"x", 100},
    };
    for (const auto& [text, want] : cases)
        EXPECT_EQ(parse_dmarc_record("v=DMARC1; p=reject; pct=" + std::string(text), DmarcRfc::rfc7489)->percent, want) << text;
}

TEST(DmarcRecord, a_record_over_the_limit_is_none) {
    std::string record = "v=DMARC1; p=reject; x=";
    record.append(max_dmarc_record_octets - record.size(), 'x');
    EXPECT_TRUE(parse_dmarc_record(record, DmarcRfc::rfc9989));
    EXPECT_FALSE(parse_dmarc_record(record + "x", DmarcRfc::rfc9989));
}

using Zone = std::map<DnsQuestion, DnsAnswer>;

DnsAnswer txt(std::string text) { return {.status = DnsStatus::data, .records = {std::move(text)}}; }

DmarcResult check(const DmarcQuery& query, const Zone& zone) {
    Dns dns;
    DmarcResult result = check_dmarc(query, dns);
    for (int i = 0; result.pending && i < 50; ++i, result = check_dmarc(query, dns))
        for (const DnsQuestion& question : dns.take_pending()) {
            const auto found = zone.find(question);
            dns.put(question, found == zone.end() ? DnsAnswer{.status = DnsStatus::nxdomain} : found->second);
        }
    return result;
}

const Zone rejecting{{{"_dmarc.contoso.com", RecordType::txt}, txt("v=DMARC1; p=reject")}};

DmarcQuery query_of(std::string author, std::vector<DmarcIdentifier> dkim) {
    static const std::shared_ptr<const PublicSuffixes> suffixes = PublicSuffixes::built_in();
    DmarcQuery query{.public_suffixes = *suffixes};
    query.author_domain = std::move(author);
    query.dkim = std::move(dkim);
    return query;
}

TEST(Dmarc, temporary_failure_at_any_step_is_temperror) {
    const DnsAnswer down{.status = DnsStatus::temporary_failure}, bogus{.status = DnsStatus::bogus, .records = {"v=DMARC1; p=none"}};
    const auto pass = [](const char* domain) { return DmarcIdentifier{domain, IdentifierResult::pass}; };
    for (const DnsAnswer& trouble : {down, bogus}) {
        EXPECT_EQ(check(query_of("contoso.com", {pass("contoso.com")}), {{{"_dmarc.contoso.com", RecordType::txt}, trouble}}).value,
                  DmarcValue::temperror);
        EXPECT_EQ(check(query_of("contoso.com", {}),
                        {{{"_dmarc.contoso.com", RecordType::txt}, txt("v=DMARC1; p=reject")}, {{"_dmarc.com", RecordType::txt}, trouble}})
                      .value,
                  DmarcValue::temperror);
        Zone zone = rejecting;
        zone[{"_dmarc.mail.contoso.com", RecordType::txt}] = trouble;
        EXPECT_EQ(check(query_of("contoso.com", {pass("mail.contoso.com")}), zone).value, DmarcValue::temperror);
        zone = rejecting;
        zone[{"a.contoso.com", RecordType::a}] = trouble;
        EXPECT_EQ(check(query_of("a.contoso.com", {}), zone).value, DmarcValue::temperror);
    }
    EXPECT_EQ(check(query_of("contoso.com", {{"contoso.com", IdentifierResult::temperror}}), rejecting).value, DmarcValue::temperror);
    EXPECT_EQ(check(query_of("contoso.com", {{"other.test", IdentifierResult::temperror}}), rejecting).value, DmarcValue::fail);
    EXPECT_EQ(
        check(query_of("contoso.com", {{"contoso.com", IdentifierResult::temperror}, {"contoso.com", IdentifierResult::pass}}), rejecting)
            .value,
        DmarcValue::pass);
}

TEST(Dmarc, shared_suffixes_separate_their_customers) {
    const std::vector<std::string> shared{"onmicrosoft.com"};
    const Zone zone{{{"_dmarc.onmicrosoft.com", RecordType::txt}, txt("v=DMARC1; p=reject; sp=quarantine")},
                    {{"contoso.onmicrosoft.com", RecordType::a}, txt("")}};
    for (const DmarcRfc rfc : {DmarcRfc::rfc9989, DmarcRfc::rfc7489}) {
        DmarcQuery query = query_of("contoso.onmicrosoft.com", {{"fabrikam.onmicrosoft.com", IdentifierResult::pass}});
        query.shared_suffixes = shared;
        query.rfc = rfc;
        EXPECT_NE(check(query, zone).value, DmarcValue::pass);
        query.dkim = {{"contoso.onmicrosoft.com", IdentifierResult::pass}};
        if (rfc == DmarcRfc::rfc9989) EXPECT_EQ(check(query, zone).value, DmarcValue::pass);
    }
    // Without the setting the two are one organisation: what the setting is for.
    DmarcQuery open = query_of("contoso.onmicrosoft.com", {{"fabrikam.onmicrosoft.com", IdentifierResult::pass}});
    EXPECT_EQ(check(open, zone).value, DmarcValue::pass);
}

TEST(Dmarc, testing_and_a_share_of_none_are_a_step_milder) {
    struct Case {
        const char *record, *rfc9989, *rfc7489;  // dispositions
    };
    const Case cases[] = {
        {"v=DMARC1; p=reject; t=y", "quarantine", "reject"},
        {"v=DMARC1; p=quarantine; t=y", "none", "quarantine"},
        {"v=DMARC1; p=none; t=y", "none", "none"},
        {"v=DMARC1; p=reject; t=n", "reject", "reject"},
        {"v=DMARC1; p=reject; pct=0", "reject", "quarantine"},
        {"v=DMARC1; p=quarantine; pct=0", "quarantine", "none"},
        {"v=DMARC1; p=none; pct=0", "none", "none"},
        {"v=DMARC1; p=reject; pct=1", "reject", "reject"},
        {"v=DMARC1; p=reject; pct=bogus", "reject", "reject"},
        {"v=DMARC1; p=reject; pct=0; t=y", "quarantine", "quarantine"},
    };
    for (const Case& c : cases) {
        const Zone zone{{{"_dmarc.contoso.com", RecordType::txt}, txt(c.record)}};
        DmarcQuery query = query_of("contoso.com", {});
        EXPECT_EQ(name_of(check(query, zone).disposition), c.rfc9989) << c.record;
        query.rfc = DmarcRfc::rfc7489;
        EXPECT_EQ(name_of(check(query, zone).disposition), c.rfc7489) << c.record;
        EXPECT_EQ(name_of(check(query, zone).value), "fail") << c.record;
        query.dkim = {{"contoso.com", IdentifierResult::pass}};
        EXPECT_EQ(name_of(check(query, zone).disposition), "none") << c.record;
    }
}

// What lies at the author domain, with a policy at the organisational domain above it.
TEST(Dmarc, records_that_are_none_and_records_that_end_the_search) {
    struct Case {
        const char* name;
        std::vector<std::string> records;
        std::string_view rfc9989, rfc7489;  // where the policy is found; empty: DMARC is not applied
    };
    const Case cases[] = {
        {"nothing", {}, "contoso.com", "contoso.com"},
        {"other text", {"v=spf1 -all", "x"}, "contoso.com", "contoso.com"},
        {"one", {"x", "v=DMARC1; p=none"}, "a.contoso.com", "a.contoso.com"},
        {"two", {"v=DMARC1; p=none", "v=DMARC1; p=reject"}, "contoso.com", ""},
        {"two that are equal", {"v=DMARC1; p=none", "v=DMARC1; p=none"}, "contoso.com", ""},
        {"three", {"v=DMARC1; p=none", "v=DMARC1; p=none", "v=DMARC1; p=none"}, "contoso.com", ""},
        {"without p and rua", {"v=DMARC1"}, "a.contoso.com", ""},
        {"without p", {"v=DMARC1; rua=mailto:a@contoso.com"}, "a.contoso.com", "a.contoso.com"},
        {"broken p", {"v=DMARC1; p=bogus"}, "", ""},
        {"broken sp", {"v=DMARC1; p=none; sp=bogus"}, "", ""},
        {"broken np", {"v=DMARC1; p=none; np=bogus"}, "", "a.contoso.com"},
        {"broken sp with reports", {"v=DMARC1; p=none; sp=bogus; rua=mailto:a@contoso.com"}, "a.contoso.com", "a.contoso.com"},
    };
    for (const Case& c : cases) {
        const Zone zone{{{"_dmarc.a.contoso.com", RecordType::txt}, {.status = DnsStatus::data, .records = c.records}},
                        {{"_dmarc.contoso.com", RecordType::txt}, txt("v=DMARC1; p=reject")},
                        {{"a.contoso.com", RecordType::a}, txt("")}};
        DmarcQuery query = query_of("a.contoso.com", {});
        EXPECT_EQ(check(query, zone).policy_domain, c.rfc9989) << c.name;
        EXPECT_EQ(check(query, zone).value, c.rfc9989.empty() ? DmarcValue::none : DmarcValue::fail) << c.name;
        query.rfc = DmarcRfc::rfc7489;
        EXPECT_EQ(check(query, zone).policy_domain, c.rfc7489) << c.name;
        EXPECT_EQ(check(query, zone).value, c.rfc7489.empty() ? DmarcValue::none : DmarcValue::fail) << c.name;
    }
}

TEST(Dmarc, two_records_at_the_organisation_are_none) {
    const Zone zone{
        {{"_dmarc.contoso.com", RecordType::txt}, {.status = DnsStatus::data, .records = {"v=DMARC1; p=none", "v=DMARC1; p=reject"}}}};
    for (const DmarcRfc rfc : {DmarcRfc::rfc9989, DmarcRfc::rfc7489})
        for (const char* author : {"contoso.com", "a.contoso.com"}) {
            DmarcQuery query = query_of(author, {{author, IdentifierResult::pass}});
            query.rfc = rfc;
            EXPECT_EQ(check(query, zone).value, DmarcValue::none) << author;
        }
}

// A record without a usable policy is one all the same: where organisations end is read from it.
TEST(Dmarc, a_broken_policy_does_not_join_organisations) {
    const Zone zone{{{"_dmarc.contoso.com", RecordType::txt}, txt("v=DMARC1; p=reject")},
                    {{"_dmarc.a.contoso.com", RecordType::txt}, txt("v=DMARC1; p=none; sp=bogus; psd=n")}};
    EXPECT_EQ(check(query_of("contoso.com", {{"a.contoso.com", IdentifierResult::pass}}), zone).value, DmarcValue::fail);
}

}  // namespace
}  // namespace exota::authn
