// What the peer says about the tenant: a row for each sentence on holding, contradicting and saying nothing.
#include "decision/claims.h"

#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

/// One claim in an otherwise bare message of `author`, from a proven peer unless said otherwise.
struct Row {
    std::string name;
    std::string from;
    std::vector<std::string> fields;
    std::string xoorg;
    Factor factor;
    Finding finding;
    bool peer_proven = true;
};

constexpr std::string_view contoso = "From: jane@contoso.com", northwind = "From: n@northwind.com", relaxed = "From: r@relaxed.com";

std::string id_field(std::string_view id) { return "X-MS-Exchange-CrossTenant-Id: " + std::string(id); }
std::string org_field(std::string_view org) { return "X-OriginatorOrg: " + std::string(org); }
std::string connection_field(std::string_view id, std::string_view ip) {
    return "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + std::string(id) + ";Ip=[" + std::string(ip) +
           "];Helo=[printer]";
}
const std::string internal = "X-MS-Exchange-CrossTenant-AuthAs: Internal";
const std::string anonymous = "X-MS-Exchange-CrossTenant-AuthAs: Anonymous";

std::vector<Row> rows() {
    using enum Finding;
    using enum Factor;
    const std::string c(contoso), n(northwind), r(relaxed);
    return {
        {"tenant id", c, {id_field(contoso_id)}, "", tenant_id, holds},
        {"the tenant's second id", c, {id_field(contoso_second_id)}, "", tenant_id, holds},
        {"capitals", c, {"x-ms-exchange-crosstenant-ID: 1234ABCD-18C5-45E8-88DE-123456789ABC"}, "", tenant_id, holds},
        {"repeated alike", c, {id_field(contoso_id), id_field(contoso_id)}, "", tenant_id, holds},
        {"none", c, {}, "", tenant_id, absent},
        {"empty field", c, {id_field("")}, "", tenant_id, absent},
        {"another tenant's id", c, {id_field(fabrikam_id)}, "", tenant_id, contradicts},
        {"nobody's id, ids known", c, {id_field(unknown_id)}, "", tenant_id, contradicts},
        {"nobody's id, ids not known", n, {id_field(unknown_id)}, "", tenant_id, absent},
        {"another tenant's id, own ids not known", n, {id_field(fabrikam_id)}, "", tenant_id, contradicts},
        {"consumer id", c, {id_field(mail::consumer_tenant_id)}, "", tenant_id, contradicts},
        {"consumer id, ids not known", n, {id_field(mail::consumer_tenant_id)}, "", tenant_id, contradicts},
        {"two different ids", c, {id_field(contoso_id), id_field(fabrikam_id)}, "", tenant_id, contradicts},
        {"two different ids, both its own", c, {id_field(contoso_id), id_field(contoso_second_id)}, "", tenant_id, contradicts},
        {"malformed, ids known", c, {id_field("1234abcd")}, "", tenant_id, contradicts},
        {"malformed, ids not known", n, {id_field("1234abcd")}, "", tenant_id, absent},
        {"believed from nobody", c, {id_field(contoso_id)}, "", tenant_id, absent, false},
        {"another's id from nobody", c, {id_field(fabrikam_id)}, "", tenant_id, absent, false},

        {"organisation", c, {}, "contoso.example", xoorg, holds},
        {"organisation in capitals", c, {}, "Contoso.EXAMPLE", xoorg, holds},
        {"second organisation", c, {}, "contoso-group.example", xoorg, holds},
        {"literally a domain", c, {}, "contoso.com", xoorg, holds},
        {"covered by a wildcard only", c, {}, "sub.contoso.com", xoorg, absent},
        {"below an organisation", c, {}, "sub.contoso.example", xoorg, contradicts},
        {"another tenant's organisation", c, {}, "fabrikam.example", xoorg, contradicts},
        {"another tenant's domain", c, {}, "fabrikam.com", xoorg, contradicts},
        {"another tenant's domain, own organisations not known", n, {}, "sub.contoso.com", xoorg, contradicts},
        {"nobody's, organisations known", c, {}, "evil.example", xoorg, contradicts},
        {"nobody's, but the tenant id holds", c, {id_field(contoso_id)}, "evil.example", xoorg, absent},
        {"another's, though the tenant id holds", c, {id_field(contoso_id)}, "fabrikam.example", xoorg, contradicts},
        {"nobody's, organisations not known", n, {}, "evil.example", xoorg, absent},
        {"its own domain, organisations not known", n, {}, "northwind.com", xoorg, holds},
        {"unreadable, organisations known", c, {}, "con toso", xoorg, contradicts},
        {"unreadable, organisations not known", n, {}, "con toso", xoorg, absent},
        {"believed from nobody", c, {}, "contoso.example", xoorg, absent, false},
        {"another's from nobody", c, {}, "fabrikam.example", xoorg, absent, false},

        {"organisation", c, {org_field("contoso.example")}, "", originator_org, holds},
        {"original letter case", c, {org_field("CONTOSO.example")}, "", originator_org, holds},
        {"below an organisation", c, {org_field("eu.contoso.example")}, "", originator_org, holds},
        {"not below, only alike", c, {org_field("eucontoso.example")}, "", originator_org, contradicts},
        {"covered by a wildcard", c, {org_field("sub.contoso.com")}, "", originator_org, holds},
        {"literally a domain", c, {org_field("contoso.com")}, "", originator_org, holds},
        {"repeated alike", c, {org_field("contoso.com"), org_field("Contoso.com")}, "", originator_org, holds},
        {"differing, both its own", c, {org_field("contoso.com"), org_field("contoso.example")}, "", originator_org, contradicts},
        {"differing, one of another", c, {org_field("contoso.com"), org_field("fabrikam.com")}, "", originator_org, contradicts},
        {"empty", c, {org_field("")}, "", originator_org, absent},
        {"another tenant's organisation", c, {org_field("fabrikam.example")}, "", originator_org, contradicts},
        {"below another tenant's organisation", n, {org_field("eu.fabrikam.example")}, "", originator_org, contradicts},
        {"a name that continues its own", c, {org_field("contoso.com.evil.example")}, "", originator_org, contradicts},
        {"nobody's, organisations known", c, {org_field("evil.example")}, "", originator_org, contradicts},
        {"nobody's, but the tenant id holds", c, {org_field("evil.example"), id_field(contoso_id)}, "", originator_org, absent},
        {"nobody's, organisations not known", n, {org_field("evil.example")}, "", originator_org, absent},
        {"unreadable, organisations known", c, {org_field("a..b")}, "", originator_org, contradicts},
        {"believed from nobody", c, {org_field("contoso.example")}, "", originator_org, absent, false},

        {"mailbox of the tenant", c, {internal}, "", hosted, holds},
        {"letter case", c, {"X-MS-Exchange-CrossTenant-AuthAs: internal"}, "", hosted, holds},
        {"connector or foreign", c, {anonymous}, "", hosted, absent},
        {"nothing said", c, {}, "", hosted, absent},
        {"known connector", c, {anonymous, connection_field(contoso_id, "203.0.113.7")}, "", hosted, holds},
        {"unknown connector, Internal does not help", c, {internal, connection_field(contoso_id, "203.0.113.8")}, "", hosted, absent},
        {"another tenant's connector", c, {internal, connection_field(fabrikam_id, "203.0.113.7")}, "", hosted, contradicts},
        {"the consumer tenant's connector",
         n,
         {internal, connection_field(mail::consumer_tenant_id, "203.0.113.7")},
         "",
         hosted,
         contradicts},
        {"nobody's connector, ids not known", n, {internal, connection_field(unknown_id, "203.0.113.7")}, "", hosted, absent},
        {"unparseable connection, Internal does not help",
         c,
         {internal, "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: x"},
         "",
         hosted,
         absent},
        {"two different ways in", c, {internal, anonymous}, "", hosted, contradicts},
        {"believed from nobody", c, {internal}, "", hosted, absent, false},
        {"another's connector from nobody", c, {connection_field(fabrikam_id, "203.0.113.7")}, "", hosted, absent, false},
    };
}

TEST(Claims, HoldContradictOrSayNothing) {
    for (const Row& row : rows()) {
        SCOPED_TRACE(std::string(name_of(row.factor)) + ": " + row.name);
        Message message = bare_mail(row.from);
        message.xoorg = row.xoorg;
        for (const std::string& field : row.fields) message.with(field);
        if (!row.peer_proven) {
            message.certificate = "other.example";
            message.client = "192.0.2.9";
        }
        EXPECT_EQ(found(judged(message), row.factor), row.finding) << detail(judged(message), row.factor);
    }
}

TEST(Claims, AreUnavailableWhereOnlyTheCertificateIs) {
    Message message = honest_mail();
    message.certificate.reset();  // TLS, Exchange Online's address, no certificate
    message.xoorg = "contoso.example";
    const Decision decision = judged(message);
    for (const Factor factor : {Factor::tenant_id, Factor::xoorg, Factor::originator_org, Factor::hosted})
        EXPECT_EQ(found(decision, factor), Finding::unavailable);
    // What is not there is absent for certain, and what contradicts does so by the address alone.
    EXPECT_EQ(found(judged(message.without("X-MS-Exchange-CrossTenant-Id")), Factor::tenant_id), Finding::absent);
    message.xoorg = "fabrikam.example";
    EXPECT_EQ(found(judged(message), Factor::xoorg), Finding::contradicts);
}

TEST(Claims, AreBelievedFromAnybodyWithoutPeerProof) {
    Rules rules = strict_rules();
    rules.peer_proof = PeerProof::none;
    Message message = honest_mail();
    message.client = "192.0.2.9";
    message.certificate.reset();
    EXPECT_EQ(found(judged(message, rules), Factor::tenant_id), Finding::holds);
    message.with("X-MS-Exchange-CrossTenant-Id: f0000000-0000-4000-8000-00000000000f");
    EXPECT_EQ(found(judged(message, rules), Factor::tenant_id), Finding::contradicts);
    EXPECT_EQ(judged(message, rules).reason, Reason::contradiction);
}

TEST(Claims, ConsumerIdHoldsForNobodyEvenIfListed) {
    const tenant::Index index = index_of(R"({"version": 2, "tenants": {"outlook": {"domains": ["outlook.example"],
        "tenant_ids": ["84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa"], "proofs": ["client-cert + tenant-id"], "forwarding": true}}})");
    Message message = bare_mail("From: x@outlook.example").with(id_field(mail::consumer_tenant_id));
    EXPECT_EQ(found(judged(message, strict_rules(), &index), Factor::tenant_id), Finding::contradicts);
    // Nor does it name the tenant of a forward.
    EXPECT_EQ(judged(bare_mail("From: x@foreign.example").with(id_field(mail::consumer_tenant_id)), strict_rules(), &index).reason,
              Reason::no_policy);
}

TEST(Claims, NameTenantsInOrderOfTrust) {
    const auto number = [](std::string_view name) { return *all_customers().with_literal_domain(name); };
    Message message = bare_mail("From: x@foreign.example").with(org_field("fabrikam.example"));
    message.xoorg = "relaxed.example";
    message.with(id_field(contoso_id));
    const Named all = named_by_claims(evidence_of(message), all_customers());
    EXPECT_EQ(all.first(), number("contoso.com"));
    EXPECT_EQ(all.by_xoorg, number("relaxed.com"));
    EXPECT_EQ(all.by_originator_org, number("fabrikam.com"));
    EXPECT_TRUE(all.differ());
    EXPECT_FALSE(all.all_name(number("contoso.com")));

    const Named one = named_by_claims(evidence_of(bare_mail().with(org_field("eu.fabrikam.example"))), all_customers());
    EXPECT_EQ(one.first(), number("fabrikam.com"));
    EXPECT_FALSE(one.differ());
    EXPECT_TRUE(one.all_name(number("fabrikam.com")));
    EXPECT_FALSE(one.all_name(number("contoso.com")));

    const Named nobody = named_by_claims(evidence_of(bare_mail().with(org_field("evil.example"))), all_customers());
    EXPECT_EQ(nobody.first(), std::nullopt);
    EXPECT_FALSE(nobody.all_name(number("contoso.com")));
}

}  // namespace
}  // namespace exota::decision
