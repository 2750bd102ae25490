// spf, dmarc and arc: what each is worth, and what it is not.
#include "decision/weak.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;
using evidence::ArcValue;
using evidence::DmarcValue;
using evidence::SpfValue;

TEST(Spf, HoldsForADomainOfTheTenant) {
    using enum Finding;
    struct Row {
        SpfValue value;
        std::string_view domain;
        Finding finding;
    };
    const Row rows[] = {
        {SpfValue::pass, "contoso.com", holds},
        {SpfValue::pass, "sub.contoso.com", holds},
        {SpfValue::pass, "fabrikam.com", absent},
        {SpfValue::pass, "evil.example", absent},
        {SpfValue::pass, "", absent},
        {SpfValue::fail, "contoso.com", absent},
        {SpfValue::softfail, "contoso.com", absent},
        {SpfValue::neutral, "contoso.com", absent},
        {SpfValue::none, "contoso.com", absent},
        {SpfValue::permerror, "contoso.com", absent},
        {SpfValue::temperror, "contoso.com", unavailable},
        {SpfValue::temperror, "evil.example", absent},
    };
    for (const Row& row : rows) {
        Message message = bare_mail();
        message.verification.spf.emplace();
        message.verification.spf->value = row.value;
        if (!row.domain.empty()) message.verification.spf->domain = domain(row.domain);
        EXPECT_EQ(found(judged(message), Factor::spf), row.finding) << static_cast<int>(row.value) << ' ' << row.domain;
    }
    EXPECT_EQ(detail(judged(bare_mail()), Factor::spf), "not-asked");
}

TEST(Dmarc, HoldsByASignatureOnly) {
    using enum Finding;
    struct Row {
        DmarcValue value;
        bool dkim, spf;
        Finding finding;
        std::string_view detail;
    };
    const Row rows[] = {
        {DmarcValue::pass, true, false, holds, ""},
        {DmarcValue::pass, true, true, holds, ""},
        {DmarcValue::pass, false, true, absent, "spf-only"},
        {DmarcValue::fail, false, false, absent, "no-pass"},
        {DmarcValue::none, false, false, absent, "no-pass"},
        {DmarcValue::permerror, false, false, absent, "no-pass"},
        {DmarcValue::temperror, false, false, unavailable, "temperror"},
    };
    for (const Row& row : rows) {
        Message message = bare_mail();
        message.verification.dmarc.emplace();
        message.verification.dmarc->value = row.value;
        message.verification.dmarc->aligned_dkim = row.dkim;
        message.verification.dmarc->aligned_spf = row.spf;
        EXPECT_EQ(found(judged(message), Factor::dmarc), row.finding);
        EXPECT_EQ(detail(judged(message), Factor::dmarc), row.detail);
    }
    EXPECT_EQ(detail(judged(bare_mail()), Factor::dmarc), "not-asked");
}

struct Instance {
    std::string sealer, results;
};

Decision with_chain(std::vector<Instance> instances, ArcValue value = ArcValue::pass) {
    Rules rules = strict_rules();
    rules.arc_trusted_sealers = {"Lists.Example", "hop.example", "microsoft.com"};
    Message message = bare_mail();
    message.verification.arc.emplace();
    message.verification.arc->value = value;
    std::uint32_t number = 0;
    for (Instance& instance : instances)
        message.verification.arc->instances.push_back({++number, std::move(instance.sealer), std::move(instance.results)});
    return judged(message, rules);
}

TEST(Arc, CountsAsFarAsTheSealersAreTrusted) {
    using enum Finding;
    const std::string good = "lists.example; dkim=pass header.d=contoso.com", dmarc = "lists.example; dmarc=pass header.from=contoso.com";
    struct Row {
        std::string name;
        std::vector<Instance> instances;
        Finding finding;
        ArcValue value = ArcValue::pass;
    };
    const std::vector<Row> rows{
        {"a trusted sealer reports DKIM", {{"lists.example", good}}, holds},
        {"a trusted sealer reports DMARC", {{"lists.example", dmarc}}, holds},
        {"untrusted", {{"evil.example", good}}, absent},
        {"sealed later by a trusted one", {{"lists.example", good}, {"hop.example", "hop.example; arc=pass"}}, holds},
        {"sealed later by an untrusted one", {{"lists.example", good}, {"evil.example", "evil.example; arc=pass"}}, absent},
        {"reported before an untrusted one",
         {{"lists.example", good}, {"evil.example", good}, {"hop.example", "hop.example; arc=pass"}},
         absent},
        {"the later trusted one reports itself",
         {{"evil.example", good}, {"hop.example", "hop.example; dkim=pass header.d=contoso.com"}},
         holds},
        {"chain fails", {{"lists.example", good}}, absent, ArcValue::fail},
        {"no chain", {}, absent, ArcValue::none},
        {"temporary error", {{"lists.example", good}}, unavailable, ArcValue::temperror},
        {"temporary error of nobody known", {}, unavailable, ArcValue::temperror},
        {"temporary error of an untrusted one", {{"evil.example", good}}, absent, ArcValue::temperror},
        {"temporary error below an untrusted one", {{"lists.example", good}, {"evil.example", good}}, absent, ArcValue::temperror},
        {"temporary error of a trusted one that reports a failure",
         {{"lists.example", "lists.example; none"}},
         absent,
         ArcValue::temperror},
        {"another domain's signature", {{"lists.example", "lists.example; dkim=pass header.d=evil.example"}}, absent},
        {"another domain's DMARC", {{"lists.example", "lists.example; dmarc=pass header.from=evil.example"}}, absent},
        {"a failure", {{"lists.example", "lists.example; dkim=fail header.d=contoso.com"}}, absent},
        {"a comment", {{"lists.example", "lists.example; none (dkim=pass header.d=contoso.com)"}}, absent},
        {"a method version", {{"lists.example", "lists.example; dkim/2=pass header.d=contoso.com"}}, absent},
        {"a version", {{"lists.example", "lists.example 2; dkim=pass header.d=contoso.com"}}, absent},
        {"unparseable", {{"lists.example", "dkim=pass header.d=contoso.com"}}, absent},
        {"Microsoft's first instance", {{"microsoft.com", good}}, absent},
        {"Microsoft's second instance", {{"lists.example", "lists.example; none"}, {"microsoft.com", good}}, holds},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const Decision decision = with_chain(row.instances, row.value);
        EXPECT_EQ(found(decision, Factor::arc), row.finding) << detail(decision, Factor::arc);
    }
    EXPECT_EQ(detail(judged(bare_mail()), Factor::arc), "not-asked");
}

}  // namespace
}  // namespace exota::decision
