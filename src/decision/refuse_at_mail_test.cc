// What is refused before anything of the message is there: every condition on both sides.
#include "decision/decide.h"
#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

constexpr std::string_view all_list_organizations = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.com", "*.contoso.com"], "organizations": ["contoso.example"], "proofs": ["client-cert + dkim"]},
    "fabrikam": {"domains": ["fabrikam.com"], "organizations": ["fabrikam.example"], "proofs": ["client-cert + xoorg"]}
}})";

evidence::Evidence at_mail(std::string_view xoorg, std::string_view client = "40.107.22.5", bool certificate = true) {
    static const evidence::MessageLimits limits;
    evidence::Collector collector(limits);
    collector.connected({evidence::Observed<base::IpAddress>{base::IpAddress::parse(client).value(), Source::given}, {}});
    evidence::Tls tls;
    tls.version = "TLSv1.3";
    if (certificate) tls.certificate_name = evidence::Observed<std::string>{"mail.protection.outlook.com", Source::peer_certificate};
    collector.tls(tls);
    collector.mail("<jane@contoso.com>");
    collector.queue_id("7Q");
    if (!xoorg.empty()) collector.xoorg(xoorg, Source::smtp_parameter);
    return collector.at_mail();
}

std::string tenants_with(std::string_view more) {
    std::string text(all_list_organizations);
    text.insert(text.rfind('}', text.rfind('}') - 1), more);
    return text;
}

TEST(RefuseAtMail, not_where_contradictions_are_ignored) {
    const tenant::Index tenants = index_of(all_list_organizations);
    Rules ignoring = strict_rules();
    ignoring.contradictions_refuse = false;
    EXPECT_FALSE(refuse_at_mail(at_mail("stranger.example"), &tenants, ignoring));
}

TEST(RefuseAtMail, names_the_organisation_and_replies_as_for_no_policy) {
    const tenant::Index tenants = index_of(all_list_organizations);
    const auto refused = refuse_at_mail(at_mail("stranger.example"), &tenants, strict_rules());
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->verdict, Verdict::reject);
    EXPECT_EQ(refused->judged, Verdict::reject);
    EXPECT_EQ(refused->reason, Reason::no_policy);
    EXPECT_EQ(refused->why, "no-policy: no tenant has the organisation stranger.example");
    ASSERT_TRUE(refused->reply);
    EXPECT_EQ(refused->reply->line(), "550 5.7.1 no-policy: no tenant may use this domain here (domain none, id 7Q)");
    EXPECT_TRUE(refused->peer_proven);
    EXPECT_TRUE(refused->judged_at_all);
    EXPECT_FALSE(refused->may_change);
    EXPECT_FALSE(refused->tenant);
    EXPECT_TRUE(refused->header_edits.empty());
    EXPECT_EQ(found(*refused, Factor::client_cert), Finding::holds) << "the trace is there";

    Rules deferring = strict_rules();
    deferring.mode = tenant::Mode::defer;
    const auto deferred = refuse_at_mail(at_mail("stranger.example"), &tenants, deferring);
    ASSERT_TRUE(deferred);
    EXPECT_EQ(deferred->verdict, Verdict::tempfail);
    EXPECT_EQ(deferred->judged, Verdict::reject);
    ASSERT_TRUE(deferred->reply);
    EXPECT_EQ(deferred->reply->code, 451);
}

TEST(RefuseAtMail, is_only_for_what_is_certain) {
    const tenant::Index tenants = index_of(all_list_organizations), nobody;
    const tenant::Index without_organizations =
        index_of(tenants_with(R"(, "northwind": {"domains": ["northwind.com"], "proofs": ["client-cert + dkim"]})"));
    struct Case {
        std::string name;
        evidence::Evidence evidence = at_mail("stranger.example");
        const tenant::Index* tenants;
        bool refused = false;
    };
    evidence::Evidence too_long = at_mail("stranger.example");
    too_long.too_complex = "octets of the reverse-path above 1024";
    evidence::Evidence two = at_mail("stranger.example");
    two.envelope.xoorg = evidence::Conflicting{{"stranger.example", "other.example"}};
    const Case cases[] = {
        {.name = "a stranger", .tenants = &tenants, .refused = true},
        {.name = "listed", .evidence = at_mail("fabrikam.example"), .tenants = &tenants},
        {.name = "listed, in capitals", .evidence = at_mail("Fabrikam.Example"), .tenants = &tenants},
        {.name = "a literal domain", .evidence = at_mail("fabrikam.com"), .tenants = &tenants},
        {.name = "covered by a wildcard", .evidence = at_mail("mail.contoso.com"), .tenants = &tenants},
        {.name = "below a listed one, which no factor takes",
         .evidence = at_mail("below.fabrikam.example"),
         .tenants = &tenants,
         .refused = true},
        {.name = "none said", .evidence = at_mail(""), .tenants = &tenants},
        {.name = "no domain", .evidence = at_mail("no domain"), .tenants = &tenants},
        {.name = "two said", .evidence = two, .tenants = &tenants},
        {.name = "no certificate", .evidence = at_mail("stranger.example", "40.107.22.5", false), .tenants = &tenants},
        {.name = "a certificate suffices", .evidence = at_mail("stranger.example", "192.0.2.1"), .tenants = &tenants, .refused = true},
        {.name = "over a limit: that has a reason of its own", .evidence = too_long, .tenants = &tenants},
        {.name = "a tenant whose organisations nobody knows", .tenants = &without_organizations},
        {.name = "no tenants", .tenants = &nobody},
        {.name = "a directory that cannot be asked", .tenants = nullptr},
    };
    for (const Case& c : cases) EXPECT_EQ(refuse_at_mail(c.evidence, c.tenants, strict_rules()).has_value(), c.refused) << c.name;
}

TEST(RefuseAtMail, softens_nothing_and_judges_no_client_that_is_not_judged) {
    using tenant::Mode;
    struct Case {
        std::string name;
        Rules rules = strict_rules();
        std::string_view mode_of_a_tenant = "enforce";
        bool refused = false;
    };
    const auto with = [](auto change) {
        Rules rules = strict_rules();
        change(rules);
        return rules;
    };
    const Case cases[] = {
        {.name = "enforce", .refused = true},
        {.name = "one tenant defers", .mode_of_a_tenant = "defer"},
        {.name = "one tenant is watched", .mode_of_a_tenant = "monitor"},
        {.name = "all defer", .rules = with([](Rules& r) { r.mode = Mode::defer; }), .mode_of_a_tenant = "defer", .refused = true},
        {.name = "one tenant is stricter", .rules = with([](Rules& r) { r.mode = Mode::defer; }), .refused = true},
        {.name = "one tenant is milder than defer",
         .rules = with([](Rules& r) { r.mode = Mode::defer; }),
         .mode_of_a_tenant = "quarantine"},
        {.name = "quarantine", .rules = with([](Rules& r) { r.mode = Mode::quarantine; })},
        {.name = "monitor", .rules = with([](Rules& r) { r.mode = Mode::monitor; })},
        {.name = "serve --monitor", .rules = with([](Rules& r) { r.force_monitor = true; })},
        {.name = "bypassed", .rules = with([](Rules& r) { r.bypass_clients = prefixes({"40.107.0.0/16"}); })},
        {.name = "believed from anybody is not proven", .rules = with([](Rules& r) { r.peer_proof = PeerProof::none; })},
        {.name = "both are asked for, and hold", .rules = with([](Rules& r) { r.peer_proof = PeerProof::both; }), .refused = true},
        {.name = "drop-in", .rules = with([](Rules& r) { r.drop_in.emplace(); })},
    };
    for (const Case& c : cases) {
        const tenant::Index tenants = index_of(tenants_with(R"(, "third": {"domains": ["third.com"], "organizations": ["third.example"],
            "proofs": ["client-cert + dkim"], "mode": ")" + std::string(c.mode_of_a_tenant) +
                                                            "\"}"));
        EXPECT_EQ(refuse_at_mail(at_mail("stranger.example"), &tenants, c.rules).has_value(), c.refused) << c.name;
    }
}

}  // namespace
}  // namespace exota::decision
