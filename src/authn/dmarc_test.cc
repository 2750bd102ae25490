#include "authn/dmarc.h"

#include <gtest/gtest.h>

#include <map>

namespace exota::authn {
namespace {

TEST(DmarcRecord, table) {
    struct Case {
        std::string_view record, want;
    };  // p sp np, or "" for no policy
    const Case cases[] = {
        {"v=DMARC1; p=reject", "reject reject reject"},
        {"v=DMARC1; p=reject; sp=none", "reject none none"},
        {"v=DMARC1;p=Quarantine;np=REJECT;", "quarantine quarantine reject"},
        {" v = DMARC1 ; p=none", "none none none"},
        {"v=DMARC1", "none none none"},
        {"v=DMARC1; p=bogus", ""},
        {"v=DMARC1; p=bogus; rua=mailto:a@x.test", "none none none"},
        {"v=DMARC1; p=bogus; rua=https://x.test", ""},
        {"v=DMARC1; p=reject; sp=bogus", "reject reject reject"},
        {"v=dmarc1; p=reject", ""},
        {"p=reject; v=DMARC1", ""},
        {"v=DMARC2; p=reject", ""},
        {"v=spf1 -all", ""},
        {"", ""},
    };
    for (const Case& c : cases) {
        const auto record = parse_dmarc_record(c.record);
        const std::string got =
            record ? std::string(name_of(record->p)) + ' ' + std::string(name_of(record->sp)) + ' ' + std::string(name_of(record->np)) : "";
        EXPECT_EQ(got, c.want) << c.record;
    }
}

TEST(DmarcRecord, a_record_over_the_limit_is_none) {
    std::string record = "v=DMARC1; p=reject; x=";
    record.append(max_dmarc_record_octets - record.size(), 'x');
    EXPECT_TRUE(parse_dmarc_record(record));
    EXPECT_FALSE(parse_dmarc_record(record + "x"));
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
    DmarcQuery query;
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

TEST(Dmarc, testing_is_a_step_milder) {
    const auto disposition = [](const char* record) {
        return name_of(check(query_of("contoso.com", {}), {{{"_dmarc.contoso.com", RecordType::txt}, txt(record)}}).disposition);
    };
    EXPECT_EQ(disposition("v=DMARC1; p=reject; t=y"), "quarantine");
    EXPECT_EQ(disposition("v=DMARC1; p=quarantine; t=y"), "none");
    EXPECT_EQ(disposition("v=DMARC1; p=reject; t=n"), "reject");
}

TEST(Dmarc, two_records_are_none) {
    const Zone zone{
        {{"_dmarc.contoso.com", RecordType::txt}, {.status = DnsStatus::data, .records = {"v=DMARC1; p=none", "v=DMARC1; p=reject"}}}};
    EXPECT_EQ(check(query_of("contoso.com", {}), zone).value, DmarcValue::none);
}

}  // namespace
}  // namespace exota::authn
